"""``r1tailor demo-update``: three days of corrections, one of them poisoned, while a gateway serves on."""

import argparse
import shutil
import time
from typing import Any

from r1tailor import command_line, config
from r1tailor.errors import UserError
from r1tailor.layout import RunFolder
from r1tailor.record_files import read_examples

FOLDER = "outputs/demo-update"  # a project of its own
_PAUSE = 10.0  # seconds between two requests: each answer takes time from training


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser("demo-update", help="three days of corrections, one of them poisoned, after make demo")
    parser.add_argument(
        "of_run", metavar="run", nargs="?", default="outputs/runs/latest", help="a finished run of domain=medical"
    )
    parser.set_defaults(run=_demo)


def _demo(parsed: argparse.Namespace) -> None:
    command_line.share_processor()
    from r1tailor.update.demo.play import play
    from r1tailor.update.demo.story import BUDGET, of_medical
    from r1tailor.update.demo.traffic import OPEN

    run = RunFolder((config.ROOT / parsed.of_run).resolve())
    if not (run.path / "config.yaml").is_file():
        raise UserError(f"{parsed.of_run} holds no run. Make one first: make demo")
    began, root = time.monotonic(), config.ROOT / FOLDER
    budget = [f"{key}={value}" for key, value in {**BUDGET, **OPEN}.items()]
    settings = command_line.with_overrides(config.load_params(run.path / "config.yaml"), budget)
    days = of_medical(read_examples(run.examples / "train.jsonl"))
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    _say("the gates are cut to this budget:", *(f"  {line}" for line in budget))
    outcome = play(settings, run, days, root, _say, _PAUSE)
    _say(*(f"{name}: {decision}" for name, decision in outcome.decisions.items()), str(outcome))
    _say(f"the days: {outcome.page.relative_to(config.ROOT).as_posix()} ({time.monotonic() - began:.0f} s)")
    if outcome.lost or len(outcome.versions) != len(days):
        raise UserError(
            "the demonstration did not go as told: see the page of the days; " + "; ".join(outcome.lost[:3])
        )


def _say(*lines: str) -> None:
    print(*(f"demo-update: {line}" for line in lines), sep="\n", flush=True)
