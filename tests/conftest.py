"""What the tests share: a way to run our commands, toy settings, a toy corpus."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import torch

from r1tailor import config
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from tests.support import fork_server
from tests.support.commands import Done, forked, spawned

ROOT = Path(__file__).resolve().parents[1]
FAST = ("trainer.batch_size=4", "trainer.validation_examples=4", "trainer.precision=fp32", "evaluation.max_items=4")
SHORT = ("evaluation.max_answer_tokens=4", "evaluation.max_reasoning_tokens=8")
NO_BASELINES = "evaluation.plain_baselines=0"  # importing scikit-learn takes seconds
FASTER = (*FAST, *SHORT, NO_BASELINES, "evaluation.resamples=100", "seed=3")


# Files whose tests take minutes: begun first, so that no worker is left with one of them at the end.
_LONGEST = ("test_pipeline", "test_faults", "test_parallel", "test_fit", "test_interruptions", "test_plan")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; a file's tests stay together and in order."""
    places = {name: place for place, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly which browser tests did not run: a skip is one letter among thousands."""
    skipped = [report.nodeid for report in terminalreporter.stats.get("skipped", []) if "/browser/" in report.nodeid]
    if skipped:
        terminalreporter.section(f"NOT RUN: {len(skipped)} browser tests, for want of Chromium or playwright", red=True)
        terminalreporter.write_line("\n".join(skipped))
        terminalreporter.write_line("to run them: apt-get install chromium, and pip install playwright")


@pytest.fixture(autouse=True)
def _one_seed() -> None:
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def run_command() -> Callable[..., Done]:
    """Run `python <arguments>` at the project's root (or in `cwd`) as a user would."""

    def run(*arguments: str, cwd: Path = ROOT, **environment: str) -> Done:
        if arguments[0] == "train.py" and cwd == ROOT:
            return forked(arguments, environment)
        return spawned(arguments, cwd, environment)

    return run


@pytest.fixture(scope="session")
def ready() -> Iterator[Path]:
    """The folder of a `python` that need not import what every command imports."""
    with fork_server.started() as folder:
        yield folder


@pytest.fixture
def settings() -> Callable[..., Settings]:
    """Compose conf/ with overrides."""
    return lambda *overrides: config.load(list(overrides))


@pytest.fixture
def examples() -> list[Example]:
    """Forty small examples over four labels, with varied lengths and one shared instruction."""
    labels = ("alpha", "beta", "gamma", "delta")
    return [
        Example(f"e{i}", "Name the group.", f"item {i} {'of some length ' * (i % 4)}", labels[i % 4]) for i in range(40)
    ]


@pytest.fixture
def write_jsonl(tmp_path: Path) -> Callable[[Sequence[object]], Path]:
    """Write values as JSONL below tmp_path."""

    def write(rows: Sequence[object]) -> Path:
        path = tmp_path / "examples.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    return write


@pytest.fixture
def own_jsonl(tmp_path: Path) -> Path:
    """Anybody's JSONL: sixty questions with one of three answers."""
    labels = ("red", "green", "blue")
    rows = [
        {"instruction": "Which colour?", "input": f"thing {i} of kind {i * 7919}", "output": labels[i % 3]}
        for i in range(60)
    ]
    path = tmp_path / "colours.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def own_domain(tmp_path: Path, own_jsonl: Path) -> Path:
    """A domain of one YAML and no code."""
    conf = tmp_path / "conf"
    (conf / "domain").mkdir(parents=True)
    generic = (ROOT / "conf" / "domain" / "generic.yaml").read_text(encoding="utf-8")
    mine = generic.replace("name: generic", "name: colours").replace("???", str(own_jsonl))
    mine = (
        mine.replace("reasoning: refuse", "reasoning: empty")
        .replace("labels: null", "labels: [red, green, blue]")
        .replace("test: 0.10", "test: 0.20")
    )
    (conf / "domain" / "colours.yaml").write_text(mine, encoding="utf-8")
    return conf


@pytest.fixture
def output() -> Iterator[str]:
    """A folder for one direct run, removed afterwards."""
    name = f"outputs/runs/test-{time.time_ns()}"
    yield name
    subprocess.run(["rm", "-rf", str(ROOT / name)], check=True)
