"""Kill, full disk, read-only folder, damage, NaN, no memory, two runs at once: resumed, or one clear error."""

import math
import os
import random
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from r1tailor import store
from r1tailor.errors import UserError
from r1tailor.objective import supervised
from r1tailor.schema.settings import Settings
from r1tailor.training import module as module_of
from r1tailor.training.checkpoint_policy import KeepBest, newest_state
from tests.traps.forked import finish, outcome, start, toy_settings, train

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning", "ignore::UserWarning:lightning")
KILLS = 50


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, float]]:
    """A run of a strategy that nothing disturbed, and how long it took."""
    found: dict[str, tuple[Path, float]] = {}

    def run(strategy: str) -> tuple[Path, float]:
        if strategy not in found:
            folder = tmp_path_factory.mktemp(strategy)
            began = time.monotonic()
            code, said = finish(lambda: train(toy_settings(f"strategy={strategy}"), folder), folder / "said")
            assert code == 0, said
            found[strategy] = folder, time.monotonic() - began
        return found[strategy]

    return run


def newest(folder: Path) -> int:
    """Return the step of the newest undamaged state, -1 without one."""
    state = newest_state(folder / "checkpoints")
    return -1 if state is None else int(state.name.removeprefix("step-"))


def finished(folder: Path) -> bool:
    """Return whether the model is there, whole; the states are then removed, and may be so in part."""
    return (folder / "model").exists() and store.damage(folder / "model") is None


def killed_after(child: int, seconds: float) -> int:
    """Kill a process that does not end by itself before, and return its status."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_killed_at_any_point_a_run_resumes_to_the_same_weights_and_curves(
    whole: Callable[[str], tuple[Path, float]], strategy: str, tmp_path: Path
) -> None:
    reference, seconds = whole(strategy)
    chance = random.Random(strategy)
    kills, runs, half_written = 0, 0, 0
    while kills < KILLS // 2:
        folder = tmp_path / f"run-{runs}"
        runs += 1
        while True:
            folder.mkdir(exist_ok=True)
            before = -1 if finished(folder) else newest(folder)
            child = start(lambda folder=folder: train(toy_settings(f"strategy={strategy}"), folder), tmp_path / "said")
            begun = time.monotonic()
            status = killed_after(child, chance.uniform(0.1, 0.9) * seconds)
            if os.waitstatus_to_exitcode(status) == 0:
                if before == -1:  # the machine has more time than when the whole run was timed
                    seconds = min(seconds, time.monotonic() - begun)
                break
            assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, (tmp_path / "said").read_text()
            kills += 1
            half_written += any((folder / "checkpoints").glob(".*.tmp"))
            done = finished(folder)
            after = before if done else newest(folder)
            print(f"{strategy} run {runs} kill {kills}: state {before} -> {after}{' model' if done else ''}")
            assert after >= before or done, "no valid state is lost"
            seconds *= 1.1 if after == before else 1  # it may have been killed before it went on: the next lives longer
        assert outcome(folder) == outcome(reference)
    print(f"{strategy}: {kills} kills in {runs} runs, {half_written} in the middle of a save")


def test_killed_twice_within_one_epoch_and_in_the_middle_of_a_save(
    whole: Callable[[str], tuple[Path, float]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, _ = whole("lora")
    folder = tmp_path / "run"
    sealed = store.write_manifest
    for step in (4, 8):

        def kill_at(path: Path, facts: dict[str, Any], step: int = step) -> None:
            if facts.get("step", 0) >= step:
                os.kill(os.getpid(), signal.SIGKILL)
            sealed(path, facts)

        with monkeypatch.context() as patched:
            patched.setattr(store, "write_manifest", kill_at)
            code, said = finish(lambda: train(toy_settings(), folder), tmp_path / "said")
        assert code == -signal.SIGKILL, said
        assert list((folder / "checkpoints").glob(".*.tmp")), "a state was half written"
        assert 0 <= newest(folder) < step
    code, said = finish(lambda: train(toy_settings(), folder), tmp_path / "said")
    assert code == 0, said
    assert "resuming from" in said
    assert outcome(folder) == outcome(reference)


def stopped_at(step: int, folder: Path, monkeypatch: pytest.MonkeyPatch, said: Path) -> None:
    """Leave a run killed right after the state of a step was saved."""

    def kill_after(self: Any, *_: object) -> None:  # noqa: ANN401
        if self.trainer.fit_loop.epoch_loop.batch_progress.current.ready > step:
            os.kill(os.getpid(), signal.SIGKILL)

    with monkeypatch.context() as patched:
        patched.setattr(module_of.TailorModule, "on_train_batch_start", kill_after)
        code, text = finish(lambda: train(toy_settings(), folder), said)
    assert code == -signal.SIGKILL, text


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a flipped byte": lambda state: flip(state / "tensors.safetensors"),
    "a truncated file": lambda state: os.truncate(state / "tensors.safetensors", 100),
    "a missing file": lambda state: (state / "state.json").unlink(),
    "a broken manifest": lambda state: (state / store.MANIFEST).write_text("{"),
    "no manifest": lambda state: (state / store.MANIFEST).unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_state_is_passed_over_and_the_one_before_resumed(
    whole: Callable[[str], tuple[Path, float]], damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    stopped_at(8, folder, monkeypatch, tmp_path / "said")
    states = sorted((folder / "checkpoints").glob("step-*"), reverse=True)
    assert len(states) == 2
    DAMAGES[damage](states[0])
    code, said = finish(lambda: train(toy_settings(), folder), tmp_path / "said")
    assert code == 0, said
    assert f"passed over: {states[0]}" in said
    assert f"resuming from {states[1]}" in said
    assert outcome(folder) == outcome(whole("lora")[0])


def test_with_every_state_damaged_there_is_one_clear_error_and_nothing_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    stopped_at(8, folder, monkeypatch, tmp_path / "said")
    states = sorted((folder / "checkpoints").glob("step-*"))
    for state in states:
        flip(state / "tensors.safetensors")
    code, said = finish(lambda: train(toy_settings(), folder), tmp_path / "said")
    assert code == 2
    assert "error: no checkpoint can be resumed" in said
    assert all(state.exists() and str(state) in said for state in states)


def ends_with_one_error(run: Callable[[], object], said: Path) -> str:
    code, text = finish(run, said)
    assert code in (1, 2), text
    assert "Traceback" not in text
    assert len([line for line in text.splitlines() if line.startswith("error: ")]) == 1
    return text


def test_a_disk_that_fills_up_while_a_state_is_written_loses_no_state(
    whole: Callable[[str], tuple[Path, float]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    stopped_at(8, folder, monkeypatch, tmp_path / "said")
    before = newest(folder)
    size = sum(file.stat().st_size for file in (folder / "checkpoints" / f"step-{before:06d}").iterdir())

    def on_a_full_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 3, size // 3))  # every longer file fails to be written
        train(toy_settings(), folder)

    said = ends_with_one_error(on_a_full_disk, tmp_path / "said")
    assert "checkpoint" in said
    assert newest(folder) == before
    assert not list((folder / "checkpoints").glob(".*.tmp")), "what could not be finished is removed"
    assert finish(lambda: train(toy_settings(), folder), tmp_path / "said")[0] == 0
    assert outcome(folder) == outcome(whole("lora")[0])


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    folder.chmod(0o555)

    def as_nobody() -> None:
        if os.geteuid() == 0:  # root may write anywhere, and another user may not enter pytest's folders
            os.chdir(tmp_path)
            os.setuid(65534)
        with store.held(folder):
            train(toy_settings(), folder)

    said = ends_with_one_error(as_nobody, tmp_path / "said")
    assert str(folder) in said


def test_memory_that_does_not_suffice_is_one_clear_error_that_names_the_setting(tmp_path: Path) -> None:
    def with_little_memory() -> None:
        original = supervised.summed_loss

        def hungry(*arguments: Any, **named: Any) -> torch.Tensor:  # noqa: ANN401
            torch.empty(2**60, dtype=torch.uint8)
            return original(*arguments, **named)

        supervised.summed_loss = hungry
        train(toy_settings(), tmp_path / "run")

    said = ends_with_one_error(with_little_memory, tmp_path / "said")
    assert "trainer.micro_batch_tokens = 100" in said


def poisoned(settings: Settings, folder: Path, first: int, last: int) -> None:
    """Train with weights that become NaN from one validation to another."""
    original = module_of.log_likelihoods
    calls = [0]

    def poison(*arguments: Any) -> torch.Tensor:  # noqa: ANN401
        calls[0] += 1
        return original(*arguments) * (math.nan if first <= calls[0] <= last else 1.0)

    module_of.log_likelihoods = poison
    train(settings, folder)


def test_a_validation_loss_that_is_not_a_number_never_becomes_the_best(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    code, said = finish(lambda: poisoned(toy_settings(), folder, 1, 4), tmp_path / "said")
    assert code == 0, said
    best = store.read_json(folder / "metrics.json")["best_validation_loss"]
    assert math.isfinite(best)
    keeper = KeepBest(tmp_path, chosen=True)
    trainer: Any = None
    assert not keeper.check_monitor_top_k(trainer, torch.tensor(math.nan))
    assert not keeper.check_monitor_top_k(trainer, torch.tensor(math.inf))


def test_weights_that_are_not_finite_are_never_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run"
    stopped_at(8, folder, monkeypatch, tmp_path / "said")
    before = newest(folder)

    def with_nan_weights() -> None:
        original = module_of.TailorModule.training_step

        def spoil(self: Any, *arguments: Any) -> Any:  # noqa: ANN401
            result = original(self, *arguments)
            with torch.no_grad():
                next(iter(self.trained_state().values())).fill_(math.nan)
            return result

        module_of.TailorModule.training_step = spoil  # type: ignore[method-assign]
        train(toy_settings(), folder)

    said = ends_with_one_error(with_nan_weights, tmp_path / "said")
    assert "not finite" in said
    assert newest(folder) == before


def test_two_runs_cannot_work_in_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "run"

    def hold() -> None:
        with store.held(folder):
            (tmp_path / "held").touch()
            time.sleep(60)

    child = start(hold, tmp_path / "said")
    try:
        while not (tmp_path / "held").exists():
            time.sleep(0.01)
        with pytest.raises(UserError, match="another run is at work there"), store.held(folder):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    with store.held(folder):  # the lock ended with its holder
        pass
