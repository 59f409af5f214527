"""Subjects asked the general set: what is written, what is concluded, and what is never concluded."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from r1tailor import config, stages, store
from r1tailor.errors import DataError
from r1tailor.evaluation.ability import run
from r1tailor.evaluation.compare_models import BASE, TUNED, Subject, base_and_tuned
from r1tailor.model import load
from r1tailor.schema.settings import Settings
from tests.support.general import Picking, drawn, general
from tests.support.saved_models import SOME_FACTS, saved
from tests.support.toy_run import toy_run, toy_settings

BOTH = {BASE: "", TUNED: BASE}


def told(
    right: Sequence[int], base: Sequence[int], tuned: Sequence[int], margin: float | None = 0.03
) -> dict[str, Any]:
    """Return the result where base and tuned model picked these places."""
    settings = config.load(["model=tiny_llama"])
    ability = settings.ability.model_copy(update={"margin": margin})
    asked = drawn(right)
    scores = {
        name: [tuple(-float(n != place) for n in range(4)) for place in places]
        for name, places in ((BASE, base), (TUNED, tuned))
    }
    changed = settings.model_copy(update={"ability": ability})
    return run.summary(changed, asked, asked.items, [], scores, BOTH)


def test_equal_models_keep_their_ability_where_there_are_enough_questions() -> None:
    right = [n % 4 for n in range(1000)]
    same = [place if n % 2 else (place + 1) % 4 for n, place in enumerate(right)]
    found = told(right, same, same)
    assert found["models"][BASE]["ability"]["value"] == 0.5
    assert found["models"][TUNED]["ability_change_low"]["value"] == pytest.approx(-0.0038, abs=1e-4)
    assert found["verdict"]["non_inferior"] is True
    few = told(right[:40], same[:40], same[:40])
    assert few["verdict"]["non_inferior"] is False, "40 questions rule out no loss of 3 points"


def test_a_model_that_lost_ability_is_found_worse() -> None:
    right = [n % 4 for n in range(1000)]
    base = [place if n % 2 else (place + 1) % 4 for n, place in enumerate(right)]
    tuned = [place if n % 10 else (right[n] + 1) % 4 for n, place in enumerate(base)]
    tuned = [(place + 1) % 4 if n % 20 == 1 else place for n, place in enumerate(tuned)]
    found = told(right, base, tuned)
    change = found["comparisons"]["ability"]
    assert (change["won"], change["lost"], change["difference"]) == (0, 50, -0.05)
    assert change["high"] < 0
    assert change["p"] < 1e-9
    assert found["verdict"]["non_inferior"] is False


def test_a_base_model_that_guesses_has_nothing_to_lose() -> None:
    right = [n % 4 for n in range(1000)]
    found = told(right, [0] * 1000, [0] * 1000)
    assert found["models"][BASE]["ability"]["value"] == found["chance"]["ability"] == 0.25
    assert found["comparisons"]["ability"]["low"] > -0.03
    assert found["verdict"]["non_inferior"] is False
    assert "not shown to be better than guessing (0.250)" in found["verdict"]["why"]
    assert found["letters"][TUNED] == [1.0]


def test_without_a_margin_nothing_is_judged() -> None:
    assert "verdict" not in told([0, 1], [0, 1], [0, 1], margin=None)


def test_nothing_is_asked_by_default(settings: Callable[..., Settings], tmp_path: Path) -> None:
    metrics = {"n": 3}
    assert run.kept(settings(), base_and_tuned(tmp_path), tmp_path, tmp_path, metrics) is metrics
    assert store.read_json(tmp_path / run.RESULT) == {"n": 0}
    assert (tmp_path / run.ITEMS).read_text("utf-8") == ""
    assert not (tmp_path / "metrics.json").exists()


def asked(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subjects: Sequence[Subject]) -> Any:  # noqa: ANN401
    """Ask a base model that is always right, and others that are right on every second question."""
    models = {
        None: Picking(lambda example: example.output),
        TUNED: Picking(lambda example: example.output if int(example.id.rpartition("-")[2]) % 2 else "A"),
    }
    monkeypatch.setattr(run, "opened", lambda _settings, _root, model, precision: models[model and TUNED])
    monkeypatch.setattr(run.artifact, "read", lambda folder: SOME_FACTS)
    folder = tmp_path / "evaluation"
    folder.mkdir(exist_ok=True)
    metrics = run.kept(settings, subjects, tmp_path, folder, {"n": 3, "notes": ["first"]})
    assert all(model.reasoning == [""] * 20 for model in models.values()), "behind an empty block: nobody waits for one"
    return metrics, folder


def test_result_items_and_metrics_are_written_the_same_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = general(tmp_path, monkeypatch)
    subjects = (*base_and_tuned(tmp_path / "model"), Subject("merge", tmp_path / "merge", TUNED))
    metrics, folder = asked(settings, tmp_path, monkeypatch, subjects)
    tree = store.sha256_tree(folder)
    assert set(tree) == {run.RESULT, run.ITEMS, "metrics.json"}
    assert asked(settings, tmp_path, monkeypatch, subjects)[0] == metrics
    assert store.sha256_tree(folder) == tree
    told = store.read_json(folder / run.RESULT)
    assert told["models"][BASE]["ability_en"]["value"] == 1.0
    assert set(told["comparisons"]) == {
        *("ability", "ability_en", "ability_zh", "ability_letters", "ability_riddles"),
    }
    assert told["compared"]["merge"]["ability"]["difference"] == 0.0
    lines = [json.loads(line) for line in (folder / run.ITEMS).read_text("utf-8").splitlines()]
    assert len(lines) == told["n"] == 20
    assert all(line["base"]["picked"] == line["right"] for line in lines)
    written = store.read_json(folder / "metrics.json")
    assert written == metrics
    assert written["ability"] == {"models": told["models"], "verdict": told["verdict"]}
    assert written["notes"][0] == "first"
    assert written["notes"][1].startswith("general ability: ")
    assert set(told["models"][TUNED]) == set(settings.ability.metrics)


def test_questions_that_do_not_fit_are_listed_and_none_at_all_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = general(tmp_path, monkeypatch)
    items = run.draw(settings.ability).items
    lengths = sorted(len(one) for one in run.TokenizedParts(settings, tmp_path, {}).of([i.example for i in items]))
    limit = lengths[10]
    shorter = settings.model_copy(update={"model": settings.model.model_copy(update={"context_length": limit})})
    fitting, too_long = run._fitting(shorter, tmp_path, items)
    assert len(too_long) == sum(length > limit for length in lengths)
    assert len(fitting) + len(too_long) == 20
    none = settings.model_copy(update={"model": settings.model.model_copy(update={"context_length": 5})})
    with pytest.raises(DataError, match=r"every question is longer than model\.context_length = 5 tokens"):
        run._fitting(none, tmp_path, items)


def test_a_real_toy_is_asked_and_its_scores_are_log_probabilities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = general(tmp_path, monkeypatch, "strategy=full", "trainer.precision=fp32", "ability.most_of_a_set=3")
    model = load.load_model(settings.model, tmp_path, torch.float32, seed=5)
    for parameter in model.parameters():
        parameter.data *= 3.0 if parameter.ndim > 1 else 1.0
    saved(model, settings, tmp_path / "model")
    folder = tmp_path / "out"
    folder.mkdir()
    told = run.measure(settings, base_and_tuned(tmp_path / "model"), tmp_path, folder)
    lines = [json.loads(line) for line in (folder / run.ITEMS).read_text("utf-8").splitlines()]
    assert told["n"] == len(lines) == 6
    scores = [score for line in lines for name in (BASE, TUNED) for score in line[name]["scores"]]
    assert all(score < 0 for score in scores)
    assert [line[BASE]["scores"] for line in lines] != [line[TUNED]["scores"] for line in lines]


def test_the_first_of_equal_options_is_picked() -> None:
    assert run.picked((-2.0, -1.0, -1.0)) == 1


def test_a_version_that_is_not_shown_to_keep_its_ability_misses_a_goal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From evaluation to the registry: twenty questions show nothing, and the goals follow from the version's files."""
    monkeypatch.setattr(config, "ROOT", tmp_path)
    made = toy_run(tmp_path)
    assert store.read_json(made.evaluation / run.RESULT) == {"n": 0}
    assert "ability" not in store.read_json(made.evaluation / "metrics.json")
    asks = general(tmp_path, monkeypatch).ability
    settings = toy_settings(tmp_path).model_copy(update={"ability": asks})
    stages.evaluate(settings, made)
    stages.report(settings, made)
    version = stages.register(settings, made)
    assert [goal.split()[0] for goal in version.missed_goals] == ["ability_change_low"]
    assert version.goals[-1] == "ability_change_low"
    assert {f"evaluation/{run.RESULT}", f"evaluation/{run.ITEMS}"} <= set(version.files)
    assert "Not shown that general ability is kept" in (made.evaluation / "report.html").read_text("utf-8")
