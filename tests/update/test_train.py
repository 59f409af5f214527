"""A candidate is trained from the champion on the day and on replay; the same day gives the same bytes."""

import pytest
import torch
from safetensors.torch import load_file

from r1tailor import artifact, store
from r1tailor.errors import DataError
from r1tailor.records import Example
from r1tailor.update.train import CHAIN, clear, mixture_of
from tests.support.proven_days import Project, examples, selected

DAY = "2026-02-01"


def test_the_champion_is_trained_further_on_the_day_and_on_replay(learning: Project) -> None:
    day = learning.day(DAY, selected(examples(8, "new")), [])
    folder = learning.trained(day)
    saved = artifact.read(folder / "model")
    assert saved.parent == day.champion.manifest
    before, after = (
        load_file(place / "adapter_model.safetensors") for place in (day.located(learning.root).model, saved.folder)
    )
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[name], after[name]) for name in before)
    summary = store.read_json(folder / "summary.json")
    assert summary["candidate"] == saved.sha256
    assert summary["mixture"]["day"] == 8
    assert summary["mixture"].get("replay", 0) + summary["mixture"].get("written", 0) == 8
    assert "seconds" not in summary["training"]
    rate = saved.run["composition"]["optimizer"]["lr"]
    assert rate == pytest.approx(0.5 * 0.001), "update.train.lr_factor of the composition's"
    base = {example.id: example for example in learning.base()}
    for one in mixture_of(day):
        if one.origin == "replay":
            assert one.example == base[one.of]
        if one.origin == "written":
            assert (one.example.input, one.example.id) == (base[one.of].input, f"{one.of}/written")


def test_the_same_day_gives_the_same_bytes(learning: Project) -> None:
    day = learning.day(DAY, selected(examples(8, "new")), [])
    first = store.sha256_tree(learning.trained(day))
    clear(day)
    assert store.sha256_tree(learning.trained(day)) == first


def test_a_training_that_was_killed_before_the_stage_was_whole_is_not_done_again(
    learning: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = learning.day(DAY, selected(examples(8, "new")), [])
    first = store.sha256_tree(learning.trained(day))
    monkeypatch.setattr("r1tailor.training.fit.fit", lambda run: pytest.fail("it is trained already"))
    assert store.sha256_tree(learning.trained(day)) == first


def test_a_correction_that_lost_its_reasoning_teaches_no_empty_block(learning: Project) -> None:
    told = [Example(f"c{n}", "Which colour?", f"thing {n}", "blue", reasoning="because") for n in range(4)]
    day = learning.day(DAY, selected(told, "correction", original="red"), [])
    saved = artifact.read(learning.trained(day) / "model")
    assert [one.example.reasoning for one in mixture_of(day) if one.origin == "day"] == [""] * 4
    assert saved.run["composition"]["domain"]["task"]["reasoning"] == "distil", "its block is skipped by the loss"


def test_the_divergence_from_the_champion_is_an_option(learning: Project) -> None:
    day = learning.day(DAY, selected(examples(8, "new")), [], "update.train.kl=0.5")
    saved = artifact.read(learning.trained(day) / "model")
    objective = saved.run["composition"]["objective"]
    assert (objective["kind"], objective["teacher"]) == ("distillation", day.champion.version)
    assert objective["tokens"]["weight"] == pytest.approx(1 / 3)


def test_edited_answers_are_preferred_to_what_they_correct(learning: Project) -> None:
    """Next to corrections a document is a supervised example; the pairs are compared with the champion."""
    told = [Example(f"c{n}", "Which colour?", f"thing {n}", "blue", reasoning="because") for n in range(4)]
    chosen = [*selected(told, "correction", original="<think>hm</think>red"), *selected(examples(4, "new"))]
    day = learning.day(DAY, chosen, [], "update.train.kl=0", "update.train.preference={beta: 0.3, supervised: 2.0}")
    folder = learning.trained(day)
    saved = artifact.read(folder / "model")
    objective = saved.run["composition"]["objective"]
    assert objective == {"kind": "preference", "reference": day.champion.version, "beta": 0.3, "supervised": 2.0}
    mixture = [one for one in mixture_of(day) if one.origin == "day"]
    assert [one.example.rejected for one in mixture] == ["red"] * 4 + [""] * 4
    assert [one.example.reasoning for one in mixture[:4]] == [""] * 4, "the stale reasoning is masked"
    assert saved.run["composition"]["domain"]["task"]["reasoning"] == "distil"
    assert store.read_json(folder / "summary.json")["pairs"] == 4
    references = store.read_json(day.folder / ".training" / CHAIN / "references.json")
    assert sorted(references["pairs"]) == ["c0", "c1", "c2", "c3"]


def test_a_period_with_pairs_is_compared_with_the_base_that_it_starts_from(learning: Project) -> None:
    told = selected(
        [Example(f"c{n}", "Which colour?", f"thing {n}", "blue") for n in range(4)], "correction", original="red"
    )
    options = ("update.train.anew_days=1", "update.train.kl=0", "update.train.preference={beta: 0.3, supervised: 1.0}")
    folder = learning.trained(learning.day(DAY, told, [], *options))
    assert artifact.read(folder / "model").run["composition"]["objective"]["reference"] == "base"


def test_a_period_trains_anew_from_the_base_and_keeps_the_chain_to_compare(learning: Project) -> None:
    day = learning.day(DAY, selected(examples(8, "new")), [], "update.train.anew_days=1")
    folder = learning.trained(day)
    assert artifact.read(folder / "model").parent is None
    assert artifact.read(folder / CHAIN / "model").parent == day.champion.manifest
    assert store.read_json(folder / "summary.json")["anew"] is True


def test_a_day_without_anything_to_learn_is_refused(learning: Project) -> None:
    day = learning.day(DAY, [], [])
    with pytest.raises(DataError, match=f"day {DAY} selected nothing to learn"):
        learning.trained(day)
