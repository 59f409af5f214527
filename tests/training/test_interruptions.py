"""Ctrl-C and SIGTERM leave a valid checkpoint, and the run resumed as they say equals the whole one bit for bit."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file

from r1tailor import store
from tests.conftest import FASTER, ROOT
from tests.support.commands import Done


@pytest.mark.parametrize(("strategy", "number"), [("lora", signal.SIGINT), ("full", signal.SIGTERM)])
def test_an_interrupted_run_resumes_to_the_same_weights_bit_for_bit(
    run_command: Callable[..., Done], own_domain: Path, output: str, number: int, strategy: str
) -> None:
    composition = [f"--config-dir={own_domain}", "domain=colours", "model=tiny_llama", f"strategy={strategy}"]
    composition += ["trainer.max_epochs=6", "trainer.validations=3", *FASTER]
    whole_output = f"{output}-whole"
    whole = run_command("train.py", *composition, f"output={whole_output}")
    assert whole.code == 0, whole.err

    output = f"{output} (it's stopped)"
    stopped = _interrupt(["train.py", *composition, f'output="{output}"'], ROOT / output, number)
    assert stopped.code == 128 + number, stopped.err
    hint = stopped.err.splitlines()[-1]
    assert " resume=true " in hint
    assert "Traceback" not in stopped.err
    (last, *_) = sorted((ROOT / output / "train" / "1-all" / "checkpoints").glob("step-*"), reverse=True)
    assert store.damage(last) is None

    other = run_command("train.py", *composition, f'output="{output}"', "resume=true", "trainer.gradient_clip=0.5")
    assert other.code == 2
    assert "trainer.gradient_clip = 0.5: " in other.err

    resumed = _pasted(hint)
    assert resumed.code == 0, resumed.err
    assert f"resuming from {last}" in resumed.out
    assert _weights(ROOT / whole_output) == _weights(ROOT / output)
    assert _curve(ROOT / whole_output) == _curve(ROOT / output)
    subprocess.run(["rm", "-rf", str(ROOT / whole_output), str(ROOT / output)], check=True)


def _interrupt(arguments: list[str], folder: Path, number: int) -> Done:
    """Start a run and send a signal once it trains."""
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not list((folder / "train" / "1-all" / "checkpoints").glob("step-*")):
        time.sleep(0.002)
    process.send_signal(number)
    out, err = process.communicate(timeout=300)
    return Done(process.returncode, out, err)


def _pasted(line: str) -> Done:
    """Run a line in a shell at the project's root, as one who pastes it."""
    paths = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        ["sh", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, **paths}
    )
    return Done(done.returncode, done.stdout, done.stderr)


def _weights(run: Path) -> dict[str, bytes]:
    tensors = {
        k: v for path in (run / "train" / "1-all" / "model").glob("*.safetensors") for k, v in load_file(path).items()
    }
    return {name: tensor.numpy().tobytes() for name, tensor in tensors.items()}


def _curve(run: Path) -> str:
    return (run / "train" / "1-all" / "plots" / "loss.csv").read_text() + (
        run / "train" / "1-all" / "plots" / "validation.csv"
    ).read_text()
