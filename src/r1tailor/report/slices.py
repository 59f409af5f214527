"""The headline metric on parts of the held-out items: by length, by turn, by the fields that take few values.

These slices are looked at, not tested: nothing is chosen by them, and no p-value stands next to them. Modes that were
found on one half and tested on the other are those of ``errors``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean

from r1tailor.evaluation.metrics import Mean, Proportion
from r1tailor.evaluation.significance import compare
from r1tailor.report.finished import Item

_FEWEST = 10  # items of a slice
_MOST_VALUES = 12  # of a field that is sliced by
_RESAMPLES = 500


@dataclass(frozen=True)
class Slice:
    """Some of the items.

    Attributes:
        by: what they have in common: ``length``, ``turn``, or the name of a field.
        value: of it.
        n: how many.
        base: mean score of the base model.
        tuned: of the tuned model.
        compared: tuned - base with its interval.
    """

    by: str
    value: str
    n: int
    base: float
    tuned: float
    compared: Mapping[str, float | None]


def slices(items: Sequence[Item], metric: str, confidence: float, seed: int) -> list[Slice]:
    """Return the slices by a metric; none where items have no score of it."""
    scored = [one for one in items if metric in one[1].scores and metric in one[2].scores]
    found = []
    for by, groups in _groups(scored):
        for value, members in groups.items():
            if _FEWEST <= len(members) < len(scored):
                base = [before.scores[metric] for _, before, _ in members]
                tuned = [after.scores[metric] for _, _, after in members]
                found.append(
                    Slice(by, value, len(members), fmean(base), fmean(tuned), _compared(base, tuned, confidence, seed))
                )
    return found


def _compared(
    base: Sequence[float], tuned: Sequence[float], confidence: float, seed: int
) -> Mapping[str, float | None]:
    kind = Proportion if {*base, *tuned} <= {0.0, 1.0} else Mean
    one, other = kind(), kind()
    one.update(base)
    other.update(tuned)
    return compare(one, other, _RESAMPLES, confidence, seed).as_dict()


def _groups(items: Sequence[Item]) -> Iterator[tuple[str, dict[str, list[Item]]]]:
    """Yield what items are sliced by, and the slices."""
    lengths = sorted(len(one[0].asked) for one in items)
    if lengths:
        low, high = lengths[len(lengths) // 3], lengths[2 * len(lengths) // 3]
        thirds = _by(items, lambda one: _third(len(one[0].asked), low, high))
        yield "length", {value: thirds[value] for value in sorted(thirds, key=_place)}
    if any(one[0].turns for one in items):
        yield "turn", _by(items, lambda one: str(one[0].fields.get("turn", 1)))
    for name in dict.fromkeys(key for one in items for key in one[0].fields):
        values = {str(one[0].fields.get(name, "")) for one in items}
        if name != "turn" and 1 < len(values) <= _MOST_VALUES and max(map(len, values)) < 80:
            yield name, _by(items, partial(_field, name=name))


def _place(third: str) -> int:
    return {"<": 0, ">": 2}.get(third[0], 1)


def _field(one: Item, name: str) -> str:
    return str(one[0].fields.get(name, ""))


def _third(length: int, low: int, high: int) -> str:
    if length < low:
        return f"< {low}"
    return f"{low}–{high}" if length <= high else f"> {high}"


def _by(items: Sequence[Item], key: Callable[[Item], str]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for one in items:
        found.setdefault(key(one), []).append(one)
    return dict(sorted(found.items(), key=lambda entry: -len(entry[1])))
