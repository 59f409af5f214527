"""Which folders a run may write to; ``traps/test_hostile_folders.py`` tries the command line."""

from pathlib import Path

import pytest

from r1tailor import run_folders


@pytest.mark.parametrize(
    ("folder", "whose"),
    [
        ("outputs/runs/x", None),
        ("outputs/sweeps/a/0", None),
        ("outputs/runs", "DVC or the registry"),
        ("outputs/registry/medical", "DVC or the registry"),
        ("data/x", "DVC or the registry"),
        ("conf", "the project"),
        ("..", "the project"),
        ("../elsewhere", None),
    ],
)
def test_a_run_writes_below_runs_and_sweeps_or_outside_the_project(
    folder: str, whose: str | None, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    found = run_folders.taken((root / folder).resolve(), root)
    assert found is None if whose is None else found is not None and found.startswith(whose)


@pytest.mark.parametrize(
    ("run", "above", "below", "fault"),
    [
        (".", "outputs/sweeps/${now:%Y}", "${hydra.job.num}", None),
        (".", "outputs/sweeps", "a/${hydra:job.num}", None),
        (".", "outputs/sweeps", "${hydra.job.name}", "hydra.sweep.subdir = ${hydra.job.name}: of ${...} only"),
        (".", "outputs", "registry", "hydra.sweep.dir = outputs: DVC or the registry"),
        (".", "outputs/sweeps", "..", "hydra.sweep.subdir = ..: leads out of hydra.sweep.dir"),
        ("src", "outputs/sweeps", "0", "hydra.run.dir = src: the project keeps"),
        (None, "outputs/sweeps", "0", None),
    ],
)
def test_hydras_folders_are_held_to_the_same(
    run: str | None, above: str, below: str, fault: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = run_folders.hydra_faults({"run": {"dir": run}, "sweep": {"dir": above, "subdir": below}}, tmp_path)
    assert [said[: len(fault or "")] for said in found] == ([fault] if fault else [])
