"""Metrics over all items at once that a task asks for by name: macro-F1 with its confusions, chrF.

BLEU needs runs of four words: where references are shorter it is 0 whatever the answers are, and chrF is measured too.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from sacrebleu.metrics import CHRF

from r1tailor.corpus.shingles import words
from r1tailor.domain import Domain
from r1tailor.domain.answers import label_in
from r1tailor.domain.base import answer_of
from r1tailor.evaluation import resampling
from r1tailor.evaluation.metrics import ItemMetric, texts_of
from r1tailor.evaluation.resampling import Array, Bounds
from r1tailor.evaluation.samples import flat
from r1tailor.records import Example, Prediction

Confusion = tuple[str, str, int]  # label of the reference, label of the answer (empty for none), items
_ORDERS, _BETA = 6, 2  # of chrF2
_FEWEST_WORDS = 4  # of a reference of which BLEU says anything
_MOST_SETS = 10  # closed sets of a domain that asks several things
SHORT = (
    "{share:.0%} of the references have fewer than four words: BLEU, which counts runs of four, is 0 for them whatever "
    "the answers are. Read chrf (task.metrics: [chrf])"
)


class Chrf(ItemMetric):
    """Corpus chrF2 (Popovic 2015) by sacrebleu, in [0, 100]: F2 of character 1- to 6-grams, white space aside."""

    higher_is_better = True

    def __init__(self) -> None:
        super().__init__(width=3 * _ORDERS)
        self._scorer = CHRF(char_order=_ORDERS, word_order=0, beta=_BETA)

    def update(self, answers: Sequence[str], references: Sequence[str]) -> None:
        """Add some answers, each with its reference."""
        rows = self._scorer._extract_corpus_statistics(answers, [references]) if answers else []
        self._keep(np.array(rows, dtype=float))

    @staticmethod
    def of_sums(sums: Array) -> Array:
        """Return chrF of summed n-gram counts: those of the answers, of the references, and of both."""
        counts = sums.reshape(*sums.shape[:-1], _ORDERS, 3)
        both = (counts[..., 0] > 0) & (counts[..., 1] > 0)
        orders = np.maximum(both.sum(axis=-1), 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            precision, recall = (
                np.where(both, counts[..., 2] / counts[..., side], 0.0).sum(axis=-1) / orders for side in (0, 1)
            )
            values = (1 + _BETA**2) * precision * recall / (_BETA**2 * precision + recall)
        return np.asarray(100 * np.where(precision + recall > 0, values, 0.0))


class MacroF1(ItemMetric):
    """F1 of each label, averaged over the labels that references or answers have; NaN without any.

    Args:
        labels: the closed set.
    """

    higher_is_better = True

    def __init__(self, labels: Sequence[str]) -> None:
        super().__init__(width=3 * len(labels))
        self._place = {label: number for number, label in enumerate(labels)}

    def update(self, references: Sequence[str], answers: Sequence[str]) -> None:
        """Add some answers by their labels; a label outside the set is none."""
        rows = np.zeros((len(references), len(self._place), 3))
        for row, pair in zip(rows, zip(references, answers, strict=True), strict=True):
            for side, label in enumerate(pair):
                if label in self._place:
                    row[self._place[label], side] = 1
        rows[..., 2] = rows[..., 0] * rows[..., 1]
        self._keep(rows.reshape(len(references), self.width))

    def bounds(self, resamples: int, confidence: float, seed: int) -> Bounds:
        """Return the ends of the bootstrap interval that allows for bias: of few items F1 of a rare label has one."""
        return resampling.accelerated(self.rows(), self.of_sums, resamples, self.widened(confidence), seed)

    @staticmethod
    def of_sums(sums: Array) -> Array:
        """Return macro-F1 of summed counts of each label: in references, in answers, in both."""
        counts = sums.reshape(*sums.shape[:-1], -1, 3)
        there = counts[..., 0] + counts[..., 1]
        with np.errstate(divide="ignore", invalid="ignore"):
            scores = np.where(there > 0, 2 * counts[..., 2] / there, 0.0).sum(axis=-1)
            return np.asarray(scores / (there > 0).sum(axis=-1))


def over_all(domain: Domain, examples: Sequence[Example], predictions: Sequence[Prediction]) -> dict[str, ItemMetric]:
    """Return the metrics over all items that the task names, and chrF where BLEU says nothing."""
    named = {metric.name: metric.key for metric in domain.settings.task.metrics}
    found: dict[str, ItemMetric] = {}
    asked, answers, each = flat(examples, predictions)
    pairs = _pairs([domain.labels_of(example) for example in asked], asked, answers)
    if "macro_f1" in named and any(wanted for wanted, _ in pairs):
        found[named["macro_f1"]] = macro_f1(_labels(domain, examples), pairs)
        found[named["macro_f1"]].cluster_each(each)
    if "chrf" in named or short_references(examples):
        found[named.get("chrf", "chrf")] = chrf(examples, predictions)
    return found


def chrf(examples: Sequence[Example], predictions: Sequence[Prediction]) -> Chrf:
    """Return chrF of answers to their references."""
    asked, answers, each = flat(examples, predictions)
    metric = Chrf()
    metric.update(*texts_of(asked, answers))
    metric.cluster_each(each)
    return metric


def macro_f1(labels: Sequence[str], pairs: Sequence[tuple[str, str]]) -> MacroF1:
    """Return macro-F1 of pairs of labels, those of reference and answer."""
    metric = MacroF1(labels)
    metric.update(*zip(*pairs, strict=True))
    return metric


def paired_macro_f1(labels: Sequence[str], examples: Sequence[Example], predictions: Sequence[Prediction]) -> MacroF1:
    """Return macro-F1 of answers over one closed set."""
    asked, answers, each = flat(examples, predictions)
    metric = macro_f1(labels, _pairs([labels] * len(asked), asked, answers))
    metric.cluster_each(each)
    return metric


def label_pairs(
    domain: Domain, examples: Sequence[Example], predictions: Sequence[Prediction]
) -> list[tuple[str, str]]:
    """Return the labels of reference and answer of each item whose reference has one."""
    sets = [domain.labels_of(example) for example in examples]
    return [(wanted, given) for wanted, given in _pairs(sets, examples, predictions) if wanted]


def _pairs(
    sets: Sequence[Sequence[str]], examples: Sequence[Example], predictions: Sequence[Prediction]
) -> list[tuple[str, str]]:
    """Return the labels of reference and answer of each item by its closed set; both empty without the former."""
    pairs = [
        (label_in(answer_of(example.output), labels), label_in(answer_of(made.generated), labels))
        for labels, example, made in zip(sets, examples, predictions, strict=True)
    ]
    return [(wanted, given) if wanted else ("", "") for wanted, given in pairs]


def confusions(
    domain: Domain, examples: Sequence[Example], predictions: Sequence[Prediction]
) -> list[Confusion] | None:
    """Return the confusion matrix, its empty cells left out, most frequent first; None where no label is asked for.

    Where items come with closed sets of their own, as questions with options, a class means nothing over all of them.
    """
    sets = {tuple(domain.labels_of(example)) for example in examples}
    if not any(sets) or len(sets) > _MOST_SETS:
        return None
    items, answers, _ = flat(examples, predictions)
    counted = Counter(label_pairs(domain, items, answers))
    return [(wanted, given, count) for (wanted, given), count in sorted(counted.items(), key=lambda one: -one[1])]


def short_references(examples: Sequence[Example]) -> str:
    """Return the sentence on BLEU where more than half of the references are too short for it; empty otherwise."""
    short = sum(len(words(answer_of(example.output))) < _FEWEST_WORDS for example in examples)
    return SHORT.format(share=short / len(examples)) if 2 * short > len(examples) else ""


def _labels(domain: Domain, examples: Sequence[Example]) -> list[str]:
    return list(dict.fromkeys(label for example in examples for label in domain.labels_of(example)))
