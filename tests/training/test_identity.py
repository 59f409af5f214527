"""What makes two runs the same run: training's own settings and inputs, nothing else."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import config
from r1tailor.schema.settings import Settings
from r1tailor.training.identity import differences, identity_of

TOY = "model=tiny_llama"
DATA = {"train.jsonl": "1" * 64, "validation.jsonl": "2" * 64}


@pytest.mark.parametrize(
    "change",
    [
        "domain.title=Another",
        "domain.goals=[]",
        "evaluation.max_items=3",
        "corpus.batch_size=7",
        "trainer.checkpoints.every_steps=1",
        "trainer.checkpoints.keep=9",
        "resume=true",
        "output=outputs/runs/elsewhere",
    ],
)
def test_what_training_does_not_depend_on_is_no_part_of_it(settings: Callable[..., Settings], change: str) -> None:
    assert identity_of(settings(TOY, change), DATA) == identity_of(settings(TOY), DATA)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ("seed=9", "seed"),
        ("model.layers=3", "model.layers"),
        ("strategy.r=4", "strategy.r"),
        ("optimizer.lr=1e-5", "optimizer.lr"),
        ("scheduler.final=0.5", "scheduler.final"),
        ("curriculum.pool=3", "curriculum.phases.1-all.pool"),
        ("trainer.batch_size=3", "trainer.batch_size"),
        ("temporal.width=32", "temporal.width"),
    ],
)
def test_a_setting_of_training_is_part_of_it(settings: Callable[..., Settings], change: str, key: str) -> None:
    before, after = (identity_of(composed, DATA) for composed in (settings(TOY), settings(TOY, change)))
    assert f"composition.{key}" in differences(before, after)


def test_examples_phase_and_parent_are_part_of_it(settings: Callable[..., Settings], tmp_path: Path) -> None:
    composed = settings(TOY)
    (tmp_path / "manifest.json").write_text("{}")
    before = identity_of(composed, DATA)
    assert differences(before, identity_of(composed, DATA | {"train.jsonl": "3" * 64})) == ["data.train.jsonl"]
    assert differences(before, identity_of(composed, DATA, parent=tmp_path)) == ["parent"]


def test_local_weights_exchanged_for_others_of_equal_size_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also above 64 MiB, and where the exchange keeps the time of the last change."""
    monkeypatch.setenv("R1TAILOR_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "base"
    folder.mkdir()
    weights = folder / "model.safetensors"
    weights.touch()
    os.truncate(weights, 65 * 2**20)  # sparse
    composed = config.load(["model=local", f"model.path={folder}"])
    before, times = identity_of(composed, DATA), weights.stat()
    assert identity_of(composed, DATA) == before
    with weights.open("r+b") as file:
        file.seek(2**25)
        file.write(b"other weights")
    os.utime(weights, ns=(times.st_atime_ns, times.st_mtime_ns))
    after = identity_of(composed, DATA)
    assert weights.stat().st_size == times.st_size
    assert differences(before, after) == ["local_model.model.safetensors"]


def test_differences_are_named_by_dotted_keys() -> None:
    assert differences({"a": {"b": [1], "c": 2}}, {"a": {"b": [2], "c": 2}, "d": None}) == ["a.b"]
    assert differences({}, {"a": {"b": 1}}) == ["a"]
