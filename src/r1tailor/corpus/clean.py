"""Named, ordered cleaning rules, and a report of what each of them changed.

No rule may touch what carries meaning: numbers, units, signs, comparators, negation, citations. That is why
characters are composed (NFC) and never folded (NFKC would turn 10⁹ into 109 and m² into m2).
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from r1tailor.corpus.base import Note, Step
from r1tailor.corpus.engine import Report, kept, treated
from r1tailor.records import Document

_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"'})
_SPACE = re.compile(r"\s+")


def normalise_unicode(text: str) -> str:
    """Compose characters (Unicode NFC): ``e`` + accent and ``é`` become one spelling."""
    return unicodedata.normalize("NFC", text)


def remove_control_characters(text: str) -> str:
    """Remove control and invisible format characters, except tab and line ends.

    The zero-width joiner and non-joiner stay: they carry meaning in several scripts.
    """
    keep = "\t\n\r\u200c\u200d"
    return "".join(c for c in text if c in keep or unicodedata.category(c) not in ("Cc", "Cf"))


def straighten_quotes(text: str) -> str:
    """Write typographic quotes and apostrophes as ASCII ones."""
    return text.translate(_QUOTES)


def collapse_whitespace(text: str) -> str:
    """Make every run of white space one space, and trim."""
    return _SPACE.sub(" ", text).strip()


RULES: dict[str, Callable[[str], str]] = {
    rule.__name__: rule
    for rule in (normalise_unicode, remove_control_characters, straighten_quotes, collapse_whitespace)
}


def clean(documents: Iterable[Document], rules: tuple[str, ...]) -> tuple[list[Document], Report]:
    """Apply the named rules in order to every document's text and text fields, in this process and in memory.

    A document whose text becomes empty is left out and listed in the report.
    """
    report, steps = Report(rules), [step(rules)]
    return list(kept((treated(document, steps) for document in documents), report)), report


def step(rules: tuple[str, ...]) -> Step:
    """Return the step that applies the named rules in order to a document's text and text fields."""
    return partial(_cleaned, rules)


def _cleaned(rules: tuple[str, ...], document: Document) -> tuple[Document, list[Note]]:
    notes = []
    for name in rules:
        rule = RULES[name]
        text = rule(document.text)
        fields = {key: rule(value) if isinstance(value, str) else value for key, value in document.fields.items()}
        if text != document.text or fields != document.fields:
            notes.append(Note(name, {"before": document.text, "after": text}))
            document = replace(document, text=text, fields=fields)
    return document, notes
