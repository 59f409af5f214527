"""``r1tailor keys``: who may ask the gateway."""

import argparse
from typing import Any

from rich.console import Console
from rich.table import Table

from r1tailor import config
from r1tailor.commands.arguments import add_overrides


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command and its actions."""
    parser = commands.add_parser("keys", help="who may ask the gateway: add, revoke, list keys")
    actions = parser.add_subparsers(metavar="action", required=True)
    adding = actions.add_parser("add", help="make a key; it is shown once")
    adding.add_argument("user")
    adding.add_argument("--role", default="user", help="user, reviewer, rater or admin (default: user)")
    adding.set_defaults(run=_add)
    revoking = actions.add_parser("revoke", help="refuse a key from now on, or every key of a user")
    revoking.add_argument("what", metavar="user-or-id")
    revoking.set_defaults(run=_revoke)
    listing = actions.add_parser("list", help="all keys, oldest first")
    listing.set_defaults(run=_list)
    for action in (adding, revoking, listing):
        add_overrides(action)


def _add(parsed: argparse.Namespace) -> None:
    print(_keys(parsed).add(parsed.user, parsed.role))


def _revoke(parsed: argparse.Namespace) -> None:
    revoked = _keys(parsed).revoke(parsed.what)
    listed = ", ".join(f"{key.id} of {key.user}" for key in revoked)
    print(f"revoked: {listed}" if revoked else f"{parsed.what}: was revoked before")


def _list(parsed: argparse.Namespace) -> None:
    listed = _keys(parsed).listed()
    if not listed:
        print("no key yet: r1tailor keys add NAME")
        return
    table = Table("id", "user", "role", "created", "revoked", box=None)
    for key in listed:
        table.add_row(key.id, key.user, key.role, key.created_at, key.revoked_at or "")
    Console(markup=False, emoji=False, soft_wrap=True).print(table)


def _keys(parsed: argparse.Namespace) -> Any:  # noqa: ANN401
    from r1tailor.serving.keys import Keys

    return Keys(config.ROOT / config.load(parsed.overrides).serving.folder)
