"""Closed sets of answers, and the spellings that are one label: case, blanks, and what stands in place of nothing."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from r1tailor.proposal.cells import missing

FEWEST = 5  # items of a class, below which the test holds none or one of them
_LONGEST = 40  # characters of a label on the terminal


@dataclass(frozen=True, slots=True)
class Labels:
    """A closed set.

    Attributes:
        counts: items of each label, by its most frequent spelling; the most frequent label comes first.
        folded: other spellings, by label.
        nothing: spellings of a missing label, and how many cells have each.
    """

    counts: dict[str, int]
    folded: dict[str, tuple[str, ...]]
    nothing: dict[str, int]

    @property
    def few(self) -> dict[str, int]:
        """Labels with too few items, and how many they have."""
        return {label: count for label, count in self.counts.items() if count < FEWEST}

    @property
    def majority(self) -> float:
        """Share of the most frequent label."""
        return max(self.counts.values()) / sum(self.counts.values())


def labels_of(rows: Iterable[Mapping[str, Any]], column: str) -> Labels:
    """Return the labels in a column, with the spellings that case and blanks make of them."""
    found: dict[str, Counter[str]] = {}
    nothing: Counter[str] = Counter()
    for row in rows:
        cell = row.get(column)
        if missing(cell):
            nothing[str(cell).strip() if isinstance(cell, str) else ""] += 1
        else:
            found.setdefault(" ".join(str(cell).split()).casefold(), Counter())[str(cell)] += 1
    return _settled(found, nothing)


def _settled(found: Mapping[str, Counter[str]], nothing: Counter[str]) -> Labels:
    by_size = sorted(found.values(), key=lambda spellings: -spellings.total())
    written = [(_label(spellings), spellings) for spellings in by_size]
    folded = {label: tuple(odd for odd in spellings if odd != label) for label, spellings in written}
    return Labels(
        counts={label: spellings.total() for label, spellings in written},
        folded={label: odd for label, odd in folded.items() if odd},
        nothing=dict(nothing.most_common()),
    )


def _label(spellings: Counter[str]) -> str:
    return spellings.most_common(1)[0][0].strip()


def shown(counts: Mapping[str, int], most: int = 8) -> str:
    """Return labels and their counts in a line, cut after the first few."""
    listed = [
        f"{label if len(label) <= _LONGEST else label[:_LONGEST] + '…'} {count:,}" for label, count in counts.items()
    ]
    return ", ".join(listed[:most]) + (", …" if len(listed) > most else "")
