"""A folder's run is recognised: finished, interrupted, or another; changed code is reported and refuses nothing."""

from pathlib import Path
from typing import Any

import pytest

from r1tailor import artifact, config, store
from r1tailor.errors import CheckpointError
from r1tailor.training.phase_run import PhaseRun, phase_run
from r1tailor.training.resume import CODE, code_versions, finished, state_to_resume
from tests.support.saved_models import SOME_FACTS

DATA = {"train.jsonl": "1" * 64}
TOY = ("model=tiny_llama", "trainer.precision=fp32")


def run_in(folder: Path, *overrides: str, code: str = "0.1.0 (aaa)", data: dict[str, str] = DATA) -> PhaseRun:
    parts: dict[str, Any] = {"train": [], "validation": []}
    return phase_run(config.load([*TOY, *overrides]), parts, data, config.ROOT, folder, code=code)


def finish(run: PhaseRun) -> None:
    """Leave what a finished run leaves."""
    with artifact.written(run.model, SOME_FACTS, {**run.identity, CODE: [run.code]}) as temporary:
        (temporary / "model.safetensors").write_bytes(b"weights")
    store.write_json(run.metrics_file, {"steps": 3})


def interrupt(run: PhaseRun, step: int = 3) -> Path:
    """Leave what a run leaves that was interrupted after a step."""
    assert state_to_resume(run) is None
    state = run.checkpoints / f"step-{step:06d}"
    with store.replaced_folder(state, {"step": step}) as temporary:
        (temporary / "state.json").write_text("{}")
    return state


IRRELEVANT = ("domain.goals=[]", "domain.title=Another", "evaluation.max_items=3", "trainer.checkpoints.keep=5")


def test_a_goal_or_the_evaluation_neither_trains_again_nor_blocks(tmp_path: Path) -> None:
    finish(run_in(tmp_path / "finished"))
    assert finished(run_in(tmp_path / "finished", *IRRELEVANT)) == {"steps": 3}
    state = interrupt(run_in(tmp_path / "interrupted"))
    assert state_to_resume(run_in(tmp_path / "interrupted", *IRRELEVANT)) == state


def test_another_setting_or_other_examples_are_another_run(tmp_path: Path) -> None:
    finish(run_in(tmp_path / "finished"))
    others = {"optimizer.lr": ("optimizer.lr=1e-5",), "data.train.jsonl": ()}
    for key, overrides in others.items():
        data = DATA if overrides else {"train.jsonl": "2" * 64}
        assert finished(run_in(tmp_path / "finished", *overrides, data=data)) is None
        folder = tmp_path / key
        state = interrupt(run_in(folder))
        with pytest.raises(CheckpointError, match=rf"{state} belongs to another run: {key} differ") as caught:
            state_to_resume(run_in(folder, *overrides, data=data))
        assert "composition." not in str(caught.value)
        assert state.exists()


def test_changed_code_is_reported_and_recorded_and_refuses_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = interrupt(run_in(tmp_path))
    capsys.readouterr()
    assert state_to_resume(run_in(tmp_path)) == state
    assert "the code" not in capsys.readouterr().out
    later = run_in(tmp_path, code="0.1.0 (bbb)")
    assert state_to_resume(later) == state
    said = [line for line in capsys.readouterr().out.splitlines() if "the code" in line]
    assert said == ["the code has changed: this run was trained by r1tailor 0.1.0 (aaa), here is 0.1.0 (bbb)"]
    assert code_versions(later) == ["0.1.0 (aaa)", "0.1.0 (bbb)"]
    assert state_to_resume(run_in(tmp_path, code="0.1.0 (bbb)")) == state
    assert code_versions(later) == ["0.1.0 (aaa)", "0.1.0 (bbb)"]


def test_a_finished_run_of_other_code_is_not_trained_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finish(run_in(tmp_path))
    assert finished(run_in(tmp_path, code="0.2.0")) == {"steps": 3}
    assert "trained by r1tailor 0.1.0 (aaa), here is 0.2.0" in capsys.readouterr().out


def test_a_damaged_or_unfinished_model_is_not_finished(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    assert finished(run) is None
    finish(run)
    (run.model / "model.safetensors").write_bytes(b"Weights")
    assert finished(run) is None
    finish(run)
    run.metrics_file.unlink()
    assert finished(run) is None
