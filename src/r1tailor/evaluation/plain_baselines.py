"""Plain baselines: answers that need no language model, which a tuned model has to beat.

They are made of training examples alone and scored by the domain's own metrics, as those of a model are: the most
frequent answer, the answer of the most similar training example, logistic regression where there are few distinct
answers, and what a domain knows of its own (``Domain.plain_answers``). Only metrics count for which a constant answer
is a fair comparison: the others reward the form that every training answer has.
"""

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from r1tailor.domain import Domain
from r1tailor.domain.answers import label_in
from r1tailor.domain.base import answer_of
from r1tailor.evaluation.metrics import ItemMetric, by_metric
from r1tailor.records import Example, Prediction

MAJORITY, NEAREST, LOGISTIC = "majority", "nearest", "logistic"
_TOLD = {
    MAJORITY: "always giving the most frequent training answer",
    NEAREST: "the answer of the nearest training example",
    LOGISTIC: "logistic regression on character n-grams",
}
_MOST_ANSWERS = 200  # distinct ones of which logistic regression chooses
_READ = 1000  # characters of an example
_FEATURES = 20_000  # character n-grams
_NGRAMS = (1, 3)


@dataclass(frozen=True)
class Baselines:
    """What plain baselines reach.

    Attributes:
        measured: metrics by baseline.
        notes: what people should know of them, a sentence each.
        seconds: what they took.
    """

    measured: Mapping[str, dict[str, ItemMetric]]
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
        given |= {**learnt, **domain.plain_answers(train, items)}
    measured = {name: _scored(domain, items, answers, each) for name, answers in given.items()}
    return Baselines(measured, notes, time.monotonic() - began)


def told(baseline: str) -> str:
    """Return what a baseline does, in words."""
    return _TOLD.get(baseline, baseline.replace("_", " "))


def _scored(domain: Domain, items: Sequence[Example], answers: Sequence[str], each: int) -> dict[str, ItemMetric]:
    fair = [metric for metric in domain.metrics if metric.constant_answer]
    made = [Prediction(item.id, answer, 0.0, 1, "") for item, answer in zip(items, answers, strict=True)]
    scores = [domain.scores(item, one) for item, one in zip(items, made, strict=True)]
    return by_metric(fair, [found for found in scores for _ in range(each)], each)


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
