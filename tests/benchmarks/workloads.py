"""The three workloads, and the training specification that all engines share for each."""

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from environments import UnavailableError, python_of
from peers.contract import Spec

HERE = Path(__file__).resolve().parent
HELD_OUT = 64  # examples that the common judge scores
LEARNING_RATES = {"lora": 1e-3, "full": 1e-5}  # full: what conf/strategy/full.yaml recommends


class HarnessError(Exception):
    """A benchmark that cannot continue; the text is the whole message."""


@dataclass(frozen=True)
class Workload:
    """A set of training examples.

    Attributes:
        examples: number trained on in one run, unless the command line overrides it.
        batch_size: examples per optimizer step.
        max_length: limit on an example's tokens.
        micro_batch_sizes: sizes that the search over TRL's settings tries, largest first; the first is our TRL default.
    """

    name: str
    examples: int
    batch_size: int
    max_length: int
    micro_batch_sizes: tuple[int, ...]


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("icd10", 320, 32, 512, (32, 16, 8, 4)),  # short questions that share an instruction
        Workload("long", 64, 8, 1024, (8, 4, 2)),  # passages of 400-800 tokens that share nothing, short answers
        Workload("reasoning", 64, 8, 1024, (8, 4, 2)),  # short questions, answers of 200-500 tokens
    )
}


@dataclass(frozen=True)
class Prepared:
    """A workload's files and the facts that its specifications need."""

    workload: Workload
    folder: Path
    facts: dict[str, Any]

    @property
    def held_out(self) -> Path:
        """Path of the examples that the common judge scores."""
        return self.folder / "validation.jsonl"

    def spec(self, strategy: str, seed: int, output: Path) -> Spec:
        """Return the specification common to all engines."""
        return Spec(
            model=self.facts["model"],
            model_overrides=self.facts["model_overrides"],
            records=str(self.folder / "records.jsonl"),
            train=str(self.folder / f"train-{seed}.jsonl"),
            output=str(output),
            strategy=strategy,
            targets=self.facts["targets"],
            seed=seed,
            learning_rate=LEARNING_RATES[strategy],
            batch_size=self.workload.batch_size,
            micro_batch_size=self.workload.micro_batch_sizes[0],
            max_length=self.workload.max_length,
        )

    def one_step(self, spec: Spec) -> Spec:
        """Return the same specification over the examples of one optimizer step."""
        with Path(spec.train).open(encoding="utf-8") as file:
            lines = list(islice(file, spec.batch_size))
        shorter = self.folder / "search.jsonl"
        shorter.write_text("".join(lines), encoding="utf-8")
        return replace(spec, train=str(shorter))


def prepare(workload: Workload, examples: int, seeds: list[int], folder: Path) -> Prepared:
    """Write a workload's examples, in the order of each seed, in a separate process.

    Raises:
        HarnessError: the raw data is unavailable; gives the reason.
    """
    folder.mkdir(parents=True, exist_ok=True)
    request = {"workload": workload.name, "examples": examples, "seeds": seeds, "folder": str(folder)}
    if workload.name == "reasoning":
        request["chains"] = str(_chains(examples + HELD_OUT, folder))
    (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    call([sys.executable, str(HERE / "preparation.py"), str(folder / "request.json")], folder / "preparation.log")
    return Prepared(workload, folder, json.loads((folder / "facts.json").read_text(encoding="utf-8")))


def call(command: list[str], log: Path, environment: dict[str, str] | None = None) -> None:
    """Run a command with its output in a file.

    Raises:
        HarnessError: the command failed; the message quotes the last line it wrote and names its log.
    """
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, env=environment, check=False)
    if done.returncode:
        lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
        said = next((line for line in reversed(lines) if line), f"exit code {done.returncode}")
        raise HarnessError(f"{Path(command[1]).name} failed: {said[:200]} (all of it: {log})")


def _chains(count: int, folder: Path) -> Path:
    target = folder / "chains.jsonl"
    try:
        python = python_of(HERE / "chains.txt")
    except UnavailableError as error:
        raise HarnessError(f"reasoning-gym {error}") from error
    call([str(python), str(HERE / "chains.py"), str(count), "1", str(target)], folder / "chains.log")
    return target
