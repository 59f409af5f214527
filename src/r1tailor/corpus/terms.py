"""Terms become one name for one thing, recorded so that it can be undone.

The longest name from the left counts (``corpus/matching.py``), then the misspelt ones between (``corpus/spelling.py``).
A name of two things is left alone and counted, and so is a replacement that would bring in a negation or swallow one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Literal

from r1tailor.corpus import negation
from r1tailor.corpus.base import Note, Step
from r1tailor.corpus.folding import fold
from r1tailor.corpus.matching import Match, Matcher
from r1tailor.corpus.spelling import Speller
from r1tailor.corpus.vocabularies import Entry
from r1tailor.records import Document
from r1tailor.schema.corpus import Terms

How = Literal["exact", "fuzzy"]
Why = Literal["ambiguous", "negation", "unclear"]


@dataclass(frozen=True, slots=True)
class Replacement:
    """One term that was found.

    Attributes:
        start: where it stands in the new text, in characters.
        end: where it ends there.
        surface: how the old text named it.
        preferred: how the vocabulary prefers to name it.
        code: of the concept; empty where the name has several.
        how: by its name, or by a misspelt one.
        negated: whether the text says that it is not there (``corpus/negation.py``).
    """

    start: int
    end: int
    surface: str
    preferred: str
    code: str
    how: How
    negated: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What stands in a text.

    Attributes:
        folded: the text, folded.
        terms: what was found, in order, and how.
        left: what was left alone, and why.
    """

    folded: str
    terms: list[tuple[Match, How]]
    left: list[tuple[Match, Why]]


class Standardiser:
    """Finds the terms of a vocabulary in texts; see ``of``."""

    def __init__(self, vocabulary: Sequence[Entry], settings: Terms) -> None:
        self._vocabulary, self._settings = vocabulary, settings
        self._matcher = Matcher(vocabulary)
        self._speller = Speller(self._matcher, settings.fuzzy) if settings.fuzzy else None

    @classmethod
    def of(cls, vocabulary: Sequence[Entry], settings: Terms) -> "Standardiser":
        """Return a standardiser for the entries of ``vocabularies.read``; 100,000 of them take about a second."""
        return cls(vocabulary, settings)

    def __reduce__(self) -> tuple[type["Standardiser"], tuple[Sequence[Entry], Terms]]:
        """Travel to another process as a vocabulary: the automaton itself cannot."""
        return type(self), (self._vocabulary, self._settings)

    def apply(self, text: str) -> tuple[str, list[Replacement]]:
        """Return the text with preferred names (as it is, with ``mode: annotate``), and every term in it in order."""
        return self.write(text, self.find(text))

    def find(self, text: str) -> Found:
        """Return the terms of a text, and what was left alone."""
        found = Found(fold(text), [], [])
        for match in self._matcher.longest(text, found.folded):
            self._sort(found, match, "exact")
        if self._speller is not None:
            taken = sorted((match.start, match.end) for match, _ in (*found.terms, *found.left))
            for match, is_clear in self._speller.misspelt(text, found.folded, taken):
                if is_clear:
                    self._sort(found, match, "fuzzy")
                else:
                    found.left.append((match, "unclear"))
            found.terms.sort(key=lambda term: term[0].start)
        return found

    def write(self, text: str, found: Found) -> tuple[str, list[Replacement]]:
        """Return what ``apply`` returns, for what ``find`` found in the text."""
        scopes = negation.scopes(text, found.folded)
        pieces: list[str] = []
        replacements: list[Replacement] = []
        done = length = 0
        for (start, end, form), how in found.terms:
            written = form.preferred if self._settings.mode == "replace" else text[start:end]
            pieces += (text[done:start], written)
            length += start - done + len(written)
            place = (length - len(written), length)
            negated = scopes.cover(start, end)
            replacements.append(Replacement(*place, text[start:end], form.preferred, form.code, how, negated))
            done = end
        return "".join((*pieces, text[done:])), replacements

    def _sort(self, found: Found, match: Match, how: How) -> None:
        """Put a match where it belongs: among the terms, or among what is left alone."""
        if not match.form.preferred:
            found.left.append((match, "ambiguous"))
        elif self._settings.mode == "replace" and not match.form.keeps_negation:
            found.left.append((match, "negation"))
        else:
            found.terms.append((match, how))


def undo(text: str, replacements: Iterable[Replacement]) -> str:
    """Return the text as it was before ``Standardiser.apply`` made this text and these replacements of it."""
    pieces: list[str] = []
    done = 0
    for replacement in replacements:
        pieces += (text[done : replacement.start], replacement.surface)
        done = replacement.end
    return "".join((*pieces, text[done:]))


def step(standardiser: Standardiser) -> Step:
    """Return the step that standardises a document's text and stores the replacements in its field ``terms``.

    It notes each term that was found (``terms.exact``, ``terms.fuzzy``), and each that was left alone: a name of two
    things (``terms.ambiguous``), a change of negation (``terms.negation``), an unclear misspelling (``terms.unclear``).
    """
    return partial(_standardised, standardiser)


def _standardised(standardiser: Standardiser, document: Document) -> tuple[Document, list[Note]]:
    found = standardiser.find(document.text)
    text, replacements = standardiser.write(document.text, found)
    notes = [
        Note(f"terms.{term.how}", {"id": document.id, "at": term.start, "preferred": term.preferred, "code": term.code})
        for term in replacements
    ]
    notes += [Note(f"terms.{why}", {"id": document.id, "at": match.start}) for match, why in found.left]
    fields = document.fields | {"terms": [asdict(replacement) for replacement in replacements]}
    if turns := document.fields.get("turns"):  # their text is part of the document's, whose notes tell of them
        fields["turns"] = [turn | {"content": _written(standardiser, turn["content"])} for turn in turns]
    return replace(document, text=text, fields=fields), notes


def _written(standardiser: Standardiser, text: str) -> str:
    return standardiser.write(text, standardiser.find(text))[0]
