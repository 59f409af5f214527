"""Phases in training: each starts exactly where the one before ended, resumes exactly, and reports what it held."""

import csv
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from r1tailor import stages, store
from r1tailor.errors import CheckpointError, ConfigError
from r1tailor.layout import RunFolder
from r1tailor.optimization.scheduler import factor
from r1tailor.planning import preflight as preflight_of
from r1tailor.schema.settings import Settings
from r1tailor.training.module import TailorModule
from tests.support.phases import FINAL, laid_out, settings_of

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning", "ignore:.*LeafSpec.*:FutureWarning")


class Killed(Exception):
    """Raised between two optimizer steps."""


@dataclass
class Trained:
    """A run of both phases: what it printed, the weights that each began with, how often the preflight ran."""

    settings: Settings
    run: RunFolder
    starts: list[dict[str, Tensor]]
    said: str
    preflights: int


@pytest.fixture(scope="module", params=["lora", "full"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    settings, run = settings_of(f"strategy={request.param}"), laid_out(tmp_path_factory.mktemp("whole") / "run")
    with starts_watched() as starts, preflights_counted() as preflights, redirect_stdout(StringIO()) as said:
        stages.train(settings, run)
    return Trained(settings, run, starts, said.getvalue(), len(preflights))


@contextmanager
def preflights_counted() -> Iterator[list[Path]]:
    """Keep the folder of each run that goes through the preflight."""
    original, seen = preflight_of.preflight, []

    def counted(settings: Settings, root: Path, folder: Path, *arguments: Any, **named: Any) -> list[str]:  # noqa: ANN401
        seen.append(folder)
        return original(settings, root, folder, *arguments, **named)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(preflight_of, "preflight", counted)
        yield seen


def files(folder: Path) -> dict[str, bytes]:
    """What a run made, without what tells the time."""
    names = ("model/*.safetensors", "model/manifest.json", "plots/*.csv")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for name in names
        for path in sorted(folder.glob(f"train/*/{name}"))
    }


@contextmanager
def killed_at(step: int) -> Iterator[None]:
    """Kill the run before an optimizer step, counted from here over all phases."""
    original, taken = TailorModule.training_step, 0

    def counted(self: TailorModule, *arguments: Any) -> Tensor:  # noqa: ANN401
        nonlocal taken
        taken += 1
        if taken == step:
            raise Killed
        return original(self, *arguments)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TailorModule, "training_step", counted)
        with pytest.raises(Killed):
            yield


@contextmanager
def starts_watched() -> Iterator[list[dict[str, Tensor]]]:
    """Keep the weights that each phase begins with, and whether its optimizer is fresh."""
    original, seen = TailorModule.on_train_start, []

    def watched(self: TailorModule) -> None:
        seen.append({name: tensor.clone() for name, tensor in self.trained_state().items()})
        assert not self.trainer.optimizers[0].state, "the optimizer goes on"
        rate = self.lr_schedulers().get_last_lr()[0]  # type: ignore[union-attr]
        assert rate == pytest.approx(1e-2), "the schedule goes on"  # one warm-up step: it begins at its peak
        original(self)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TailorModule, "on_train_start", watched)
        yield seen


def test_a_phase_starts_exactly_where_the_one_before_ended(trained: Trained) -> None:
    (first, second), run = trained.starts, trained.run
    model = run.phase("1-trend") / "model"
    (weights,) = model.glob("*.safetensors")
    begun = {name.removeprefix("model.").replace(".default.", "."): tensor for name, tensor in second.items()}
    saved = load_file(weights)
    assert begun.keys() == saved.keys()
    assert all(torch.equal(begun[name], tensor) for name, tensor in saved.items())
    assert any(not torch.equal(second[name], tensor) for name, tensor in first.items()), "it trained"
    manifest = store.read_json(run.phase(FINAL) / "model" / store.MANIFEST)
    assert (manifest["phase"], manifest["parent"]) == (FINAL, store.sha256_file(model / store.MANIFEST))


def test_a_phase_says_one_line_and_what_it_held(trained: Trained) -> None:
    said = [line.split(":")[0] for line in trained.said.splitlines() if line.startswith("train ")]
    assert said == ["train 1-trend", "train 2-volatility"]
    metrics = [store.read_json(trained.run.phase(key) / "metrics.json") for key in ("1-trend", FINAL)]
    assert [list(found["validation_loss_by_phase"]) for found in metrics] == [["1-trend"], ["1-trend", FINAL]]
    with (trained.run.phase(FINAL) / "plots" / "validation.csv").open() as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    best = min(rows, key=lambda row: row["validation_loss"])
    assert best["validation_loss"] == metrics[1]["best_validation_loss"]
    assert {key: best[key] for key in ("1-trend", FINAL)} == metrics[1]["validation_loss_by_phase"]


def test_a_run_killed_in_its_second_phase_goes_on_to_the_same_weights(trained: Trained, tmp_path: Path) -> None:
    broken = laid_out(tmp_path / "run")
    steps = store.read_json(trained.run.phase("1-trend") / "metrics.json")["steps"]
    with killed_at(steps + 2):
        stages.train(trained.settings, broken)
    assert not (broken.phase(FINAL) / "model").exists()
    with redirect_stdout(StringIO()) as said:
        stages.train(trained.settings, broken)
    assert f"{broken.phase('1-trend') / 'model'} is this very run, finished" in said.getvalue()
    assert f"resuming from {broken.phase(FINAL) / 'checkpoints' / 'step-000001'}" in said.getvalue()
    assert files(broken.path) == files(trained.run.path)
    assert len(files(broken.path)) == 2 * 4


def test_the_preflight_runs_once_for_all_phases_and_not_for_a_finished_run(trained: Trained) -> None:
    assert trained.preflights == 1
    with preflights_counted() as seen, redirect_stdout(StringIO()):
        stages.train(trained.settings, trained.run)
    assert not seen


def test_one_phase_alone_is_the_phase_of_the_whole_run(trained: Trained, tmp_path: Path) -> None:
    single = laid_out(tmp_path / "run")
    shutil.copytree(trained.run.phase("1-trend"), single.phase("1-trend"))
    stages.train(trained.settings, single, phase=FINAL)
    assert files(single.path) == files(trained.run.path)


def test_a_setting_of_a_later_phase_is_no_part_of_an_earlier(trained: Trained) -> None:
    changed = settings_of(f"strategy={trained.settings.strategy.kind}", "curriculum.replay=0.5")
    with redirect_stdout(StringIO()) as said:
        stages.train(changed, trained.run, phase="1-trend")
    assert "finished and undamaged" in said.getvalue()


def test_a_parent_that_is_missing_damaged_or_of_another_strategy_is_refused(trained: Trained, tmp_path: Path) -> None:
    run = laid_out(tmp_path / "run")
    with pytest.raises(
        CheckpointError, match=r"it was never finished.*Phase 2-volatility starts from it: train the phase before"
    ):
        stages.train(trained.settings, run, phase=FINAL)
    shutil.copytree(trained.run.phase("1-trend"), run.phase("1-trend"))
    with pytest.raises(CheckpointError, match=r"trained with other settings: strategy\.\w+, .* differ"):
        stages.train(settings_of("strategy=lora" if "full" in trained.said else "strategy=full"), run, phase=FINAL)
    (weights,) = (run.phase("1-trend") / "model").glob("*.safetensors")
    save_file({name: tensor + 1 for name, tensor in load_file(weights).items()}, weights)
    with pytest.raises(CheckpointError, match=r"model.safetensors was changed after it was written"):
        stages.train(trained.settings, run, phase=FINAL)
    with pytest.raises(ConfigError, match="--phase 9-x: curriculum=phased has 1-trend, 2-volatility"):
        stages.train(trained.settings, run, phase="9-x")


@pytest.mark.parametrize("over", ["phase", "run"])
def test_the_rate_runs_anew_in_each_phase_or_on_through_the_run(over: str, tmp_path: Path) -> None:
    settings, run = settings_of(f"scheduler.over={over}"), laid_out(tmp_path / "run")
    stages.train(settings, run)
    rates, seen, lengths = [], [], []
    for key in settings.curriculum.keys:
        with (run.phase(key) / "plots" / "loss.csv").open() as file:
            listed = [float(row["learning_rate"]) for row in csv.DictReader(file)]  # after each step
        rates.append(listed)
        seen += listed
        lengths.append(len(listed))
    whole = sum(lengths)
    of_run = [1e-2 * factor(settings.scheduler, step, whole) for step in range(1, whole + 1)]
    of_phases = [1e-2 * factor(settings.scheduler, step, n) for n in lengths for step in range(1, n + 1)]
    assert seen == pytest.approx(of_run if over == "run" else of_phases, abs=1e-7)
    assert (rates[0][-1] > 0) == (over == "run"), "the first phase ends at the rate at which the second begins"
