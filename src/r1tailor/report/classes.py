"""Per class: support, precision, recall, F1, and the confusion matrix, from the answers of one model."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from r1tailor.report.finished import Item

MOST = 30  # classes that a matrix shows; of more the most frequent confusions are listed
_LISTED = 20

Cells = Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class PerClass:
    """What a model makes of one class; a measure without a denominator is None.

    Attributes:
        label: the class.
        support: items of it.
        precision: share of the answers with this label that are right.
        recall: share of its items that got it.
        f1: harmonic mean of both.
    """

    label: str
    support: int
    precision: float | None
    recall: float | None
    f1: float | None


def cells(metrics: Mapping[str, Any], labels: Sequence[str], items: Sequence[Item], model: str) -> Cells:
    """Return how many items of each class got which label, ``""`` for none; empty where there is no closed set.

    Args:
        metrics: of the evaluation; its own confusions are taken where there are any.
        labels: the closed set of answers, or of their beginnings.
        items: with their answers.
        model: ``base`` or ``tuned``.
    """
    if found := metrics.get("confusion", {}).get(model):
        return {(wanted, given): count for wanted, given, count in found}
    longest = sorted(labels, key=len, reverse=True)
    answers = [(item.output, (base if model == "base" else tuned).generated) for item, base, tuned in items]
    pairs = ((_label(wanted, longest), _label(given, longest)) for wanted, given in answers)
    return Counter(pair for pair in pairs if pair[0])


def _label(text: str, longest: Sequence[str]) -> str:
    return next((label for label in longest if text.strip().startswith(label)), "")


def per_class(found: Cells) -> list[PerClass]:
    """Return a row for each class that has items or answers, the largest first."""
    labels = dict.fromkeys(label for pair in found for label in pair if label)
    rows = []
    for label in labels:
        right = found.get((label, label), 0)
        support = sum(count for (wanted, _), count in found.items() if wanted == label)
        given = sum(count for (_, answer), count in found.items() if answer == label)
        f1 = 2 * right / (support + given)
        rows.append(PerClass(label, support, _share(right, given), _share(right, support), f1 if support else None))
    return sorted(rows, key=lambda row: -row.support)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def matrix(found: Cells, order: Sequence[PerClass]) -> dict[str, Any]:
    """Return the confusion matrix: ``columns``, and ``rows`` of (number, label, [(count, shade 0 to 5, is right)]).

    Where there are too many classes ``wrong`` lists the most frequent confusions as (reference, answer, items).
    """
    labels = [row.label for row in order]
    wrong = sorted(((w, g, n) for (w, g), n in found.items() if w != g), key=lambda one: -one[2])[:_LISTED]
    if len(labels) > MOST:
        return {"wrong": wrong}
    columns = [*labels, ""] if any(not given for _, given in found) else labels
    rows = []
    for place, label in enumerate(labels):
        whole = sum(found.get((label, given), 0) for given in columns) or 1
        counts = [found.get((label, given), 0) for given in columns]
        shaded = [(count, -(-5 * count // whole), given == label) for count, given in zip(counts, columns, strict=True)]
        rows.append((place + 1, label, shaded))
    return {"columns": [(place + 1, label) for place, label in enumerate(columns)], "rows": rows, "wrong": wrong}
