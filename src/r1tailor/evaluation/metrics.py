"""Metrics as ``torchmetrics.Metric`` classes over pure functions of per-item statistics.

The state of each is one row of statistics an item: a mean keeps (score, 1), perplexity (negative log-likelihood,
tokens), corpus BLEU n-gram counts. The value is a function of their sum, so that one resampling serves all metrics.
Processes share out the items in contiguous parts, by rank: the rows then stand in the order of one process, and so do
value, interval and p-value to the last digit. Without items a value is NaN (BLEU: 0, as sacrebleu's).
"""

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from sacrebleu.metrics import BLEU
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from r1tailor.domain import Domain, ScoredMetric, is_text
from r1tailor.domain.base import answer_of
from r1tailor.evaluation import resampling
from r1tailor.evaluation.resampling import Array, Bounds
from r1tailor.evaluation.samples import flat, majority_scores
from r1tailor.planning.power import wilson
from r1tailor.records import Example, Prediction

_ORDERS = 4  # of n-grams in BLEU


class RowMetric(Metric):
    """A metric that keeps a row of numbers for each item, or day, it is updated with.

    Args:
        width: numbers in a row.

    Attributes:
        statistics: [n, width] rows in fp64, gathered from all processes in the order of their ranks.
        clustered: whether a row is the sum of several that are not independent.
    """

    full_state_update = False
    statistics: list[Tensor] | Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.clustered = False
        self.add_state("statistics", [], dist_reduce_fx="cat")

    def rows(self) -> Array:
        """Return the rows [n, width] of all processes."""
        with self.sync_context():
            return self._held()

    def cluster(self, numbers: Sequence[int]) -> None:
        """Sum the rows of each cluster: several answers to an item, or in a conversation, are not independent.

        Args:
            numbers: [n] of each row's cluster, from 0.
        """
        sums = np.zeros((max(numbers, default=-1) + 1, self.width))
        np.add.at(sums, list(numbers), self._held())
        self.statistics, self.clustered = [torch.from_numpy(sums)], True

    def cluster_each(self, size: int) -> None:
        """Sum each ``size`` rows in turn, the answers to one item."""
        if size > 1:
            self.cluster([row // size for row in range(len(self._held()))])

    def sync(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (torchmetrics' own arguments)
        """Gather the rows of all processes; one that was never updated takes part with no rows."""
        if isinstance(self.statistics, list) and not self.statistics:
            self._keep(np.zeros((0, self.width)))
        super().sync(*args, **kwargs)

    def _keep(self, rows: Array) -> None:
        assert isinstance(self.statistics, list), "only the state of one process can be updated"
        self.statistics.append(torch.from_numpy(rows.reshape(len(rows), self.width)))

    def _held(self) -> Array:
        """Return the rows in the state: of this process, or of all of them while the state is synchronised."""
        held: Array = dim_zero_cat(self.statistics).numpy() if len(self.statistics) else np.zeros((0, self.width))
        return held


class ItemMetric(RowMetric):
    """A metric of held-out items whose value is a function of their summed statistics."""

    @staticmethod
    @abstractmethod
    def of_sums(sums: Array) -> Array:
        """Return the values [...] of summed statistics [..., width]."""

    def compute(self) -> Tensor:
        """Return the metric over the items of all processes, a scalar in fp64."""
        return torch.tensor(float(self.of_sums(self._held().sum(axis=0))), dtype=torch.float64)

    @property
    def value(self) -> float:
        """The metric over the items of all processes."""
        return float(self.compute())

    def widened(self, confidence: float) -> float:
        """Return the confidence to take percentiles at: of clusters a wider one, since they are few."""
        return resampling.expanded(confidence, len(self.rows())) if self.clustered else confidence

    def bounds(self, resamples: int, confidence: float, seed: int) -> Bounds:
        """Return the ends of the metric's confidence interval: bootstrap percentiles."""
        return resampling.bootstrap(self.rows(), self.of_sums, resamples, self.widened(confidence), seed)

    def p_value(self, tuned: "ItemMetric", resamples: int, seed: int) -> float:
        """Return the p-value (two-sided) that this (base) and the tuned model do not differ: a permutation test."""
        return resampling.permutation(self.rows(), tuned.rows(), self.of_sums, resamples, seed)


class Mean(ItemMetric):
    """The mean of per-item scores; an item without a score (None) counts neither in the sum nor in the number."""

    def __init__(self) -> None:
        super().__init__(width=2)

    def update(self, scores: Sequence[float | None]) -> None:
        """Add the scores of some items."""
        self._keep(_mean_update(scores))

    @staticmethod
    def of_sums(sums: Array) -> Array:
        """Return sum by number; NaN where no item has a score."""
        return _ratio(sums)


class Proportion(Mean):
    """The share of items that score 1, where each scores 0 or 1: Wilson's interval and McNemar's exact test.

    In clusters, Wilson's interval is for as many independent items as there are worth of them, and the test is a
    permutation, since McNemar's knows no sums.
    """

    def bounds(self, resamples: int, confidence: float, seed: int) -> Bounds:
        """Return the ends of Wilson's interval."""
        if self.clustered:
            return resampling.wilson_of_clusters(self.rows(), confidence)
        successes, n = self.rows().sum(axis=0).round().astype(int).tolist()
        return wilson(successes, n, confidence)

    def p_value(self, tuned: ItemMetric, resamples: int, seed: int) -> float:
        """Return the p-value of McNemar's exact test; of clusters, of a permutation test."""
        if self.clustered:
            return super().p_value(tuned, resamples, seed)
        return resampling.mcnemar(self.rows()[:, 0] > 0.5, tuned.rows()[:, 0] > 0.5)


class Perplexity(ItemMetric):
    """exp(negative log-likelihood / tokens) over the reference answers, so that tokens weigh and not items."""

    higher_is_better = False

    def __init__(self) -> None:
        super().__init__(width=2)

    def update(self, log_likelihoods: Sequence[float], tokens: Sequence[int]) -> None:
        """Add some answers by their log-likelihoods (nats) and numbers of tokens."""
        self._keep(_perplexity_update(log_likelihoods, tokens))

    def bounds(self, resamples: int, confidence: float, seed: int) -> Bounds:
        """Return the ends of the bootstrap-t interval: a few hard references weigh heavily, and percentiles miss.

        Of a few items it may be too wide for a float; then it is not defined.
        """
        ends = resampling.studentized(self.rows(), resamples, self.widened(confidence), seed)
        with np.errstate(over="ignore"):
            low, high = map(float, np.exp(ends))
        return (low, high) if math.isfinite(high) else resampling.UNDEFINED

    @staticmethod
    def of_sums(sums: Array) -> Array:
        """Return exp(sum of negative log-likelihoods / sum of tokens); NaN where there is no token."""
        return np.asarray(np.exp(_ratio(sums)))


class Bleu(ItemMetric):
    """Corpus BLEU (Papineni et al. 2002) by sacrebleu, in [0, 100].

    Args:
        language: ``zh`` is cut into characters (sacrebleu's tokenizer ``zh``), any other by its ``13a``.
    """

    higher_is_better = True

    def __init__(self, language: str) -> None:
        super().__init__(width=2 + 2 * _ORDERS)
        self._scorer = BLEU(tokenize="zh" if language == "zh" else "13a", max_ngram_order=_ORDERS)

    def update(self, answers: Sequence[str], references: Sequence[str]) -> None:
        """Add some answers, each with its reference."""
        self._keep(_bleu_update(self._scorer, answers, references))

    @staticmethod
    def of_sums(sums: Array) -> Array:
        """Return BLEU of summed lengths and n-gram counts."""
        return _bleu_compute(sums)


KINDS: dict[str, type[Mean]] = {"proportion": Proportion, "mean": Mean}  # of a declared metric with per-item scores


def measure(
    domain: Domain, examples: Sequence[Example], predictions: Sequence[Prediction], language: str
) -> dict[str, ItemMetric]:
    """Return every metric of one model on its held-out items.

    Where several answers were drawn, a score is their mean, and ``<metric>_maj@<answers>`` that of the answer that most
    of them give. An item is one row in any case, so that intervals and tests are over items.
    """
    found = perplexities(examples, predictions)
    if examples and all(map(is_text, examples)):
        return found
    bleu, (items, made, each) = Bleu(language), flat(examples, predictions)
    bleu.update(*texts_of(items, made))
    bleu.cluster_each(each)
    scores = [domain.scores(item, one) for item, one in zip(items, made, strict=True)]
    found |= {"bleu": bleu} | by_metric(domain.metrics, scores, each)
    return found | _majority(domain, examples, predictions) if each > 1 else found


def perplexities(examples: Sequence[Example], predictions: Sequence[Prediction]) -> dict[str, ItemMetric]:
    """Return the perplexity of the references; where they have a block, also that of the answers behind it alone.

    Where references hold reasoning, that of their blocks stands next to it.
    """
    whole = Perplexity()
    whole.update([made.log_likelihood for made in predictions], [made.tokens for made in predictions])
    found: dict[str, ItemMetric] = {"perplexity": whole}
    if any(made.block_tokens for made in predictions):
        answer, block = Perplexity(), Perplexity()
        answer.update(
            [made.log_likelihood - made.block_log_likelihood for made in predictions],
            [made.tokens - made.block_tokens for made in predictions],
        )
        block.update([one.block_log_likelihood for one in predictions], [one.block_tokens for one in predictions])
        found["answer_perplexity"] = answer
        if any(example.reasoning for example in examples):
            found["reasoning_perplexity"] = block
    return found


def texts_of(examples: Sequence[Example], predictions: Sequence[Prediction]) -> tuple[list[str], list[str]]:
    """Return answers and references without their reasoning; both empty where the reference only calls tools."""
    spoken = [bool(example.output or not example.tool_calls) for example in examples]
    answers = [answer_of(made.generated) if said else "" for made, said in zip(predictions, spoken, strict=True)]
    return answers, [answer_of(example.output) for example in examples]


def by_metric(
    metrics: Sequence[ScoredMetric], scores: Sequence[Mapping[str, float]], each: int = 1
) -> dict[str, ItemMetric]:
    """Return those of a domain's metrics for which at least one item has a score.

    Args:
        metrics: of the domain.
        scores: of each answer, by metric.
        each: how many answers an item has, in turn.
    """
    measured: dict[str, ItemMetric] = {}
    for metric in metrics:
        values = [score.get(metric.name) for score in scores]
        if any(value is not None for value in values):
            found = KINDS[metric.kind if each == 1 else "mean"]()
            found.update(values)
            found.cluster_each(each)
            measured[metric.name] = found
    return measured


def _majority(domain: Domain, examples: Sequence[Example], predictions: Sequence[Prediction]) -> dict[str, ItemMetric]:
    """Return what the answer scores that most of several give (see ``majority_scores``)."""
    scores = [majority_scores(domain, item, made) for item, made in zip(examples, predictions, strict=True)]
    names = dict.fromkeys(name for found in scores for name in found)
    return by_metric([ScoredMetric(name, "proportion") for name in names], scores)


def _mean_update(scores: Sequence[float | None]) -> Array:
    """Return rows (score, 1), zeros for an item without a score."""
    return np.array([(0.0, 0.0) if score is None else (score, 1.0) for score in scores], dtype=float)


def _perplexity_update(log_likelihoods: Sequence[float], tokens: Sequence[int]) -> Array:
    """Return rows (negative log-likelihood, tokens)."""
    return np.array([(-value, count) for value, count in zip(log_likelihoods, tokens, strict=True)], dtype=float)


def _ratio(sums: Array) -> Array:
    """Return sums by counts; NaN where nothing was counted, as in a resample without any item that counts."""
    with np.errstate(invalid="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1])


def _bleu_update(scorer: BLEU, answers: Sequence[str], references: Sequence[str]) -> Array:
    """Return rows of system length, reference length, n-gram matches and n-gram totals."""
    if len(answers) != len(references):
        raise ValueError(f"{len(answers)} answers and {len(references)} references")
    rows = scorer._extract_corpus_statistics(answers, [references]) if answers else []
    return np.array(rows, dtype=float)


def _bleu_compute(sums: Array) -> Array:
    """Return corpus BLEU of summed rows of ``_bleu_update``.

    Zero matches at an order are smoothed as sacrebleu does by default (``exp``): 1/2, 1/4, ... of a match.
    """
    rows = np.atleast_2d(sums)
    lengths, references = rows[:, 0], rows[:, 1]
    matches, totals = rows[:, 2 : 2 + _ORDERS], rows[:, 2 + _ORDERS :]
    halvings = np.cumsum(matches == 0, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        precisions = np.where(matches > 0, matches / totals, 0.5**halvings / totals)
        penalty = np.where(lengths < references, np.exp(1 - references / lengths), 1.0)
        values = 100 * penalty * np.exp(np.log(precisions).mean(axis=1))
    impossible = (totals == 0).any(axis=1) | (matches.sum(axis=1) == 0)
    return np.where(impossible, 0.0, values).reshape(sums.shape[:-1])
