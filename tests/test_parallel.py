"""Two processes give the loss curve of one, through the real command line; so do two ways of accumulating."""

import csv
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from safetensors.torch import load_file

from tests.commands import Done
from tests.conftest import FASTER, ROOT

TWO = ("trainer.parallel=ddp", "trainer.devices=2")


@pytest.fixture
def composition(own_domain: Path) -> list[str]:
    """A run of some twenty steps of four examples; the last step of an epoch is short."""
    chosen = [f"--config-dir={own_domain}", "domain=colours", "model=tiny_llama", "trainer.max_epochs=2"]
    return [*chosen, "trainer.validations=3", "trainer.checkpoints.every_steps=2", *FASTER]


def curve(output: str) -> list[float]:
    with (ROOT / output / "train" / "plots" / "loss.csv").open() as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def weights(output: str) -> dict[str, bytes]:
    files = (ROOT / output / "train" / "model").glob("*.safetensors")
    return {name: tensor.numpy().tobytes() for file in files for name, tensor in load_file(file).items()}


def started(composition: list[str], output: str) -> "subprocess.Popen[str]":
    """Start a run in the background and return once it has saved a state."""
    process = subprocess.Popen(
        [sys.executable, "train.py", *composition, f"output={output}"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while process.poll() is None and not list((ROOT / output / "train" / "checkpoints").glob("step-*")):
        time.sleep(0.01)
    return process


@pytest.mark.parametrize("strategy", [["strategy=lora", "strategy.dropout=0.0"], ["strategy=full"]])
def test_two_processes_and_any_accumulation_have_the_loss_curve_of_one(
    run_command: Callable[..., Done], composition: list[str], output: str, strategy: list[str]
) -> None:
    found = {}
    for name, options in {"one": [], "two": TWO, "cut": ["trainer.micro_batch_tokens=1"]}.items():
        done = run_command(
            "train.py", *composition, *strategy, *options, f"output={output}/{name}", OMP_NUM_THREADS="1"
        )
        assert done.code == 0, done.err
        found[name] = curve(f"{output}/{name}")
    assert len(found["one"]) > 20
    assert found["one"][-1] < found["one"][0]
    for other in ("two", "cut"):
        assert found[other] == pytest.approx(found["one"], rel=1e-5)


def test_two_processes_with_dropout_resume_to_the_same_weights_bit_for_bit(
    run_command: Callable[..., Done], composition: list[str], output: str
) -> None:
    chosen = [*composition, "strategy=lora", *TWO]
    whole = run_command("train.py", *chosen, f"output={output}/whole")
    assert whole.code == 0, whole.err
    process = started(chosen, f"{output}/stopped")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 128 + signal.SIGTERM, err
    assert "Traceback" not in err
    assert "resume=true" in err
    resumed = run_command("train.py", *chosen, f"output={output}/stopped", "resume=true")
    assert resumed.code == 0, resumed.err
    assert "resuming from" in resumed.out
    assert weights(f"{output}/stopped") == weights(f"{output}/whole")
    assert curve(f"{output}/stopped") == curve(f"{output}/whole")


def test_a_process_that_is_killed_ends_the_others_and_the_run_goes_on_later(
    run_command: Callable[..., Done], composition: list[str], output: str
) -> None:
    chosen = [*composition, "strategy=lora", *TWO]
    process = started(chosen, output)
    (victim, *_) = [child for child in psutil.Process(process.pid).children() if child.environ().get("RANK") == "1"]
    victim.kill()
    _, err = process.communicate(timeout=300)
    assert process.returncode == 1, err
    assert "a process of 2 ended with code -9" in err
    assert run_command("train.py", *chosen, f"output={output}", "resume=true").code == 0


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
