"""Items that are not independent: resampled together; and answers of a conversation, shown by their number.

Items of one group (a patient, a law, a company) or of one conversation are not independent: taken one by one, intervals
come out too narrow. A metric is therefore summed up over each of them, and whole groups are drawn and swapped. A
proportion has Wilson's interval for as many independent items as its answers are worth (their number by the design
effect, Kish 1965), and a permutation test, since McNemar's knows no such sums.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from r1tailor.evaluation.metrics import ItemMetric
from r1tailor.records import Example, Prediction

_LAST = 6  # number of an answer from which answers share a row
_FEW = 30  # groups, below which intervals may cover less than they say (tests/benchmarks/null_models.py)
Measured = Mapping[str, ItemMetric]


def clusters(items: Sequence[Example]) -> list[int] | None:
    """Return the number of each item's group or conversation; None where no two items share one.

    >>> clusters([Example("a", "", "", "", conversation=told) for told in ("c", "", "c")])
    [0, 1, 0]
    """
    numbers: dict[tuple[str, str | int], int] = {}
    found = [numbers.setdefault(_shared(place, item), len(numbers)) for place, item in enumerate(items)]
    return found if len(numbers) < len(items) else None


def _shared(place: int, item: Example) -> tuple[str, str | int]:
    """Return what an item shares with others: its group, which holds whole conversations; else its conversation."""
    if item.group:
        return "group", item.group
    return ("conversation", item.conversation) if item.conversation else ("item", place)


def clustered(measured: Measured, items: Sequence[Example]) -> dict[str, ItemMetric]:
    """Return metrics whose rows are groups or conversations where one holds several items; else those given."""
    found = clusters(items)
    return dict(measured) if found is None else {name: _over(metric, found) for name, metric in measured.items()}


def _over(metric: ItemMetric, numbers: Sequence[int]) -> ItemMetric:
    summed = deepcopy(metric)
    summed.cluster(numbers)
    return summed


def note(items: Sequence[Example]) -> str:
    """Return the sentence on groups or conversations for the report; empty where every item stands alone."""
    found = clusters(items)
    if found is None:
        return ""
    count, what = max(found) + 1, "groups" if any(item.group for item in items) else "conversations"
    few = f". {count:,} are few: intervals may be too narrow" if count < _FEW else ""
    return (
        f"The {len(items):,} items belong to {count:,} {what}: intervals and tests take whole {what}, those of "
        f"proportions too{few}"
    )


def by_turn(
    items: Sequence[Example],
    predictions: Mapping[str, Sequence[Prediction]],
    measure: Callable[[Sequence[Example], Mapping[str, Sequence[Prediction]]], Mapping[str, Measured]],
    entry: Callable[[ItemMetric], dict[str, float | None]],
) -> list[dict[str, Any]]:
    """Return the figures by the number of the answer in its conversation; none where all have the same number.

    Args:
        items: the held-out items.
        predictions: of each model.
        measure: the metrics of each model on some of the items.
        entry: value and interval of a metric.
    """
    numbers = [min(item.fields.get("turn", 1), _LAST) for item in items]
    rows = []
    for number in sorted(set(numbers)) if len(set(numbers)) > 1 else ():
        places = [place for place, other in enumerate(numbers) if other == number]
        some = {name: [made[place] for place in places] for name, made in predictions.items()}
        measured = measure([items[place] for place in places], some)
        models = {name: {key: entry(metric) for key, metric in found.items()} for name, found in measured.items()}
        turn = f"{number} and later" if number == _LAST else str(number)
        rows.append({"turn": turn, "n": len(places), "models": models})
    return rows
