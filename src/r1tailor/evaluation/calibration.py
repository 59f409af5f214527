"""How far probabilities of ranked labels can be trusted: Brier score, expected calibration error, reliability curve.

A label's probability is its share of the likelihood that the model gives to all labels of the item's closed set.
"""

from collections.abc import Sequence

import numpy as np

from r1tailor.domain import Domain
from r1tailor.domain.answers import label_in
from r1tailor.domain.base import answer_of
from r1tailor.evaluation.metrics import ItemMetric, Mean
from r1tailor.evaluation.resampling import Array
from r1tailor.records import Example, Prediction
from r1tailor.schema.domain import CALIBRATION_METRICS

BRIER, ECE = CALIBRATION_METRICS
_BINS = 10  # of equal width over the probability of the likeliest label


class CalibrationError(ItemMetric):
    """Expected calibration error: |share right - mean probability| by bin of probability, weighted by items; in [0, 1].

    It is never negative, so that few items overstate it: read it next to that of the base model on the same items.
    """

    higher_is_better = False

    def __init__(self) -> None:
        super().__init__(width=3 * _BINS)

    def update(self, probabilities: Sequence[float | None], right: Sequence[bool]) -> None:
        """Add some items: the probability of the likeliest label, and whether it is right; None counts for nothing."""
        rows = np.zeros((len(probabilities), _BINS, 3))
        for row, probability, hit in zip(rows, probabilities, right, strict=True):
            if probability is not None:
                row[max(0, int(np.ceil(probability * _BINS)) - 1)] = 1.0, probability, float(hit)
        self._keep(rows.reshape(len(probabilities), self.width))

    @staticmethod
    def of_sums(sums: Array) -> Array:
        """Return the error of summed counts, probabilities and hits of each bin; NaN without items."""
        counts = sums.reshape(*sums.shape[:-1], _BINS, 3)
        with np.errstate(invalid="ignore"):
            gaps = np.abs(counts[..., 1] - counts[..., 2]).sum(axis=-1)
            return np.asarray(gaps / counts[..., 0].sum(axis=-1))


def measured(
    domain: Domain, items: Sequence[Example], predictions: Sequence[Prediction]
) -> dict[str, Mean | CalibrationError]:
    """Return Brier score and calibration error of one model; nothing where it ranked no labels."""
    found = [_of_item(domain, item, made) for item, made in zip(items, predictions, strict=True)]
    if all(one is None for one in found):
        return {}
    brier, ece = Mean(), CalibrationError()
    brier.update([None if one is None else one[0] for one in found])
    ece.update([None if one is None else one[1] for one in found], [one is not None and one[2] for one in found])
    return {BRIER: brier, ECE: ece}


def curve(domain: Domain, items: Sequence[Example], predictions: Sequence[Prediction]) -> list[list[float]]:
    """Return (items, mean probability, share right) of each bin that has items, lowest probability first."""
    found = measured(domain, items, predictions)
    bins = found[ECE].rows().sum(axis=0).reshape(_BINS, 3) if found else ()
    return [[float(n), float(total / n), float(hits / n)] for n, total, hits in bins if n]


def scores(domain: Domain, item: Example, made: Prediction) -> dict[str, float]:
    """Return the Brier score of one item; nothing where no labels were ranked."""
    found = _of_item(domain, item, made)
    return {} if found is None else {BRIER: found[0]}


def _of_item(domain: Domain, item: Example, made: Prediction) -> tuple[float, float, bool] | None:
    """Return an item's Brier score in [0, 2], the probability of its likeliest label, and whether that one is right."""
    labels = domain.labels_of(item)
    wanted = label_in(answer_of(item.output), labels) if made.label_scores else ""
    if not wanted or len(labels) != len(made.label_scores):
        return None
    scores = np.array(made.label_scores, dtype=float)
    weights = np.exp(scores - scores.max())
    probabilities = weights / weights.sum()
    if not np.isfinite(probabilities).all():
        return None
    place, best = labels.index(wanted), int(probabilities.argmax())
    truth = np.eye(len(labels))[place]
    return float(((probabilities - truth) ** 2).sum()), float(probabilities[best]), best == place
