"""Named, ordered cleaning rules, and a report of what each of them changed.

No rule may touch what carries meaning: numbers, units, signs, comparators, negation, citations. That is why
characters are composed (NFC) and never folded (NFKC would turn 10⁹ into 109 and m² into m2). The chain is repeated
until it changes nothing, so that cleaning what is clean does nothing: one rule may uncover what another one mends.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from r1tailor.corpus.base import Note, Step
from r1tailor.corpus.cleaning.characters import (
    collapse_punctuation,
    collapse_whitespace,
    narrow_full_width,
    normalise_unicode,
    remove_control_characters,
    straighten_quotes,
    unify_units,
    widen_chinese_punctuation,
)
from r1tailor.corpus.cleaning.encodings import decode_entities, is_mojibake, repair_mojibake
from r1tailor.corpus.cleaning.lines import join_broken_lines, remove_boilerplate
from r1tailor.corpus.cleaning.pages import remove_running_lines, without_running_lines
from r1tailor.corpus.engine import Report, kept, treated
from r1tailor.errors import DataError
from r1tailor.records import Document

_MOST_ROUNDS = 20  # of the whole chain; rules that change a document more often undo each other
_SHOWN = 40  # characters of a sample before and after the first difference

Rule = Callable[[str], str]

# The rules that leave every letter, number, mark and symbol as it is: any material can bear them.
RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (normalise_unicode, remove_control_characters, straighten_quotes, collapse_whitespace)
}
# Every rule, in the order in which each finds what it needs: lines while there are lines, widths before units.
CHAIN: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        decode_entities,
        repair_mojibake,
        normalise_unicode,
        remove_running_lines,
        remove_boilerplate,
        join_broken_lines,
        remove_control_characters,
        narrow_full_width,
        unify_units,
        widen_chinese_punctuation,
        straighten_quotes,
        collapse_punctuation,
        collapse_whitespace,
    )
}
_OF_LINES = (remove_boilerplate, join_broken_lines)  # a field is one value, not lines of a page
MOJIBAKE_LEFT = "mojibake_left"


def step(rules: tuple[str, ...]) -> Step:
    """Return the step that applies the named rules in order to a document's text, text fields, turns and ``pages``.

    It notes each rule that changed the document once, with the first difference; and ``mojibake_left``, where
    ``repair_mojibake`` found no exact way back. A document may come out empty: the caller leaves it out.

    The step raises DataError where rules undo each other, so that no end comes: it names them.
    """
    return partial(_cleaned, rules)


def clean(documents: Iterable[Document], rules: tuple[str, ...]) -> tuple[list[Document], Report]:
    """Apply the named rules in order to every document's text and text fields, in this process and in memory.

    A document whose text becomes empty is left out and listed in the report.
    """
    report, steps = Report(rules), [step(rules)]
    return list(kept((treated(document, steps) for document in documents), report)), report


def _cleaned(rules: tuple[str, ...], document: Document) -> tuple[Document, list[Note]]:
    notes: dict[str, Note] = {}
    for _ in range(_MOST_ROUNDS):
        before, changing = document, list[str]()
        for name in rules:
            after = _under(CHAIN[name], document)
            if after is not document:
                notes.setdefault(name, Note(name, _difference(document, after)))
                changing.append(name)
                document = after
        if document is before:
            break
    else:
        undone = f"after {_MOST_ROUNDS} rounds of domain.cleaning.rules {', '.join(changing)} still change it"
        raise DataError(f"{undone}: they undo each other, leave one out")
    if "repair_mojibake" in rules and is_mojibake(document.text):
        notes[MOJIBAKE_LEFT] = Note(MOJIBAKE_LEFT, {"id": document.id})
    return document, list(notes.values())


def _under(rule: Rule, document: Document) -> Document:
    """Return a document after one rule; the same one, if the rule changed nothing."""
    text, fields = rule(document.text), document.fields
    changed: dict[str, Any] = {}
    if rule not in _OF_LINES:
        changed = {key: rule(value) for key, value in fields.items() if isinstance(value, str)}
    if isinstance(turns := fields.get("turns"), list) and rule not in _OF_LINES:
        changed["turns"] = [_turn(rule, turn) for turn in turns]
    pages = fields.get("pages")
    if isinstance(pages, list):
        changed["pages"] = without_running_lines(pages) if rule is remove_running_lines else list(map(rule, pages))
        if rule is remove_running_lines and document.text == "\n".join(pages):
            text = "\n".join(changed["pages"])
    if text == document.text and all(fields[key] == value for key, value in changed.items()):
        return document
    return replace(document, text=text, fields=fields | changed)


def _turn(rule: Rule, turn: dict[str, Any]) -> dict[str, Any]:
    """Return a turn of a conversation after one rule."""
    return turn | {key: rule(turn[key]) for key in ("content", "reasoning") if key in turn}


def _difference(document: Document, after: Document) -> dict[str, str]:
    """Return what a report shows of a change: the first difference, in the text or else in a field."""
    if document.text != after.text:
        return {"id": document.id, **_first_difference(document.text, after.text)}
    key = next(key for key, value in document.fields.items() if value != after.fields[key])
    pair = (document.fields[key], after.fields[key])
    if isinstance(pair[0], list):
        pair = next((old, new) for old, new in zip(*pair, strict=True) if old != new)
    if isinstance(pair[0], dict):
        pair = next((old, pair[1][key]) for key, old in pair[0].items() if old != pair[1][key])
    return {"id": document.id, "field": key, **_first_difference(*pair)}


def _first_difference(before: str, after: str) -> dict[str, str]:
    low, high = 0, min(len(before), len(after))
    while low < high:  # the longest beginning they share, by halves
        middle = (low + high + 1) // 2
        if before[low:middle] == after[low:middle]:
            low = middle
        else:
            high = middle - 1
    shown = slice(max(0, low - _SHOWN), low + _SHOWN)
    return {"before": before[shown], "after": after[shown]}
