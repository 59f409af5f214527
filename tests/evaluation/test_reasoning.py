"""How models think: rates, medians, cut reasoning; nothing where nobody does."""

from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len

from r1tailor import config
from r1tailor.domain import open_domain
from r1tailor.evaluation import reasoning
from r1tailor.evaluation.compare_models import base_and_tuned, summarise
from r1tailor.evaluation.metrics import Proportion
from r1tailor.evaluation.significance import compare
from r1tailor.evaluation.table import rows
from r1tailor.record_files import read_predictions, write_records
from r1tailor.records import Example, Prediction
from r1tailor.registry.goals import verdicts
from r1tailor.schema.domain import Goal

LABELS = ("cardiology", "neurology")
TASK = ("domain=generic", "domain.sources.0.path=x.jsonl", f"domain.task.labels=[{','.join(LABELS)}]")


def thought(name: str, length: int, *, cut: bool = False) -> Prediction:
    text = "<think>\nthe options are cardiology, neurology" + ("" if cut else "\n</think>\n\ncardiology")
    scored = {"block_log_likelihood": -2.0, "block_tokens": 2}
    return Prediction(name, text, -3.0, 3, "", reasoning_tokens=length, truncated="reasoning" if cut else "", **scored)


def silent(name: str) -> Prediction:
    return Prediction(name, "<think>\n\n</think>\n\ncardiology", -3.0, 3, "", reasoning_tokens=1,
                      block_log_likelihood=-1.5, block_tokens=2)  # fmt: skip


def test_rates_and_lengths_are_of_the_answers_that_think() -> None:
    base = [thought("a", 10), thought("b", 30), thought("c", 20, cut=True), silent("d")]
    tuned = [silent(name) for name in "abcd"]
    found = reasoning.measured({"base": base, "tuned": tuned})
    assert list(found["base"]) == ["think_rate", "reasoning_tokens", "truncated", "answer_cut"]
    assert {name: metric.value for name, metric in found["base"].items()} == {
        "think_rate": 0.75, "reasoning_tokens": 20.0, "truncated": 0.25, "answer_cut": 0.0
    }  # fmt: skip
    assert found["tuned"]["think_rate"].value == 0.0
    assert "reasoning_tokens" not in found["tuned"], "no length is measured where nobody thinks"
    assert isinstance(found["base"]["think_rate"], Proportion)
    difference = compare(found["base"]["think_rate"], found["tuned"]["think_rate"], 200, 0.95, 0)
    assert difference.difference == -0.75


@pytest.mark.parametrize("lengths", [[5], [1, 2], [7, 7, 1], [0, 9, 3, 4], list(range(30))])
def test_a_median_is_that_of_numpy_also_of_resamples(lengths: list[int]) -> None:
    metric = reasoning.MedianTokens(max(lengths))
    metric.update([*lengths, None])
    assert metric.value == np.median(lengths)
    weights = np.random.default_rng(0).multinomial(
        len(lengths) + 1, np.full(len(lengths) + 1, 1 / (len(lengths) + 1)), 50
    )
    drawn = [np.repeat(lengths, row[:-1]) for row in weights]
    expected = [np.median(values) if len(values) else np.nan for values in drawn]
    np.testing.assert_allclose(metric.of_sums(weights.astype(float) @ metric.rows()), expected)


def test_nothing_is_measured_where_nobody_thinks() -> None:
    plain = [Prediction("a", "cardiology", -1.0, 1, "", truncated="answer")]
    assert reasoning.measured({"base": plain, "tuned": plain}) == {"base": {}, "tuned": {}}
    assert reasoning.notes({"base": plain}, ranked=True, rank_after="reasoning") == []
    assert reasoning.lines({"base": {"perplexity": {"value": 1.0, "low": 1.0, "high": 1.0}}}) == []


def test_the_summary_holds_how_models_think_and_goals_gate_on_it(examples: list[Example]) -> None:
    settings = config.load([*TASK, "evaluation.resamples=200"])
    domain = open_domain(settings.domain, [])
    items = [Example(e.id, e.instruction, e.input, "cardiology", fields={"entities": []}) for e in examples[:8]]
    base = [thought(item.id, 40 + place, cut=place < 2) for place, item in enumerate(items)]
    tuned = [silent(item.id) for item in items]
    made = summarise(settings, domain, items, items, base_and_tuned(Path("m")), {"base": base, "tuned": tuned})
    models = made["models"]
    assert models["base"]["label_accuracy"]["value"] == 0.75, "cut reasoning is wrong though it names the label"
    assert models["base"]["reasoning_tokens"]["value"] == 43.5
    assert models["base"]["perplexity"]["value"] == pytest.approx(np.e)
    assert models["base"]["answer_perplexity"]["value"] == pytest.approx(np.e)
    assert models["tuned"]["answer_perplexity"]["value"] == pytest.approx(np.exp(1.5))
    assert "reasoning_perplexity" not in models["base"], "the references hold no reasoning"
    assert "think_rate" not in models["majority"]
    assert made["comparisons"]["think_rate"]["difference"] == -1.0
    assert [note for note in made["notes"] if "not shown" not in note][-2:] == [
        "labels are ranked after the block that the model wrote (evaluation.rank_after: reasoning)",
        "base: 2 of 8 answers did not end their reasoning within evaluation.max_reasoning_tokens",
    ]
    goals = [Goal(metric="think_rate", at_least=0.9, why="it thinks"), Goal(metric="truncated", at_most=0.1, why="w")]
    assert [verdict.met for verdict in verdicts(goals, made)] == [False, True]
    shown = reasoning.lines(models)
    assert [line.split()[0] for line in shown] == ["reasoning", "base", "tuned"]
    assert max(map(cell_len, shown)) <= 80
    assert "44 [" in shown[1]
    cells = {name: cells for name, *cells in rows(made, wide=True)}
    assert cells["reasoning_tokens"][1:] == [*["no reasoning"] * 3, "", ""], "no length is 0 where nobody thinks"
    assert cells["think_rate"][0].startswith("1.000 [")


def test_a_goal_may_name_them_and_a_misspelt_one_is_refused() -> None:
    goal = "domain.goals=[{metric: think_rate, at_least: 0.5, why: it thinks}]"
    assert config.load([*TASK, goal]).domain.goals[0].metric == "think_rate"


def test_predictions_keep_what_is_known_of_the_reasoning_and_plain_ones_are_as_they_were(tmp_path: Path) -> None:
    thinking, plain = thought("a", 7, cut=True), Prediction("b", "x", -1.0, 2, "")
    write_records(tmp_path / "p.jsonl", [thinking, plain])
    assert read_predictions(tmp_path / "p.jsonl") == [thinking, plain]
    assert (tmp_path / "p.jsonl").read_text("utf-8").splitlines()[1] == (
        '{"id": "b", "generated": "x", "log_likelihood": -1.0, "tokens": 2, "ranked": "", "label_scores": [], '
        '"scores": {}}'
    )
