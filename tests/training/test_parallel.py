"""Several processes give the loss curve of one, however they share the work; and so do two ways of accumulating."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from safetensors.torch import load_file

from r1tailor import config, stages, store
from r1tailor.layout import RunFolder
from r1tailor.model import load
from r1tailor.schema.settings import Settings
from tests.conftest import FASTER, ROOT
from tests.support.commands import Done, spawned

LORA = ["strategy=lora", "strategy.dropout=0.0"]
DDP = ["trainer.parallel=ddp", "trainer.devices=2"]
FSDP = ["trainer.parallel=fsdp", "trainer.devices=2"]


@dataclass(frozen=True)
class Place:
    """Runs of some twenty steps of four examples that share their examples; the last step of an epoch is short."""

    folder: Path

    def settings(self, *options: str) -> Settings:
        domain = ["domain=generic", f"domain.sources.0.path={self.folder / 'colours.jsonl'}"]
        asked = ["domain.task.reasoning=empty", "domain.task.labels=[red,green,blue]", "domain.split.test=0.2"]
        chosen = ["model=tiny_llama", "trainer.max_epochs=2", "trainer.validations=3"]
        often = ["trainer.checkpoints.every_steps=2", "trainer.checkpoints.keep=50"]
        return config.load([*domain, *asked, *chosen, *often, *FASTER, *options])

    def run(self, name: str, *options: str) -> Path:
        """Return the folder of a run that can be trained."""
        folder = self.folder / name
        shutil.copytree(self.folder / "examples", folder, dirs_exist_ok=True)
        store.write_text(folder / "config.yaml", config.as_yaml(self.settings(*options)))
        return folder

    @property
    def full(self) -> list[str]:
        """All weights of a model that lies in files of bf16."""
        return ["strategy=full", "model=local", f"model.path={self.folder / 'base'}"]

    def trained_here(self, name: str, *options: str) -> Path:
        """Train a run in this process."""
        folder = self.run(name, *options)
        stages.train(self.settings(*options), RunFolder(folder))
        return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Where the runs of these tests lie, their examples made."""
    folder = tmp_path_factory.mktemp("parallel")
    lines = [
        f'{{"instruction": "Which colour?", "input": "thing {i} of kind {i * 7919}", "output": "{colour}"}}\n'
        for i, colour in enumerate(("red", "green", "blue") * 20)
    ]
    store.write_text(folder / "colours.jsonl", "".join(lines))
    place = Place(folder)
    toy = place.settings().model
    model = load.load_model(toy, ROOT, torch.bfloat16, seed=3)
    model.save_pretrained(folder / "base")
    load.load_tokenizer(toy, ROOT).tokenizer.save_pretrained(folder / "base")
    run = RunFolder(folder / "examples")
    for stage in (stages.collect, stages.clean, stages.annotate, stages.instruct, stages.teach):
        stage(place.settings(), run)
    return place


@pytest.fixture(scope="module")
def alone(place: Place) -> Callable[[list[str]], Path]:
    """Return the run of one process with a strategy."""
    done: dict[str, Path] = {}

    def trained(strategy: list[str]) -> Path:
        name = f"one-{strategy[0]}"
        return done.get(name) or done.setdefault(name, place.trained_here(name, *strategy))

    return trained


@pytest.fixture(scope="module")
def train(ready: Path) -> Callable[..., Done]:
    """Train a run as forks of the fork server."""

    def run(folder: Path, **environment: str) -> Done:
        return spawned(("-m", "r1tailor", "train", str(folder)), ROOT, environment, str(ready / "python"))

    return run


@contextmanager
def started(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Start a run in new processes and yield once it has saved a state."""
    environment = {"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}  # as many as the runs it is compared with
    with subprocess.Popen(
        [sys.executable, "-m", "r1tailor", "train", str(folder)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **environment},
    ) as process:  # fmt: skip
        _first_state(folder, lambda: process.poll() is None)
        yield process


def _first_state(folder: Path, goes_on: Callable[[], bool]) -> Path | None:
    states = folder / "train" / "1-all" / "checkpoints"
    while not (found := sorted(states.glob("step-*"))) and goes_on():
        time.sleep(0.01)
    return found[0] if found else None


def curves(run: Path) -> dict[str, list[float]]:
    found: dict[str, Any] = {}
    for file, column in (("loss.csv", "loss"), ("validation.csv", "validation_loss")):
        with (run / "train" / "1-all" / "plots" / file).open() as rows:
            found[column] = pytest.approx([float(row[column]) for row in csv.DictReader(rows)], rel=1e-5)
    return found


def weights(run: Path) -> dict[str, torch.Tensor]:
    files = (run / "train" / "1-all" / "model").glob("*.safetensors")
    return {name: tensor for file in files for name, tensor in load_file(file).items()}


def same(run: Path, other: Path) -> None:
    """Assert that two runs have one curve and one model, but for rounding."""
    for name, values in curves(run).items():
        assert list(values.expected) == curves(other)[name]
    ours, theirs = weights(run), weights(other)
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name], rtol=1e-4, atol=1e-5)


def test_any_accumulation_has_the_loss_curve_of_one(place: Place, alone: Callable[[list[str]], Path]) -> None:
    same(place.trained_here("cut", *LORA, "trainer.micro_batch_tokens=1"), alone(LORA))


def test_two_nodes_meet_in_one_folder_and_have_the_loss_curve_of_one(
    place: Place, alone: Callable[[list[str]], Path], train: Callable[..., Done]
) -> None:
    folder = place.run("nodes", *LORA, *DDP, "trainer.nodes=2")
    store.write_json(folder / "train" / "nodes.json", ["127.0.0.1", 9])  # left behind by a run that was killed
    done: dict[int, Done] = {}

    def node(number: int) -> None:
        done[number] = train(folder, NODE_RANK=str(number), LOCAL_ADDR="127.0.0.1")

    other = threading.Thread(target=node, args=(1,))
    other.start()
    node(0)
    other.join()
    assert [done[number].code for number in (0, 1)] == [0, 0], done
    assert "node 1 waits" in done[1].out
    same(folder, alone(LORA))


@pytest.fixture(scope="module")
def divided(place: Place, train: Callable[..., Done]) -> tuple[Path, Path]:
    """A run of full weights divided between two processes, and a copy of the first state that it saved."""
    folder = place.run("divided", *place.full, *FSDP)
    kept = place.run("undivided", *place.full, "trainer.parallel=none")
    done: list[Done] = []
    running = threading.Thread(target=lambda: done.append(train(folder)))
    running.start()
    state = _first_state(folder, running.is_alive)
    checkpoints = kept / "train" / "1-all" / "checkpoints"
    if state:
        shutil.copytree(state, checkpoints / state.name)
        shutil.copy(state.parent / "run.json", checkpoints)
    running.join()
    assert done[0].code == 0, done[0].err
    return folder, kept


def test_divided_weights_have_the_loss_curve_of_one_process(
    place: Place, divided: tuple[Path, Path], alone: Callable[[list[str]], Path]
) -> None:
    same(divided[0], alone(place.full))


def test_a_divided_state_is_resumed_by_another_number_of_processes(
    place: Place, divided: tuple[Path, Path], alone: Callable[[list[str]], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    stages.train(place.settings(*place.full), RunFolder(divided[1]))
    assert "resuming from" in capsys.readouterr().out
    same(divided[1], alone(place.full))


def test_after_a_process_is_killed_all_begin_again_to_the_same_bits(place: Place, train: Callable[..., Done]) -> None:
    chosen = ["strategy=lora", "strategy.dropout=0.1", *FSDP]
    whole = place.run("whole", *chosen)
    assert train(whole).code == 0
    killed = place.run("killed", *chosen, "trainer.restarts=1")
    with started(killed) as process:
        (victim,) = [child for child in psutil.Process(process.pid).children() if child.environ().get("RANK") == "1"]
        victim.kill()
        _, err = process.communicate(timeout=900)
        assert process.returncode == 0, err
    assert len(list((killed / "train" / "1-all" / "logs").glob("node-0/*/attempt_*"))) == 2
    ours, theirs = weights(killed), weights(whole)
    assert {name: tensor.numpy().tobytes() for name, tensor in ours.items()} == {
        name: tensor.numpy().tobytes() for name, tensor in theirs.items()
    }


def test_a_signal_stops_all_and_a_failure_says_what_each_said(place: Place, train: Callable[..., Done]) -> None:
    folder = place.run("stopped", *LORA, *DDP)
    with started(folder) as process:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=900)
        assert process.returncode == 128 + signal.SIGTERM, err
        assert "Traceback" not in err
    (newest, *_) = sorted((folder / "train" / "1-all" / "checkpoints").glob("step-*"), reverse=True)
    assert store.damage(newest) is None
    for state in newest.parent.glob("step-*"):
        (state / "state.json").write_text("[]", encoding="utf-8")
    done = train(folder)
    assert done.code == 1
    assert "a process of 2 ended with code" in done.err
    assert "process 0: error: no checkpoint can be resumed" in done.err
    assert "process 1: error: no checkpoint can be resumed" in done.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["trainer.devices=2"], "several are trainer.parallel=ddp or fsdp"),
        (["trainer.parallel=ddp"], "one device is trainer.parallel=none"),
        (["trainer.parallel=ddp", "trainer.devices=3", "trainer.nodes=2"], "cannot be shared out evenly"),
        (["trainer.parallel=dpp", "trainer.devices=2"], "trainer.parallel"),
        ([*DDP, "trainer.nodes=2"], "every node needs the same output=..."),
    ],
)
def test_devices_that_do_not_fit_together_are_refused(
    run_command: Callable[..., Done], options: list[str], said: str
) -> None:
    done = run_command("train.py", *options)
    assert done.code == 2
    assert said in done.err


def test_a_process_that_another_launcher_started_is_refused(run_command: Callable[..., Done]) -> None:
    done = run_command("train.py", *DDP, SLURM_STEP_NUM_TASKS="2", SLURM_STEP_NUM_NODES="1")
    assert done.code == 2
    assert "start one process on each machine" in done.err
