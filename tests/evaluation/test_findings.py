"""What makes figures worth nothing is found, said in words, and passes no goal: planted one by one."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from r1tailor import config
from r1tailor.domain import Domain, open_domain
from r1tailor.evaluation.compare_models import base_and_tuned, summarise
from r1tailor.evaluation.learnt import sentences
from r1tailor.records import Example, Prediction, Sample
from r1tailor.registry.goals import verdicts
from r1tailor.schema.settings import Settings

LABELS = ("alpha", "beta", "gamma", "delta")
GOAL = "domain.goals=[{metric: label_accuracy, at_least: 0.2, why: useful}]"
TASK = ("domain=generic", "domain.sources.0.path=x.jsonl", f"domain.task.labels=[{','.join(LABELS)}]", GOAL)
Answered = Callable[..., dict[str, Any]]


def _settings(*overrides: str) -> Settings:
    return config.load([*TASK, "evaluation.resamples=100", "evaluation.plain_baselines=0", *overrides])


def _items(labels: Sequence[str], *, leaked: bool = False) -> list[Example]:
    return [
        Example(f"e{n}", "Name the group.", f"item {n}" + f" ({label})" * leaked, label, fields={"entities": []})
        for n, label in enumerate(labels)
    ]


def _said(items: Sequence[Example], answers: Sequence[str], *, cut: Sequence[bool] = ()) -> list[Prediction]:
    parts = ["answer" if place < len(cut) and cut[place] else "" for place in range(len(items))]
    return [
        Prediction(item.id, answer, -1.0, 3, "", truncated=part)
        for item, answer, part in zip(items, answers, parts, strict=True)
    ]


def _base(items: Sequence[Example]) -> list[Prediction]:
    return [Prediction(item.id, "well, that depends", -9.0, 3, "") for item in items]


def _evaluated(
    settings: Settings, train: Sequence[Example], items: Sequence[Example], tuned: Sequence[Prediction],
    base: Sequence[Prediction] | None = None,
) -> dict[str, Any]:  # fmt: skip
    domain: Domain = open_domain(settings.domain, [])
    predictions = {"base": base or _base(items), "tuned": list(tuned)}
    return summarise(settings, domain, train, items, base_and_tuned(Path("m")), predictions)


def _kinds(made: dict[str, Any]) -> list[str]:
    return [one["kind"] for one in made["findings"]]


def _goal_met(settings: Settings, made: dict[str, Any]) -> bool:
    (verdict,) = verdicts(settings.domain.goals, made)
    assert verdict.reached, "the threshold alone would let it pass"
    return verdict.met


def test_where_only_the_majority_can_be_learnt_nothing_is_shown() -> None:
    """Labels that follow from nothing: what a model can learn is the majority, or noise around it."""
    draw = np.random.default_rng(5)
    labels = draw.choice(LABELS, 200, p=[0.7, 0.1, 0.1, 0.1]).tolist()
    train, items = _items(labels[:100]), _items(labels[100:])
    settings = _settings()
    noisy = ["alpha" if draw.random() < 0.9 else str(draw.choice(LABELS)) for _ in items]
    for answers in (["alpha"] * 100, noisy):
        made = _evaluated(settings, train, items, _said(items, answers))
        assert made["comparisons"]["label_accuracy"]["p"] < 1e-9, "against prose it looks like a success"
        assert [one["verdict"] for one in made["verdicts"]] != ["learnt"]
        assert not _goal_met(settings, made)
        said = sentences(made)[0]
        assert said.startswith(("label_accuracy: not shown.", "label_accuracy: worse."))
        assert "always giving the most frequent training answer" in said


def test_one_answer_for_nearly_every_item_is_said_and_stops_the_goals() -> None:
    items, settings = _items(LABELS * 15), _settings()
    answers = ["alpha"] * 58 + ["beta", "gamma"]
    train = _items(["delta"] * 5 + ["alpha"])  # the constant answer is not that of the baseline
    made = _evaluated(settings, train, items, _said(items, answers))
    (found,) = made["findings"]
    assert found["kind"] == "constant_answer"
    assert {"label_accuracy", "exact_match", "bleu"} <= set(found["metrics"])
    assert "perplexity" not in found["metrics"]
    said = "one answer for nearly every item: “alpha” is 58 of the 60 answers of the tuned model"
    assert any(sentence.startswith(said) for sentence in sentences(made))
    assert not _goal_met(settings, made)
    varied = _evaluated(settings, train, items, _said(items, [item.output for item in items]))
    assert varied["findings"] == []
    assert _goal_met(settings, varied)


def test_answers_as_uniform_as_the_references_are_no_finding() -> None:
    items, settings = _items(["alpha"] * 97 + ["beta"] * 3), _settings()
    made = _evaluated(settings, items[:5], items, _said(items, [item.output for item in items]))
    assert _kinds(made) == []


def test_no_answer_at_all_is_one_answer_too() -> None:
    items = _items(LABELS * 5)
    made = _evaluated(_settings(), items, items, _said(items, ["I cannot say"] * 20))
    (found,) = made["findings"]
    assert found["sentence"].startswith("one answer for nearly every item: no answer is 20 of the 20 answers")


def test_an_adapter_that_was_not_applied_is_said_and_passes_no_goal() -> None:
    items = _items(LABELS * 10)
    answers = [item.output for item in items]
    settings = _settings("domain.goals=[{metric: label_accuracy, at_least: 0.2, floor: true, why: useful}]")
    made = _evaluated(settings, items[:3], items, _said(items, answers), base=_said(items, answers))
    assert "equals_base" in _kinds(made)
    assert sentences(made)[1].startswith("tuned equals base: on all 40 items")
    assert not _goal_met(settings, made), "not even as a floor"
    goals = _settings("domain.goals=[{metric: perplexity, at_most: 9, floor: true, why: useful}]").domain.goals
    assert [verdict.met for verdict in verdicts(goals, made)] == [False], "no goal at all"
    moved = [Prediction(one.id, one.generated, -0.9, 3, "") for one in _said(items, answers)]
    assert "equals_base" not in _kinds(_evaluated(settings, items, items, moved, base=_said(items, answers)))


def test_answers_that_were_cut_are_said_and_count_as_wrong() -> None:
    items, settings = _items(LABELS * 10), _settings("domain.goals=[{metric: label_accuracy, at_least: 0.9, why: w}]")
    answers = [item.output for item in items]
    few = _evaluated(settings, items[:3], items, _said(items, answers, cut=[True]))
    assert sentences(few)[1].startswith("1 of 40 answers of the tuned model were cut: 1 within the answer")
    assert _goal_met(settings, few), "39 of 40 are right in any case"
    many = _evaluated(settings, items[:3], items, _said(items, answers, cut=[True] * 10))
    (found,) = many["findings"]
    assert found["worst"]["label_accuracy"] == (0.75, 1.0)
    assert "bleu" in found["metrics"], "a corpus metric cannot leave them out"
    assert not _goal_met(settings, many)
    assert str(verdicts(settings.domain.goals, many)[0]).endswith("0.750 if each counts as the worst there is")
    inside = [Prediction(item.id, item.output, -1.0, 3, "", truncated="reasoning") for item in items]
    (found,) = _evaluated(settings, items[:3], items, inside)["findings"]
    assert "40 within their reasoning" in found["sentence"]
    assert found["worst"] == {}, "a block that was closed by force has its answer, one that was not is wrong"


def test_each_of_several_answers_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    items = _items(LABELS * 5)
    settings = _settings("evaluation.samples=2", "evaluation.temperature=0.5")
    twice = [
        Prediction(item.id, item.output, -1.0, 3, "", samples=(Sample("alpha", truncated="answer"),)) for item in items
    ]
    base = [Prediction(item.id, "hm", -9.0, 3, "", samples=(Sample("hm"),)) for item in items]
    made = _evaluated(settings, items[:3], items, twice, base=base)
    (found,) = made["findings"]
    assert found["sentence"].startswith("20 of 40 answers of the tuned model were cut")
    assert found["worst"]["label_accuracy"] == (0.5, 1.0)


def test_a_label_that_the_input_gives_away_is_said_and_has_to_be_beaten() -> None:
    items = _items(LABELS * 10, leaked=True)
    settings = _settings("evaluation.plain_baselines=100")
    made = _evaluated(settings, items[:12], items, _said(items, [item.output for item in items]))
    assert made["models"]["named"]["label_accuracy"]["value"] == 1.0
    assert [one["verdict"] for one in made["verdicts"]] == ["not shown"]
    said = sentences(made)
    assert any(one.startswith("a leaked label: the inputs of 40 of 40 items name one label") for one in said)
    assert any(one.startswith("copying the label that the input names reaches ") for one in said)
    assert not _goal_met(settings, made)


def test_a_code_in_the_input_that_stands_for_the_label_is_found_by_the_baselines() -> None:
    codes = dict(zip(LABELS, ("Q17", "W23", "Z42", "K08"), strict=True))
    plain = _items(LABELS * 10)
    items = [Example(e.id, e.instruction, f"{codes[e.output]} note", e.output, fields={"entities": []}) for e in plain]
    settings = _settings("evaluation.plain_baselines=100")
    made = _evaluated(settings, items[:12], items, _said(items, [item.output for item in items]))
    assert [one["verdict"] for one in made["verdicts"]] == ["not shown"]
    assert any("without a language model: the input gives the answer away" in one for one in sentences(made))


def test_metrics_without_a_value_are_said() -> None:
    items = _items(LABELS * 5)
    made = _evaluated(_settings(), items, items, _said(items, [item.output for item in items]))
    said = "not measured on any held-out item, so that no goal on it is met: entity_coverage"
    assert said in sentences(made)
