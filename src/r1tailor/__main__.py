"""The commands, in the order of the pipeline: ``r1tailor`` or ``python -m r1tailor``."""

import argparse
import sys
from collections.abc import Callable

from r1tailor import command_line, config
from r1tailor.commands import (
    ability,
    ask,
    audit,
    base,
    compare,
    compress,
    demo_update,
    errors,
    explain,
    feedback,
    fetch,
    init,
    keys,
    market,
    plan,
    propose,
    redteam,
    registry,
    report,
    serve,
    stage,
    study,
    tasks,
    update,
    use,
)

_COMMANDS = (
    *(init, propose, use, explain, fetch, market, plan, stage, compress, ability, redteam, report, tasks),
    *(registry, compare, errors, ask, serve, keys, audit, study, feedback, update, demo_update, base),
)


def main(arguments: list[str] | None = None) -> None:
    """Run one command; a user's mistake is one message and exit code 2."""
    with command_line.reported_errors():
        parser = _parser()
        parsed = _parsed(parser, arguments)
        command: Callable[[argparse.Namespace], None] | None = getattr(parsed, "run", None)
        if command is None:
            parser.print_help()
            return
        if getattr(parsed, "project", True):
            config.require_project()
        command(parsed)


def _parsed(parser: argparse.ArgumentParser, arguments: list[str] | None) -> argparse.Namespace:
    """Return the arguments; overrides may also stand after options, where argparse itself does not look for them."""
    parsed, rest = parser.parse_known_args(arguments)
    if rest and not (hasattr(parsed, "overrides") and all("=" in text and text[0] != "-" for text in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        parsed.overrides = [*parsed.overrides, *rest]
    return parsed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="r1tailor", description="The stages of the pipeline and the versions.")
    commands = parser.add_subparsers(title="commands, in the order of the pipeline", metavar="command")
    for command in _COMMANDS:
        command.add(commands)
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
