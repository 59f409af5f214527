"""The cleaning rules, by what they work on: characters, encodings, lines, pages. ``corpus/clean.py`` chains them."""
