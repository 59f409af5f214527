"""Every metric against an outside reference, in parts, and over two processes."""

import math
import random
from collections.abc import Callable, Sequence
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest
import sacrebleu
import torch
from sklearn.metrics import accuracy_score
from torchmetrics import Metric
from torchmetrics.text import Perplexity as TheirPerplexity

from r1tailor import config
from r1tailor.domain import Domain, ScoredMetric
from r1tailor.evaluation.metrics import KINDS, Bleu, ItemMetric, Mean, Perplexity, Proportion, measure
from r1tailor.evaluation.significance import compare, interval
from r1tailor.records import Example, Prediction
from tests.support.processes import in_processes

WORDS = ["the", "cat", "sat", "on", "a", "mat", "and", "it", "was", "not", "so", "good", "today"]


def answered(references: Sequence[str], answers: Sequence[str]) -> tuple[list[Example], list[Prediction]]:
    return (
        [Example(str(i), "", "", reference) for i, reference in enumerate(references)],
        [Prediction(str(i), answer, -1.0, 1, "") for i, answer in enumerate(answers)],
    )


def mean_of(*scores: float | None) -> Mean:
    metric = Mean()
    metric.update(scores)
    return metric


def proportion_of(*scores: float | None) -> Proportion:
    metric = Proportion()
    metric.update(scores)
    return metric


class Plain(Domain):
    """Scores nothing."""

    metrics: tuple[ScoredMetric, ...] = ()

    def examples(self) -> Any:  # noqa: ANN401
        return iter(())

    def labels(self) -> tuple[str, ...]:
        return ()

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        return {}

    def majority_answer(self, train: Sequence[Example]) -> str:
        return "yes"


class TwoTasks(Plain):
    """Even items are scored by one metric, odd ones by another; the third scores none."""

    metrics = (
        ScoredMetric("right", "proportion"),
        ScoredMetric("score", "mean"),
        ScoredMetric("absent", "mean"),
    )

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        return {"score": 0.25} if int(example.id) % 2 else {"right": float(prediction.generated == "yes")}


@pytest.mark.parametrize(
    ("language", "references", "answers"),
    [
        ("en", ["the cat sat on the mat.", "it's 38.5 C now"], ["the cat sat on a mat.", "it is 38.5 C now"]),
        ("en", ["the cat sat on the mat today"], ["the cat sat"]),
        ("en", ["one two three four five"], ["one two six four five"]),
        ("en", ["one two three four five"], ["five four three two one"]),
        ("en", ["a b c d e"], ["v w x y z"]),
        ("en", ["a b c d e", "p q r s"], ["", ""]),
        ("en", ["yes"], ["yes"]),
        ("en", ["yes it is so"], ["<think>\nyes it is so\n</think>\n\nyes it is so"]),
        ("zh", ["患者发热38.5度,咳嗽两天", "无异常"], ["患者发热38.5度,咳嗽三天", "没有异常"]),
        ("zh", ["高血压二级"], ["糖尿病一型"]),
    ],
)
def test_bleu_is_sacrebleus(language: str, references: list[str], answers: list[str]) -> None:
    measured = measure(Plain(config.load([]).domain, ()), *answered(references, answers), language)["bleu"]
    cut = [answer.rpartition("</think>")[2].strip() for answer in answers]
    expected = sacrebleu.corpus_bleu(cut, [references], tokenize="zh" if language == "zh" else "13a").score
    assert measured.value == pytest.approx(expected, abs=1e-9)
    resampled = measured.of_sums(np.stack([measured.rows().sum(axis=0)] * 3))
    assert resampled.tolist() == pytest.approx([expected] * 3)


def test_bleu_takes_an_answer_for_each_reference() -> None:
    with pytest.raises(ValueError, match="1 answers and 2 references"):
        Bleu("en").update(["yes"], ["yes", "no"])


def test_perplexity_weighs_tokens_and_not_items() -> None:
    made = [Prediction("a", "", -6.0, 2, ""), Prediction("b", "", -2.0, 6, "")]
    items = [Example(name, "", "", "x") for name in "ab"]
    measured = measure(Plain(config.load([]).domain, ()), items, made, "en")["perplexity"]
    assert measured.value == pytest.approx(math.exp(8 / 8))


def test_an_interval_that_no_float_holds_is_not_defined() -> None:
    """Three references of nearly one loss: the bootstrap-t of so few is without bounds."""
    metric = Perplexity()
    metric.update([-10.0, -10.1, -300.0], [10, 10, 60])
    assert metric.value > 1
    assert all(map(math.isnan, metric.bounds(500, 0.95, 1)))


def test_perplexity_is_that_of_torchmetrics_over_the_same_tokens() -> None:
    generator = torch.Generator().manual_seed(3)
    answers = [torch.randint(0, 50, (n,), generator=generator) for n in (3, 9, 1, 5)]
    logits = [torch.randn(len(answer), 50, generator=generator, dtype=torch.float64) for answer in answers]
    chosen = [table.log_softmax(-1).gather(1, ids[:, None]) for table, ids in zip(logits, answers, strict=True)]
    ours, theirs = Perplexity(), TheirPerplexity().set_dtype(torch.float64)
    ours.update([float(values.sum()) for values in chosen], [len(answer) for answer in answers])
    for table, answer in zip(logits, answers, strict=True):
        theirs.update(table[None], answer[None])
    assert ours.value == pytest.approx(float(theirs.compute()), rel=1e-12)


def test_a_score_is_the_mean_over_items() -> None:
    scores = np.random.default_rng(1).random(50)
    assert mean_of(0.25, 0.5, 1.0).value == pytest.approx(7 / 12)
    assert mean_of(*scores.tolist()).value == pytest.approx(scores.mean(), rel=1e-14)


def test_a_proportion_is_scikit_learns_accuracy() -> None:
    labels, answers = (np.random.default_rng(seed).integers(0, 3, 40) for seed in (1, 2))
    found = proportion_of(*(labels == answers).astype(float).tolist())
    assert found.value == pytest.approx(accuracy_score(labels, answers), rel=1e-14)


def test_a_metric_is_that_of_the_items_it_scores() -> None:
    items, made = answered(["yes"] * 6, ["yes", "", "yes", "", "no", ""])
    found = measure(TwoTasks(config.load([]).domain, ()), items, made, "en")
    assert set(found) == {"perplexity", "bleu", "right", "score"}
    assert (found["right"].value, found["score"].value) == (pytest.approx(2 / 3), 0.25)
    alone = interval(proportion_of(1.0, 1.0, 0.0), 200, 0.95, 1)
    assert interval(found["right"], 200, 0.95, 1) == alone  # Wilson's over three items
    better = proportion_of(1.0, None, 1.0, None, 1.0, None)
    assert compare(found["right"], better, 200, 0.95, 1).difference == pytest.approx(1 / 3)


def test_every_kind_that_a_domain_may_declare_has_its_class() -> None:
    declared = set(get_args(get_type_hints(ScoredMetric)["kind"]))
    assert set(KINDS) == declared - {"corpus"}, "which a domain's own evaluation computes: tests/evaluation/market"
    items, made = answered(["yes"] * 2, ["yes", "no"])
    found = measure(TwoTasks(config.load([]).domain, ()), items, made, "en")
    assert {name: type(metric) for name, metric in found.items()} == {
        "perplexity": Perplexity,
        "bleu": Bleu,
        "right": Proportion,
        "score": Mean,
    }
    assert all(isinstance(metric, Metric) for metric in found.values())
    assert {metric._reductions["statistics"].__name__ for metric in found.values()} == {"dim_zero_cat"}


def _texts(seed: int) -> list[str]:
    draw = random.Random(seed)
    return [" ".join(draw.choices(WORDS, k=draw.randint(0, 9))) for _ in range(21)]


ANSWERS, REFERENCES = _texts(1), _texts(2)
LIKELIHOODS = [-float(value) for value in np.random.default_rng(3).random(21) * 9]
SCORES = [None if number % 5 == 3 else number / 21 for number in range(21)]
RIGHT = [None if number % 5 == 3 else float(number % 3 > 0) for number in range(21)]
METRICS: dict[str, tuple[Callable[[], ItemMetric], Callable[[Any, list[int]], None]]] = {
    "bleu": (
        lambda: Bleu("en"),
        lambda metric, items: metric.update([ANSWERS[i] for i in items], [REFERENCES[i] for i in items]),
    ),
    "perplexity": (
        Perplexity,
        lambda metric, items: metric.update([LIKELIHOODS[i] for i in items], [1 + i % 4 for i in items]),
    ),
    "mean": (Mean, lambda metric, items: metric.update([SCORES[i] for i in items])),
    "proportion": (Proportion, lambda metric, items: metric.update([RIGHT[i] for i in items])),
}
EVERY = list(range(21))


def updated(name: str, *parts: list[int]) -> ItemMetric:
    made, update = METRICS[name]
    metric = made()
    for part in parts:
        update(metric, part)
    return metric


def figures(name: str, metric: ItemMetric) -> tuple[object, ...]:
    """Return everything that is reported of a metric, compared with a model that answered in reverse."""
    return interval(metric, 100, 0.95, 1), compare(metric, updated(name, EVERY[::-1]), 100, 0.95, 1)


@pytest.mark.parametrize("name", METRICS)
def test_updates_in_parts_are_one_update(name: str) -> None:
    whole = updated(name, EVERY)
    parts = updated(name, EVERY[:8], [], EVERY[8:9], EVERY[9:])
    assert figures(name, parts) == figures(name, whole)
    assert whole.value != 0


@pytest.mark.parametrize("name", METRICS)
def test_the_order_of_items_does_not_matter_for_the_value(name: str) -> None:
    shuffled = random.Random(4).sample(EVERY, len(EVERY))
    assert updated(name, shuffled).value == pytest.approx(updated(name, EVERY).value, rel=1e-12)


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("cut", [8, 21], ids=["shared out", "one process has no items"])
def test_two_processes_have_the_figures_of_one_to_the_last_digit(name: str, cut: int) -> None:
    """Value, interval, difference and p-value, so that the rows stand in the order of one process too."""

    def work(rank: int) -> tuple[object, ...]:
        mine = [EVERY[:cut], EVERY[cut:]][rank]
        metric, reverse = updated(name, *([mine] if mine else [])), updated(name, EVERY[::-1] if rank == 0 else [])
        found = interval(metric, 100, 0.95, 1), compare(metric, reverse, 100, 0.95, 1)
        assert sum(len(rows) for rows in metric.statistics) == len(mine), "a process keeps its own rows"
        return found

    first, second = in_processes(work)
    assert first == second == figures(name, updated(name, EVERY))


@pytest.mark.parametrize("name", METRICS)
def test_without_items_there_is_no_value_and_no_interval(name: str) -> None:
    found = interval(updated(name, []), 100, 0.95, 1)
    assert found.value == 0 if name == "bleu" else math.isnan(found.value)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    p = compare(updated(name, []), updated(name, []), 100, 0.95, 1).p
    assert p == 1.0 if name == "bleu" else math.isnan(p), "nothing has no p-value"
