"""``r1tailor plan``: parameters and memory of a composition, before anything is loaded."""

import argparse
from typing import Any

from r1tailor import config
from r1tailor.commands.arguments import add_overrides, count


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser("plan", help="parameters and memory of a composition, before anything is loaded")
    add_overrides(parser)
    parser.add_argument("--positions", type=count, help="of one micro-batch (default: the most that can come)")
    parser.add_argument("--width", type=count, default=127, help="positions of one example (default: 127, the worst)")
    parser.add_argument("--shared", type=count, default=0, help="positions that all examples begin with")
    parser.set_defaults(run=_plan, project=False)


def _plan(parsed: argparse.Namespace) -> None:
    settings = config.load(parsed.overrides)
    from r1tailor.planning.memory_trace import Row  # torch is imported only once the configuration is known to be good
    from r1tailor.planning.preflight import report

    row = Row(parsed.positions, max(1, parsed.width), parsed.shared) if parsed.positions else None
    print(report(settings, config.ROOT, row))
