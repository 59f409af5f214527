"""``r1tailor audit``: whether the audit log of the gateway is whole, and what it says."""

import argparse
import json
from typing import Any

from r1tailor import chained, config
from r1tailor.commands.arguments import add_overrides
from r1tailor.errors import DataError, UserError


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command and its actions."""
    parser = commands.add_parser("audit", help="verify or print the gateway's audit log")
    actions = parser.add_subparsers(metavar="action", required=True)
    verifying = actions.add_parser("verify", help="find any line that was changed, removed or moved")
    verifying.add_argument("--expect", metavar="COUNT:HASH", help="what an earlier verify printed, kept elsewhere")
    verifying.set_defaults(run=_verify)
    showing = actions.add_parser("show", help="print the lines as JSON")
    showing.set_defaults(run=_show)
    for action in (verifying, showing):
        add_overrides(action)


def _verify(parsed: argparse.Namespace) -> None:
    path = _path(parsed)
    checked = chained.verify(path)
    if checked.damage:
        raise DataError("\n".join([f"{path} is not what was written:", *(f"  - {what}" for what in checked.damage)]))
    if parsed.expect is not None:
        _refuse_another_past(path, parsed.expect)
    if checked.unfinished:
        print(f"{path}: {checked.unfinished}; the next line takes its place")
    print(f"{path}: {checked.head.count} lines, each as it was written; {checked.head.count}:{checked.head.sha256}")


def _refuse_another_past(path: Any, expected: str) -> None:  # noqa: ANN401
    count, _, sha256 = expected.partition(":")
    if not count.isdigit() or len(sha256) != 64:
        raise UserError(f"--expect {expected!r:.100}: must be COUNT:HASH, as an earlier verify printed it")
    if chained.hash_of_line(path, int(count)) != sha256:
        raise DataError(f"{path}: line {count} is not the one of the earlier verify: the log was written again")


def _show(parsed: argparse.Namespace) -> None:
    for entry in chained.ChainedLog(_path(parsed)).entries():
        print(json.dumps(entry, ensure_ascii=False))


def _path(parsed: argparse.Namespace) -> Any:  # noqa: ANN401
    from r1tailor.serving.audit import log_file

    return log_file(config.ROOT / config.load(parsed.overrides).serving.folder)
