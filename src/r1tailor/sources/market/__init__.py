"""Market feeds and the store of what they gave, as it was known.

A feed (a table of your own, a database, a Wind terminal) gives bars between two dates. They are fetched by
``python -m r1tailor market`` into a store that only grows: a figure that changes is a new row with the date from which
the change was known. The documents of such a source come from its store, never from the feed: a run neither waits for
a terminal nor depends on what a feed says today.
"""
