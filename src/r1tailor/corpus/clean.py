"""Named, ordered cleaning rules, and a report of what each of them changed.

No rule may touch what carries meaning: numbers, units, signs, comparators, negation, citations. That is why
characters are composed (NFC) and never folded (NFKC would turn 10⁹ into 109 and m² into m2).
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from r1tailor.records import Document

_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"'})
_SPACE = re.compile(r"\s+")
_SAMPLES = 5


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


@dataclass
class CleaningReport:
    """What cleaning did: documents seen, and changes with samples for each rule."""

    documents: int = 0
    emptied: list[str] = field(default_factory=list)
    changed: dict[str, int] = field(default_factory=dict)
    samples: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def note(self, rule: str, document: Document, after: str) -> None:
        """Count one change and keep it as a sample if there are few."""
        self.changed[rule] += 1
        if len(self.samples[rule]) < _SAMPLES:
            self.samples[rule].append({"id": document.id, "before": document.text, "after": after})

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        return {
            "documents": self.documents,
            "emptied": self.emptied,
            "changed": self.changed,
            "samples": self.samples,
        }


def clean(documents: Iterable[Document], rules: tuple[str, ...]) -> tuple[list[Document], CleaningReport]:
    """Apply the named rules in order to every document's text and text fields.

    A document whose text becomes empty is left out and listed in the report.
    """
    report = CleaningReport(changed=dict.fromkeys(rules, 0), samples={rule: [] for rule in rules})
    cleaned = []
    for document in documents:
        report.documents += 1
        result = _cleaned(document, rules, report)
        if result.text or not document.text:
            cleaned.append(result)
        else:
            report.emptied.append(document.id)
    return cleaned, report


def _cleaned(document: Document, rules: tuple[str, ...], report: CleaningReport) -> Document:
    for name in rules:
        rule = RULES[name]
        text = rule(document.text)
        fields = {key: rule(value) if isinstance(value, str) else value for key, value in document.fields.items()}
        if text != document.text or fields != document.fields:
            report.note(name, document, text)
            document = replace(document, text=text, fields=fields)
    return document
