"""``r1tailor params``: compose ``conf/`` into ``params.yaml``, which the stages read."""

import argparse
from typing import Any

from r1tailor import config
from r1tailor.commands.arguments import add_overrides


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser("params", help="compose conf/ into params.yaml, which the stages read")
    add_overrides(parser)
    parser.set_defaults(run=_write)


def _write(parsed: argparse.Namespace) -> None:
    config.write_params(parsed.overrides)
