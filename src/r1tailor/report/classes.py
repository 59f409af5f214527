"""The confusion matrix of one model, as the page draws it."""

from collections.abc import Mapping, Sequence
from typing import Any

MOST = 30  # classes that a matrix shows; of more the most frequent confusions are listed
_LISTED = 20


def matrix(confused: Sequence[Sequence[Any]], order: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the confusion matrix: ``columns``, and ``rows`` of (number, label, [(count, shade 0 to 5, is right)]).

    Where there are too many classes ``wrong`` lists the most frequent confusions as (reference, answer, items).

    Args:
        confused: (reference, answer, items) as ``confusion`` of the metrics has them; ``""`` is no label.
        order: rows of ``per_class`` of the metrics.
    """
    found = {(wanted, given): count for wanted, given, count in confused}
    labels = [row["label"] for row in order]
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
