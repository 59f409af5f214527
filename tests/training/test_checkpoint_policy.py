"""Which state a resumed run starts from, and which weights are the best; traps 29 and 30 are in tests/traps."""

import csv
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from r1tailor import artifact, config, store
from r1tailor.errors import CheckpointError
from r1tailor.inference.local import open_tuned
from r1tailor.records import Example
from r1tailor.training.checkpoint_policy import KeepBest, newest_state, remove_unfinished
from tests.support.training import trained


def state(folder: Path, step: int) -> Path:
    path = folder / f"step-{step:06d}"
    with store.replaced_folder(path, {"step": step}) as temporary:
        (temporary / "state.json").write_text("{}")
    return path


def test_the_newest_undamaged_state_is_taken_and_damaged_ones_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert newest_state(tmp_path) is None
    first, second, third = (state(tmp_path, step) for step in (2, 9, 10))
    assert newest_state(tmp_path) == third
    assert capsys.readouterr().out == ""
    (third / "state.json").write_text("[]")
    (second / store.MANIFEST).unlink()
    assert newest_state(tmp_path) == first
    said = capsys.readouterr().out
    assert f"{third}: state.json was changed after it was written" in said
    assert f"{second}: it has no manifest" in said
    (first / "state.json").unlink()
    with pytest.raises(CheckpointError, match=rf"no checkpoint can be resumed: .*Remove {tmp_path} to start over"):
        newest_state(tmp_path)


def test_what_a_killed_run_left_half_written_is_removed(tmp_path: Path) -> None:
    whole = state(tmp_path, 3)
    (tmp_path / ".step-000004.77.tmp").mkdir()
    (tmp_path / ".best.old").mkdir()  # the old best, while its successor was about to take its place
    (tmp_path / ".best.old" / "weights").touch()
    remove_unfinished(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best", whole.name]
    assert (tmp_path / "best" / "weights").exists()


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf, None])
def test_a_validation_loss_that_is_not_finite_is_never_the_best(tmp_path: Path, loss: float | None) -> None:
    trainer: Any = None
    current = None if loss is None else torch.tensor(loss)
    assert not KeepBest(tmp_path, chosen=True).check_monitor_top_k(trainer, current)


def test_where_none_are_chosen_no_weights_are_the_best(tmp_path: Path) -> None:
    best = KeepBest(tmp_path, chosen=False)
    assert (best.save_top_k, best.monitor, best.best_model_path) == (0, None, "")


@pytest.mark.filterwarnings("ignore::UserWarning:lightning", "ignore:.*LeafSpec.*:FutureWarning")
@pytest.mark.parametrize("early", [(), ("trainer.early_stopping=null",)], ids=["best", "last"])
def test_the_weights_that_are_kept_are_the_best_or_without_early_stopping_the_last(
    early: tuple[str, ...], tmp_path: Path
) -> None:
    fast = ("optimizer.lr=0.3", "trainer.max_steps=6", "trainer.validations=6", "trainer.batch_size=4")
    settings = config.load(["model=tiny_llama", "trainer.precision=fp32", "strategy=full", *fast, *early])
    examples = [Example(f"e{n}", "Which?", f"number {n}", f"answer {n % 3}") for n in range(24)]
    metrics = trained(settings, {"train": examples[:16], "validation": examples[16:]}, tmp_path)
    with (tmp_path / "plots" / "validation.csv").open() as file:
        losses = [float(row["validation_loss"]) for row in csv.DictReader(file)]
    assert min(losses) < losses[-1], "the rate is so high that the last weights are not the best"
    assert metrics["best_validation_loss"] == (losses[-1] if early else min(losses))
    answerer = open_tuned(artifact.read(tmp_path / "model"), settings, config.ROOT)
    scores = answerer.score(examples[16:])
    loss = -sum(one.log_likelihood for one in scores) / sum(one.tokens for one in scores)
    assert loss == pytest.approx(metrics["best_validation_loss"], rel=1e-3), "these are the weights that were saved"
