"""Two processes give the loss curve of one, through the real command line; so do two ways of accumulating."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from safetensors.torch import load_file

from tests.conftest import FASTER, ROOT
from tests.support.commands import Done, spawned

TWO = ("trainer.parallel=ddp", "trainer.devices=2")


@pytest.fixture
def composition(own_domain: Path) -> list[str]:
    """A run of some twenty steps of four examples; the last step of an epoch is short."""
    chosen = [f"--config-dir={own_domain}", "domain=colours", "model=tiny_llama", "trainer.max_epochs=2"]
    return [*chosen, "trainer.validations=3", "trainer.checkpoints.every_steps=2", *FASTER]


@pytest.fixture
def run_ready(ready: Path) -> Callable[..., Done]:
    """Run `python <arguments>` as a fork of the fork server, and so the processes it starts.

    Forks of one server hash alike, as new processes do not: whether processes agree that do not, `started` and a
    run that is `new` show.
    """

    def run(*arguments: str, **environment: str) -> Done:
        return spawned(arguments, ROOT, environment, str(ready / "python"))

    return run


def curve(output: str, column: str = "loss", file: str = "loss.csv") -> list[float]:
    with (ROOT / output / "train" / "1-all" / "plots" / file).open() as rows:
        return [float(row[column]) for row in csv.DictReader(rows)]


def weights(output: str) -> dict[str, bytes]:
    files = (ROOT / output / "train" / "1-all" / "model").glob("*.safetensors")
    return {name: tensor.numpy().tobytes() for file in files for name, tensor in load_file(file).items()}


def started(composition: list[str], output: str) -> "subprocess.Popen[str]":
    """Start a run in the background and return once it has saved a state."""
    process = subprocess.Popen(
        [sys.executable, "train.py", *composition, f"output={output}"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},  # as many as the runs it is compared with
    )  # fmt: skip
    while process.poll() is None and not list((ROOT / output / "train" / "1-all" / "checkpoints").glob("step-*")):
        time.sleep(0.01)
    return process


@pytest.mark.parametrize(
    ("strategy", "new"), [(["strategy=lora", "strategy.dropout=0.0"], False), (["strategy=full"], True)]
)
def test_two_processes_and_any_accumulation_have_the_loss_curve_of_one(
    run_command: Callable[..., Done],
    run_ready: Callable[..., Done],
    composition: list[str],
    output: str,
    strategy: list[str],
    new: bool,
) -> None:
    runs = {
        "one": (run_command, ()),
        "two": (run_command if new else run_ready, TWO),
        "cut": (run_command, ("trainer.micro_batch_tokens=1",)),
    }
    found, validated = {}, {}
    for name, (run, options) in runs.items():
        done = run("train.py", *composition, *strategy, *options, f"output={output}/{name}", OMP_NUM_THREADS="1")
        assert done.code == 0, done.err
        found[name] = curve(f"{output}/{name}")
        validated[name] = curve(f"{output}/{name}", "validation_loss", "validation.csv")
    assert len(found["one"]) > 20
    assert found["one"][-1] < found["one"][0]
    for other in ("two", "cut"):
        assert found[other] == pytest.approx(found["one"], rel=1e-5)
        assert validated[other] == pytest.approx(validated["one"], rel=1e-5)


def test_two_processes_with_dropout_resume_to_the_same_weights_bit_for_bit(
    run_ready: Callable[..., Done], composition: list[str], output: str
) -> None:
    chosen = [*composition, "strategy=lora", *TWO]
    whole = run_ready("train.py", *chosen, f"output={output}/whole")
    assert whole.code == 0, whole.err
    process = started(chosen, f"{output}/stopped")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 128 + signal.SIGTERM, err
    assert "Traceback" not in err
    assert "resume=true" in err
    resumed = run_ready("train.py", *chosen, f"output={output}/stopped", "resume=true")
    assert resumed.code == 0, resumed.err
    assert "resuming from" in resumed.out
    assert weights(f"{output}/stopped") == weights(f"{output}/whole")
    assert curve(f"{output}/stopped") == curve(f"{output}/whole")


def test_a_process_that_is_killed_ends_the_others_and_the_run_goes_on_later(
    run_ready: Callable[..., Done], composition: list[str], output: str
) -> None:
    chosen = [*composition, "strategy=lora", *TWO]
    process = started(chosen, output)
    (victim, *_) = [child for child in psutil.Process(process.pid).children() if child.environ().get("RANK") == "1"]
    victim.kill()
    _, err = process.communicate(timeout=300)
    assert process.returncode == 1, err
    assert "a process of 2 ended with code -9" in err
    assert run_ready("train.py", *chosen, f"output={output}", "resume=true").code == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["trainer.devices=2"], "several are trainer.parallel=ddp or fsdp"),
        (["trainer.parallel=ddp"], "one device is trainer.parallel=none"),
        (["trainer.parallel=ddp", "trainer.devices=3", "trainer.nodes=2"], "cannot be shared out evenly"),
        (["trainer.parallel=dpp", "trainer.devices=2"], "trainer.parallel"),
    ],
)
def test_devices_that_do_not_fit_together_are_refused(
    run_command: Callable[..., Done], options: list[str], said: str
) -> None:
    done = run_command("train.py", *options)
    assert done.code == 2
    assert said in done.err
