"""``r1tailor market``: fetch the figures of market feeds into their stores."""

import argparse
import time
from datetime import date
from typing import Any

from r1tailor import config
from r1tailor.commands.arguments import add_overrides, count


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command and its actions."""
    parser = commands.add_parser("market", help="fetch the figures of market feeds into their stores")
    actions = parser.add_subparsers(metavar="action", required=True)
    backfill = actions.add_parser("backfill", help="the history; an interrupted backfill continues where it stopped")
    add_overrides(backfill)
    backfill.add_argument("--again", action="store_true", help="ask for all of it, to find what was revised")
    backfill.set_defaults(run=_backfill)
    poll = actions.add_parser("poll", help="what is new, and what was revised in the last days")
    add_overrides(poll)
    poll.add_argument("--every", type=count, help="seconds from one poll to the next (default: one poll)")
    poll.set_defaults(run=_poll)


def _backfill(parsed: argparse.Namespace) -> None:
    from r1tailor.sources.market import fetch

    for source, feed in fetch.feeds(config.load(parsed.overrides).domain, config.ROOT):
        fetched = fetch.backfill(source, feed, config.ROOT, date.today(), print, again=parsed.again)
        print(f"backfill: {source.name}: {fetched}")


def _poll(parsed: argparse.Namespace) -> None:
    from r1tailor.sources.market import fetch

    feeds = fetch.feeds(config.load(parsed.overrides).domain, config.ROOT)
    while True:
        for source, feed in feeds:
            print(f"poll: {source.name}: {fetch.poll(source, feed, config.ROOT, date.today(), print)}", flush=True)
        if not parsed.every:
            return
        time.sleep(parsed.every)
