"""Plain baselines: answers that need no language model, which a tuned model has to beat.

They are made of training examples alone and scored by the domain's own metrics, as those of a model are: the most
frequent answer, the answer of the most similar training example, logistic regression where there are few distinct
answers, the label that the input names where most inputs name one, and what a domain knows of its own
(``Domain.plain_answers``). Only metrics count for which a constant answer is a fair comparison: the others reward the
form that every training answer has. What a constant answer reaches in those is kept for the gate.
"""

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from r1tailor.domain import Domain
from r1tailor.domain.answers import folded, label_in, place_of
from r1tailor.domain.base import answer_of
from r1tailor.evaluation.metrics import ItemMetric, by_metric
from r1tailor.records import Example, Prediction

MAJORITY, NEAREST, LOGISTIC, NAMED = "majority", "nearest", "logistic", "named"
_TOLD = {
    MAJORITY: "always giving the most frequent training answer",
    NEAREST: "the answer of the nearest training example",
    LOGISTIC: "logistic regression on character n-grams",
    NAMED: "copying the label that the input names",
}
_MOST_ANSWERS = 200  # distinct ones of which logistic regression chooses
_MOST_LABELS = 1000  # of a closed set that inputs are searched for
_READ = 1000  # characters of an example
_FEATURES = 20_000  # character n-grams
_NGRAMS = (1, 3)


@dataclass(frozen=True)
class Baselines:
    """What plain baselines reach.

    Attributes:
        measured: metrics by baseline.
        scores: of each item, by baseline.
        constant: what always giving the most frequent training answer reaches, by metric: all of the domain's.
        notes: what people should know of them, a sentence each.
        seconds: what they took.
    """

    measured: Mapping[str, dict[str, ItemMetric]]
    scores: Mapping[str, Sequence[Mapping[str, float]]] = field(default_factory=dict)
    constant: Mapping[str, float] = field(default_factory=dict)
    notes: Sequence[str] = ()
    seconds: float = 0.0


def baselines(domain: Domain, train: Sequence[Example], items: Sequence[Example], most: int, each: int) -> Baselines:
    """Return what every plain baseline of a domain scores on held-out items.

    Args:
        domain: scores the answers.
        train: examples that the baselines are made of.
        items: the held-out ones.
        most: how many of ``train`` are compared; 0 leaves all but the most frequent answer out.
        each: how often a model answers an item; a baseline's answer counts as often.
    """
    began = time.monotonic()
    fair = [metric for metric in domain.metrics if metric.constant_answer]
    given: dict[str, Sequence[str]] = {MAJORITY: [domain.majority_answer(train)] * len(items)} if train else {}
    notes: list[str] = []
    if fair and items and train and most:
        learnt, notes = _learnt(domain, train[:most], items, of=len(train))
        given |= {**learnt, **_named(domain, items, given[MAJORITY]), **domain.plain_answers(train, items)}
    scores = {name: _scores(domain, items, answers) for name, answers in given.items()}
    measured = {
        name: by_metric(fair, [one for one in found for _ in range(each)], each) for name, found in scores.items()
    }
    constant = _means(scores[MAJORITY]) if train and given[MAJORITY][:1] != [""] else {}
    names = {metric.name for metric in fair}
    kept = {
        name: [{key: score for key, score in one.items() if key in names} for one in found]
        for name, found in scores.items()
    }
    return Baselines(measured, kept, constant, notes, time.monotonic() - began)


def told(baseline: str) -> str:
    """Return what a baseline does, in words."""
    return _TOLD.get(baseline, baseline.replace("_", " "))


def named_label(domain: Domain, item: Example) -> str:
    """Return the one label of its closed set that an item's input names; empty where it names none or several.

    Labels of single letters name options, and every input names them all.
    """
    labels = domain.labels_of(item)
    if len(labels) > _MOST_LABELS or all(len(label) == 1 and label.isascii() for label in labels):
        return ""
    asked, found = folded(item.asked), ""
    for label in labels:
        if place_of(folded(label), asked) >= 0:
            if found:
                return ""
            found = label
    return found


def _named(domain: Domain, items: Sequence[Example], otherwise: Sequence[str]) -> dict[str, Sequence[str]]:
    """Return the labels that inputs name as a baseline, where at least half of the inputs name one."""
    named = [named_label(domain, item) for item in items]
    if 2 * sum(map(bool, named)) < len(items):
        return {}
    return {NAMED: [label or other for label, other in zip(named, otherwise, strict=True)]}


def _scores(domain: Domain, items: Sequence[Example], answers: Sequence[str]) -> list[dict[str, float]]:
    made = [Prediction(item.id, answer, 0.0, 1, "") for item, answer in zip(items, answers, strict=True)]
    return [domain.scores(item, one) for item, one in zip(items, made, strict=True)]


def _means(scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for one in scores for name in one)
    return {name: fmean(one[name] for one in scores if name in one) for name in names}


def _learnt(
    domain: Domain, train: Sequence[Example], items: Sequence[Example], of: int
) -> tuple[dict[str, Sequence[str]], list[str]]:
    """Return the answers of the baselines that compare texts, and what is to be told of them."""
    notes = []
    if len(train) < of:
        notes.append(f"plain baselines compare {len(train):,} of {of:,} training examples (evaluation.plain_baselines)")
    rows = _rows([_text(example) for example in (*train, *items)], len(train))
    known, asked = rows[: len(train)], rows[len(train) :]
    nearest = [int(place) for place in (asked @ known.T).toarray().argmax(axis=1)]
    answers: dict[str, Sequence[str]] = {NEAREST: [train[place].output for place in nearest]}
    classes = [_class(domain, example) for example in train]
    distinct = len(set(classes))
    if distinct > _MOST_ANSWERS:
        notes.append(
            f"no logistic regression over whole answers: the training examples have {distinct:,} distinct ones, more "
            f"than {_MOST_ANSWERS}"
        )
    elif distinct > 1:
        answers[LOGISTIC] = _regressed(known, classes, asked)
    return answers, notes


def _text(example: Example) -> str:
    """Return what an example asks, its end: the question follows the turns before it."""
    return f"{example.instruction}\n{example.asked[-_READ:]}"


def _class(domain: Domain, example: Example) -> str:
    """Return the label of a closed set that a reference names; its text where there is no set."""
    answer = answer_of(example.output)
    return label_in(answer, domain.labels_of(example)) or answer


def _rows(texts: Sequence[str], fitted: int) -> Any:  # noqa: ANN401 - a sparse matrix of scipy
    """Return unit rows [texts, n-grams] of tf-idf, whose n-grams and weights are those of the first texts."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    # Importing scikit-learn takes seconds, which only an evaluation should spend.
    counted = TfidfVectorizer(analyzer="char", ngram_range=_NGRAMS, max_features=_FEATURES, sublinear_tf=True)
    counted.fit(texts[:fitted])
    return counted.transform(texts)


def _regressed(known: Any, classes: Sequence[str], asked: Any) -> list[str]:  # noqa: ANN401
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a few steps more do not change a baseline
        found = LogisticRegression(C=10.0, max_iter=100).fit(known, classes).predict(asked)
    return [str(answer) for answer in found]
