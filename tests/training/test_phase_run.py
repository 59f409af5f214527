"""What is decided before a phase trains: its precision, its windows, and whether its parent can be trained on."""

from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import pytest

from r1tailor import artifact, config, store
from r1tailor.errors import CheckpointError, DataError
from r1tailor.training.phase_run import PhaseRun, phase_run
from tests.support.saved_models import SOME_FACTS
from tests.support.windowed import windowed

TOY = ("model=tiny_llama", "trainer.precision=fp32")
NOTHING: dict[str, Any] = {"train": [], "validation": []}


def run_in(folder: Path, *overrides: str, **given: Any) -> PhaseRun:  # noqa: ANN401
    return phase_run(config.load([*TOY, *overrides]), given.pop("parts", NOTHING), {}, config.ROOT, folder, **given)


def parent(folder: Path) -> Path:
    """Return a finished model that a phase could start from."""
    run = run_in(folder)
    with artifact.written(run.model, SOME_FACTS, run.identity) as temporary:
        (temporary / "model.safetensors").write_bytes(b"weights")
    return run.model


def test_it_is_one_frozen_value(tmp_path: Path) -> None:
    run = run_in(tmp_path, code="0.1.0")
    assert (run.model, run.checkpoints) == (tmp_path / "model", tmp_path / "checkpoints")
    assert run.metrics_file == tmp_path / "metrics.json"
    assert run.identity is run.identity, "computed once: a local model's files are hashed for it"
    with pytest.raises(FrozenInstanceError):
        run.code = "0.2.0"  # type: ignore[misc]


def test_its_precision_is_decided(tmp_path: Path) -> None:
    assert run_in(tmp_path, "trainer.precision=auto").settings.trainer.precision in ("bf16", "fp32")


def test_windows_of_one_shape_are_its_window_and_of_two_are_refused(tmp_path: Path) -> None:
    made = windowed()
    assert run_in(tmp_path, parts={"train": made, "validation": made[:2]}).window == (10, 3)
    shorter = [replace(made[0], series=made[0].series[1:])]
    with pytest.raises(DataError, match="its series has 9 steps of 3 channels"):
        run_in(tmp_path, parts={"train": made, "validation": shorter})
    assert not list(tmp_path.iterdir()), "refused before anything is written"


def test_a_sound_parent_is_taken_and_kept_in_the_identity(tmp_path: Path) -> None:
    model = parent(tmp_path / "first")
    run = run_in(tmp_path / "second", parent=model)
    assert run.parent == model
    assert run.identity["parent"] == store.sha256_file(model / store.MANIFEST)


def test_a_parent_that_is_missing_damaged_or_trained_otherwise_is_refused(tmp_path: Path) -> None:
    model = parent(tmp_path / "first")
    with pytest.raises(
        CheckpointError, match=r"it was never finished.*Phase 1-all starts from it: train the phase before"
    ):
        run_in(tmp_path / "second", parent=tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match=r"trained with other settings: model\.layers differ"):
        run_in(tmp_path / "second", "model.layers=3", parent=model)
    (model / "model.safetensors").write_bytes(b"Weights")
    with pytest.raises(CheckpointError, match="was changed after it was written"):
        run_in(tmp_path / "second", parent=model)
