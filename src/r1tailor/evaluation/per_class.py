"""Precision, recall and F1 of each class, from the cells of a confusion matrix."""

from collections.abc import Sequence
from typing import Any

Cell = tuple[str, str, int]  # label of the reference, label of the answer (empty for none), items


def per_class(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Return a row for each class, the most frequent reference first.

    ``support`` counts references, ``given`` answers, ``right`` both. ``precision`` is null where no answer gives the
    class, ``recall`` where no reference has it; ``f1`` is defined for each class that occurs.

    >>> [(row["label"], row["precision"], row["recall"]) for row in per_class([("a", "a", 3), ("b", "a", 1)])]
    [('a', 0.75, 1.0), ('b', None, 0.0)]
    """
    labels = dict.fromkeys(label for wanted, given, _ in cells for label in (wanted, given) if label)
    rows = [_row(label, cells) for label in labels]
    return sorted(rows, key=lambda row: (-row["support"], row["label"]))


def _row(label: str, cells: Sequence[Cell]) -> dict[str, Any]:
    support = sum(count for wanted, _, count in cells if wanted == label)
    given = sum(count for _, answer, count in cells if answer == label)
    right = sum(count for wanted, answer, count in cells if wanted == answer == label)
    return {
        "label": label,
        "support": support,
        "given": given,
        "right": right,
        "precision": right / given if given else None,
        "recall": right / support if support else None,
        "f1": 2 * right / (support + given),
    }
