"""Metrics as functions of per-item statistics, so that one resampling serves them all.

Every metric is ``compute(sum over items of a row of statistics)``: a mean sums (score, 1), perplexity sums
(negative log-likelihood, tokens), corpus BLEU sums n-gram counts. Resampling items is then a matrix product.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics import BLEU

from r1tailor.domain import Domain, ScoredMetric
from r1tailor.domain.base import answer_of
from r1tailor.records import Example, Prediction

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """One metric of one model.

    Attributes:
        name: the metric.
        kind: ``proportion`` (each item 0 or 1) or ``mean`` or ``corpus``.
        statistics: [n, k] one row an item.
        compute: maps summed statistics [..., k] to values [...].
    """

    name: str
    kind: str
    statistics: Array
    compute: Callable[[Array], Array]

    @property
    def value(self) -> float:
        """The metric over all items."""
        return float(self.compute(self.statistics.sum(axis=0)))


def measure(
    domain: Domain, examples: Sequence[Example], predictions: Sequence[Prediction], language: str
) -> dict[str, Measured]:
    """Return every metric of one model on its held-out items."""
    measured = [perplexity(predictions), bleu(examples, predictions, language)]
    scores = [domain.score(example, prediction) for example, prediction in zip(examples, predictions, strict=True)]
    return {metric.name: metric for metric in measured} | by_metric(domain.metrics, scores)


def by_metric(metrics: Sequence[ScoredMetric], scores: Sequence[Mapping[str, float]]) -> dict[str, Measured]:
    """Return those of a domain's metrics that the scores of at least one item hold."""
    named = {metric: [score.get(metric.name) for score in scores] for metric in metrics}
    return {
        metric.name: scored(metric, values)
        for metric, values in named.items()
        if any(value is not None for value in values)
    }


def scored(metric: ScoredMetric, scores: Sequence[float | None]) -> Measured:
    """Return a metric that is the mean of per-item scores.

    An item that the metric says nothing of (None) is a row of zeros: it counts neither in the sum nor in the number.
    """
    statistics = np.array([(0.0, 0.0) if score is None else (score, 1.0) for score in scores], dtype=float)
    return Measured(metric.name, metric.kind, statistics, _ratio)


def perplexity(predictions: Sequence[Prediction]) -> Measured:
    """Return exp(sum of negative log-likelihood / sum of tokens) over the reference answers."""
    statistics = np.array([[-p.log_likelihood, p.tokens] for p in predictions], dtype=float)
    return Measured("perplexity", "corpus", statistics, lambda sums: np.exp(_ratio(sums)))


def bleu(examples: Sequence[Example], predictions: Sequence[Prediction], language: str) -> Measured:
    """Return corpus BLEU (Papineni et al. 2002) by sacrebleu, in [0, 100].

    Chinese is cut into characters (sacrebleu's ``zh``), English by its ``13a``.
    """
    scorer = BLEU(tokenize="zh" if language == "zh" else "13a")
    answers = [answer_of(prediction.generated) for prediction in predictions]
    rows = scorer._extract_corpus_statistics(answers, [[example.output for example in examples]])
    return Measured("bleu", "corpus", np.array(rows, dtype=float), _bleu)


def _ratio(sums: Array) -> Array:
    """Return sums by counts; NaN where nothing was counted, as in a resample without any item that counts."""
    with np.errstate(invalid="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1])


def _bleu(sums: Array) -> Array:
    """Corpus BLEU from summed [system length, reference length, 4 matches, 4 totals].

    Zero matches at an order are smoothed as sacrebleu does by default (``exp``): 1/2, 1/4, ... of a match.
    """
    rows = np.atleast_2d(sums)
    lengths, references, matches, totals = rows[:, 0], rows[:, 1], rows[:, 2:6], rows[:, 6:10]
    halvings = np.cumsum(matches == 0, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        precisions = np.where(matches > 0, matches / totals, 0.5**halvings / totals)
        penalty = np.where(lengths < references, np.exp(1 - references / lengths), 1.0)
        values = 100 * penalty * np.exp(np.log(precisions).mean(axis=1))
    impossible = (totals == 0).any(axis=1) | (matches.sum(axis=1) == 0)
    return np.where(impossible, 0.0, values).reshape(sums.shape[:-1])
