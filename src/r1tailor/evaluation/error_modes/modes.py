"""Kinds of items on which a model is wrong more often: found on one half of the items, tested on the other. No torch.

SliceLine (Sagadeeva and Boehm 2021) finds the slices of one half; the other half tests whether errors are more frequent
inside than outside, by Fisher's exact test, corrected by Holm's method. Items of one group or conversation are in one
half, and where there are any the test for clusters must agree.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact, t

from r1tailor.planning.shown import holm

CANDIDATES = 5  # slices that are tested
_FOUND = 20  # slices that are looked at: many of them are parts of one
_CONDITIONS = 2
_ALPHA = 0.95  # weight of the error rate of a slice against its size
_ALIKE = 0.5  # Jaccard index from which two slices are one
_LEAST, _SHARE = 8, 0.05  # items of a slice, in the half that it is found on
_FEWEST_ERRORS = 5
_NOT_KNOWN = "(unknown)"

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Mode:
    """Items that a model gets wrong more often, as the half that tests it counts them.

    Attributes:
        where: value by column.
        n: items inside.
        errors: wrong ones inside.
        rate: share of wrong ones inside.
        rate_elsewhere: outside.
        p_holm: that errors are not more frequent inside, corrected.
        found: share of wrong ones inside, in the half that it was found on.
        examples: ids of wrong items inside.
    """

    where: Mapping[str, str]
    n: int
    errors: int
    rate: float
    rate_elsewhere: float
    p_holm: float
    found: float
    examples: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self) | {"where": dict(self.where)}

    @property
    def excess(self) -> float:
        """How many more items are wrong than would be at the rate outside."""
        return (self.rate - self.rate_elsewhere) * self.n


@dataclass(frozen=True)
class Table:
    """Items of one half: the values of their columns, whether each is wrong, their ids and clusters."""

    rows: Sequence[Mapping[str, str | None]]
    wrong: Sequence[bool]
    ids: Sequence[str]
    clusters: Sequence[str]

    def inside(self, where: Mapping[str, str]) -> Bools:
        """Return [n] which items have these values."""
        return np.array([all(row[key] == value for key, value in where.items()) for row in self.rows], dtype=bool)


def halves(clusters: Sequence[str], seed: int) -> tuple[list[int], list[int]]:
    """Return the places of the items to find modes on and of those to test them on, each cluster in one of both."""
    sizes = {name: clusters.count(name) for name in dict.fromkeys(clusters)}
    drawn = sorted(sizes, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest())
    counts, half_of = [0, 0], dict[str, int]()
    for name in drawn:
        half_of[name] = int(counts[1] < counts[0])
        counts[half_of[name]] += sizes[name]
    first = [place for place, name in enumerate(clusters) if half_of[name] == 0]
    return first, [place for place, name in enumerate(clusters) if half_of[name] == 1]


def least(items: int) -> int:
    """Return how many of the items that slices are found on a slice must hold."""
    return max(_LEAST, int(_SHARE * items))


def modes(found_on: Table, tested_on: Table, shown: int = 5) -> list[Mode]:
    """Return the slices that were tested, the worst first; ``p_holm`` tells which of them are shown.

    Args:
        found_on: the items of one half.
        tested_on: those of the other.
        shown: examples of each.
    """
    candidates = slices(found_on)
    wrong = np.array(tested_on.wrong, dtype=bool)
    inside = [tested_on.inside(where) for where in candidates]
    corrected = holm([_p(inside_, wrong, tested_on.clusters) for inside_ in inside])
    made = []
    for where, members, p in zip(candidates, inside, corrected, strict=True):
        there = found_on.inside(where)
        ids = [tested_on.ids[place] for place in np.flatnonzero(members & wrong).tolist()]
        counts = int(members.sum()), int((members & wrong).sum())
        rates = _rate(members, wrong), _rate(~members, wrong)
        before = _rate(there, np.array(found_on.wrong, dtype=bool))
        made.append(Mode(where, *counts, *rates, p, before, tuple(ids[:shown])))
    return sorted(made, key=lambda mode: -mode.excess)


def slices(table: Table) -> list[dict[str, str]]:
    """Return the slices with the most errors for their size, the worst first; none among too few items or errors."""
    needed, errors = least(len(table.rows)), sum(table.wrong)
    columns = list(table.rows[0]) if table.rows else []
    if not columns or errors < _FEWEST_ERRORS or errors == len(table.rows) or len(table.rows) < 2 * needed:
        return []
    from sliceline.slicefinder import Slicefinder

    values = np.array([[row[name] or _NOT_KNOWN for name in columns] for row in table.rows], dtype=object)
    finder = Slicefinder(alpha=_ALPHA, k=_FOUND, max_l=_CONDITIONS, min_sup=needed, verbose=False)
    finder.fit(values, np.array(table.wrong, dtype=float))
    kept: list[tuple[dict[str, str], Bools]] = []
    for found in finder.top_slices_:
        where = {name: value for name, value in zip(columns, found, strict=True) if value is not None}
        members = table.inside(where)
        if members.any() and not any(_jaccard(members, other) >= _ALIKE for _, other in kept):
            kept.append((where, members))
    return [where for where, _ in kept[:CANDIDATES]]


def _jaccard(a: Bools, b: Bools) -> float:
    return float((a & b).sum() / (a | b).sum())


def _rate(members: Bools, wrong: Bools) -> float:
    return float(wrong[members].mean()) if members.any() else 0.0


def _p(members: Bools, wrong: Bools, clusters: Sequence[str]) -> float:
    """Return the p-value (one-sided) that errors are not more frequent inside a slice."""
    if not members.any() or members.all():
        return 1.0
    counts = np.array([[(part & wrong).sum(), (part & ~wrong).sum()] for part in (members, ~members)])
    exact = float(fisher_exact(counts, alternative="greater").pvalue)
    return exact if len(set(clusters)) == len(clusters) else max(exact, _clustered(members, wrong, clusters))


def _clustered(members: Bools, wrong: Bools, clusters: Sequence[str]) -> float:
    """Return the p-value of a t-test on the difference of two rates whose error is robust to clusters (CR1)."""
    inside, outside = _rate(members, wrong), _rate(~members, wrong)
    pulls = np.where(members, (wrong - inside) / members.sum(), -(wrong - outside) / (~members).sum())
    names = list(dict.fromkeys(clusters))
    sums = np.zeros(len(names))
    np.add.at(sums, [names.index(name) for name in clusters], pulls)
    freedom = len(names) - 1
    if freedom < 1:
        return 1.0
    error = float(np.sqrt((sums**2).sum() * len(names) / freedom))
    if error == 0.0:
        return 0.0 if inside > outside else 1.0
    return float(t.sf((inside - outside) / error, freedom))
