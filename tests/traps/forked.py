"""Fine-tuning runs in forked children: started in a moment, killed without mercy, compared bit for bit."""

import os
import sys
import traceback
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from r1tailor import config
from r1tailor.errors import TailorError
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from tests.support.training import trained

COLOURS = ("red", "green", "blue")
OVERRIDES = (
    "model=tiny_llama",
    "trainer.precision=fp32",
    "trainer.batch_size=4",
    "trainer.micro_batch_tokens=100",  # accumulation: a step is several micro-batches
    "trainer.max_epochs=2",
    "trainer.max_steps=null",
    "trainer.validations=5",
    "trainer.checkpoints.every_steps=2",
)


def toy_settings(*overrides: str) -> Settings:
    """Return a composition of some twenty steps over two epochs, with dropout."""
    return config.load([*OVERRIDES, *overrides])


def toy_parts() -> dict[str, list[Example]]:
    """Return forty-two examples to learn and six to validate."""
    made = [Example(f"e{i}", "Which colour?", f"thing {i} of kind {i * 7919}", COLOURS[i % 3]) for i in range(48)]
    return {"train": made[:42], "validation": made[42:], "test": []}


def train(settings: Settings, folder: Path) -> dict[str, Any]:
    """Fine-tune in a folder, or resume what is there."""
    return trained(settings, toy_parts(), folder, {"examples": "0" * 64})


def start(function: Callable[[], object], said: Path) -> int:
    """Fork a child that runs a function with its output in a file, and return its process id.

    It exits as the command line would: 0, the error's exit code, or 70 for an error that nobody foresaw.
    """
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        with said.open("w", encoding="utf-8") as file, redirect_stdout(file):
            sys.stderr = file
            sys.settrace(None)  # what runs here is covered by other tests; traced it takes half as long again
            torch.set_num_threads(1)
            code = _exit_code(function, file)
            file.flush()
    finally:
        os._exit(code)


def _exit_code(function: Callable[[], object], file: Any) -> int:  # noqa: ANN401
    try:
        function()
    except TailorError as error:
        file.write(f"error: {error}\n")
        return error.exit_code
    except BaseException:
        file.write(traceback.format_exc())
        return 70
    return 0


def finish(function: Callable[[], object], said: Path) -> tuple[int, str]:
    """Run a function in a forked child to its end; return its exit code and all that it said."""
    _, status = os.waitpid(start(function, said), 0)
    return os.waitstatus_to_exitcode(status), said.read_text("utf-8")


def outcome(folder: Path) -> tuple[dict[str, bytes], str]:
    """Return a finished run's weights and curves, to be compared bit for bit."""
    weights = {
        k: v.numpy().tobytes() for p in (folder / "model").glob("*.safetensors") for k, v in load_file(p).items()
    }
    return weights, "".join((folder / "plots" / f"{name}.csv").read_text("utf-8") for name in ("loss", "validation"))
