"""Base against tuned: predictions are those of the plain model, and the summary holds every comparison."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from r1tailor import config
from r1tailor.domain import open_domain
from r1tailor.evaluation import scores
from r1tailor.evaluation.compare_models import (
    Subject,
    _plain,
    _scored,
    _write_scores,
    base_and_tuned,
    held_out,
    summarise,
)
from r1tailor.evaluation.metrics import KINDS, Mean
from r1tailor.evaluation.significance import compare
from r1tailor.records import Example, Prediction
from r1tailor.registry.goals import verdicts
from r1tailor.schema.settings import Settings

LABELS = ("alpha", "beta", "gamma", "delta")


def test_the_summary_holds_every_model_with_intervals_and_the_paired_comparisons(examples: list[Example]) -> None:
    task = ["domain=generic", "domain.sources.0.path=x.jsonl", f"domain.task.labels=[{','.join(LABELS)}]"]
    settings = config.load([*task, "evaluation.resamples=200"])
    domain = open_domain(settings.domain, [])
    items = [Example(e.id, e.instruction, e.input, e.output, fields={"entities": [e.output]}) for e in examples]
    wrong = [Prediction(e.id, "alpha", -9.0, 3, "beta") for e in items]
    right = [Prediction(e.id, e.output, -1.0, 3, e.output) for e in items]
    made = summarise(settings, domain, items[:5], items, base_and_tuned(Path("model")), {"base": wrong, "tuned": right})
    assert made["n"] == 40
    assert made["models"].keys() == {"base", "tuned", "majority", "nearest", "logistic"}
    assert {tuple(entry) for model in made["models"].values() for entry in model.values()} == {("value", "low", "high")}
    assert {tuple(entry) for entry in made["comparisons"].values()} == {("difference", "low", "high", "p")}
    tuned, base = made["models"]["tuned"], made["models"]["base"]
    assert tuned.keys() == base.keys()
    assert (tuned["label_accuracy"]["value"], base["label_accuracy"]["value"]) == (1.0, 0.25)
    assert tuned["perplexity"]["value"] == pytest.approx(math.exp(1 / 3))
    assert made["models"]["majority"].keys() == {"exact_match", "label_accuracy"}
    assert made["models"]["majority"]["exact_match"]["value"] == 0.25, "always alpha"
    assert made["comparisons"].keys() == tuned.keys() | {"label_accuracy_against_base_ranked"}
    assert made["comparisons"]["label_accuracy"]["difference"] == 0.75
    assert made["comparisons"]["label_accuracy_against_base_ranked"]["difference"] == 0.75
    for name, entry in made["comparisons"].items():
        assert entry["low"] <= entry["difference"] <= entry["high"], name


def test_further_subjects_are_compared_with_the_reference_they_name(examples: list[Example]) -> None:
    task = ["domain=generic", "domain.sources.0.path=x.jsonl", f"domain.task.labels=[{','.join(LABELS)}]"]
    settings = config.load([*task, "evaluation.resamples=200"])
    domain = open_domain(settings.domain, [])
    items = [Example(e.id, e.instruction, e.input, e.output, fields={"entities": [e.output]}) for e in examples]
    wrong = [Prediction(e.id, "alpha", -9.0, 3, "beta") for e in items]
    right = [Prediction(e.id, e.output, -1.0, 3, e.output) for e in items]
    subjects = (
        *base_and_tuned(Path("model")),
        Subject("int8", Path("int8"), reference="tuned"),
        Subject("text", Path("text"), reference="base"),
    )
    predictions = {"base": wrong, "tuned": right, "int8": wrong, "text": right}
    made = summarise(settings, domain, items[:5], items, subjects, predictions)
    assert list(made["models"]) == ["base", "tuned", "int8", "text", "majority", "nearest", "logistic"]
    int8, text = made["compared"]["int8"], made["compared"]["text"]
    assert (int8["reference"], text["reference"]) == ("tuned", "base")
    assert int8["comparisons"]["label_accuracy"]["difference"] == -0.75
    assert int8["comparisons"]["label_accuracy_against_tuned_ranked"]["difference"] == -0.75
    assert text["comparisons"] == made["comparisons"]


def test_held_out_items_are_spread_over_dates_and_tasks(
    settings: Callable[..., Settings], parts: dict[str, list[Example]]
) -> None:
    some = held_out(settings("domain=finance", "evaluation.max_items=20"), parts["test"])
    assert [sum(e.fields["task"] == task for e in some) for task in ("risk", "trend")] == [10, 10]
    dates = sorted(e.available_at for e in parts["test"])
    for task in ("risk", "trend"):
        of_task = [e.available_at for e in some if e.fields["task"] == task]
        assert (of_task[0], of_task[-1]) == (dates[0], dates[-1])
    assert held_out(settings("evaluation.max_items=3"), parts["test"]) == parts["test"][:3]


def test_a_constant_answer_is_not_shown_to_be_better_than_the_majority(examples: list[Example]) -> None:
    """Trap 53: it beats a base model that answers in prose, and shows nothing."""
    task = ["domain=generic", "domain.sources.0.path=x.jsonl", f"domain.task.labels=[{','.join(LABELS)}]"]
    goal = "domain.goals=[{metric: label_accuracy, at_least: 0.2, why: useful}]"
    settings = config.load([*task, goal, "evaluation.resamples=200", "evaluation.plain_baselines=0"])
    domain = open_domain(settings.domain, [])
    items = [Example(e.id, e.instruction, e.input, e.output, fields={"entities": [e.output]}) for e in examples]
    base = [Prediction(e.id, "well, that depends", -9.0, 3, "beta") for e in items]
    constant = [Prediction(e.id, "alpha", -1.0, 3, "alpha") for e in items]
    right = [Prediction(e.id, e.output, -1.0, 3, e.output) for e in items]
    made, useful = (
        summarise(settings, domain, items[:5], items, base_and_tuned(Path("m")), {"base": base, "tuned": tuned})
        for tuned in (constant, right)
    )
    assert made["comparisons"]["label_accuracy"]["p"] < 0.01
    assert made["against_plain"]["label_accuracy"]["difference"] == 0
    assert [one["verdict"] for one in (*made["verdicts"], *useful["verdicts"])] == ["not shown", "learnt"]
    (verdict,) = verdicts(settings.domain.goals, made)
    assert str(verdict) == "label_accuracy 0.250, goal >= 0.2: met, but 40 of 40 answers are one and the same"
    assert not verdict.met
    (verdict,) = verdicts(settings.domain.goals, useful)
    said = "always giving the most frequent training answer meets it too (0.250)"
    assert str(verdict) == f"label_accuracy 1.000, goal >= 0.2: met; {said}"


def test_the_figures_follow_from_the_scores_per_item(examples: list[Example], tmp_path: Path) -> None:
    """Values, differences and p-values of metrics of items, and perplexity, computed again from scores.parquet."""
    task = ["domain=generic", "domain.sources.0.path=x.jsonl", f"domain.task.labels=[{','.join(LABELS)}]"]
    settings = config.load([*task, "evaluation.resamples=200"])
    domain = open_domain(settings.domain, [])
    items = [Example(e.id, e.instruction, e.input, e.output, fields={"entities": [e.output]}) for e in examples]
    base = [Prediction(e.id, LABELS[n % 3], -9.0, 3, "beta", (-2.0, -1.0, -3.0, -3.0)) for n, e in enumerate(items)]
    tuned = [Prediction(e.id, LABELS[n % 4], -1.0, 3, e.output, (-1.0, -2.0, -3.0, -3.0)) for n, e in enumerate(items)]
    predictions = {name: _scored(domain, items, made) for name, made in {"base": base, "tuned": tuned}.items()}
    plain = _plain(settings, domain, items[:8], items, predictions)
    _write_scores(tmp_path / scores.FILE, items, predictions, plain)
    made = summarise(settings, domain, items[:8], items, base_and_tuned(Path("m")), predictions, plain)
    found = scores.read(tmp_path / scores.FILE)
    assert found.subjects == ["base", "tuned", "majority", "nearest", "logistic"]
    options = (200, settings.evaluation.confidence, settings.seed)
    kinds = {metric.name: KINDS[metric.kind] for metric in domain.metrics} | {"ranked_brier": Mean}
    for name, kind in kinds.items():
        _, first, second = found.paired(name, "base", "tuned")
        pair = kind(), kind()
        for metric, values in zip(pair, (first, second), strict=True):
            metric.update(list(values))
        assert compare(*pair, *options).as_dict() == made["comparisons"][name], name
    likelihoods, tokens = (np.array(list(found.of("tuned", name).values())) for name in ("log_likelihood", "tokens"))
    assert math.exp(-likelihoods.sum() / tokens.sum()) == pytest.approx(made["models"]["tuned"]["perplexity"]["value"])
    assert set(found.of("tuned", "cut").values()) == {0.0}
