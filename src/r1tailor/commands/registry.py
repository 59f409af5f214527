"""The ``registry`` commands: what a person asks of the versions, and how it is shown."""

import argparse
from typing import Any

from rich.console import Console
from rich.table import Table

from r1tailor import config, stages


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command and its actions."""
    parser = commands.add_parser("registry", help="list, show, promote or roll back versions")
    actions = parser.add_subparsers(metavar="action", required=True)
    listing = actions.add_parser("list", help="all versions, oldest first")
    listing.add_argument("domain", nargs="?")
    listing.set_defaults(run=show_list)
    one = actions.add_parser("show", help="one version in full")
    one.add_argument("version")
    one.set_defaults(run=show)
    promote_ = actions.add_parser("promote", help="make a version the one that serves")
    promote_.add_argument("version")
    promote_.add_argument("--phase", help="as it was at the end of this phase of its training; needs --force")
    promote_.add_argument("--force", action="store_true", help="promote although goals are missed; needs --reason")
    promote_.add_argument("--reason", default="", help="kept in the history")
    promote_.set_defaults(run=promote)
    rollback_ = actions.add_parser("rollback", help="go back to the version before, or to a given one")
    rollback_.add_argument("domain")
    rollback_.add_argument("version", nargs="?")
    rollback_.add_argument("--phase", help="to the end of this phase of the version that serves, or of the given one")
    rollback_.add_argument("--reason", default="", help="kept in the history")
    rollback_.set_defaults(run=rollback)


def show_list(parsed: argparse.Namespace) -> None:
    """Print one row a version."""
    registry = stages.registry()
    found = registry.versions(parsed.domain)
    if not found:
        print("no versions yet. Register one: dvc repro, or python -m r1tailor register outputs/runs/latest")
        return
    shown = Table()
    for column in ("version", "registered", "parent", "phases", "goals", "serves"):
        shown.add_column(column, overflow="fold")
    for version in found:
        goals = f"{len(version.missed_goals)} missed" if version.missed_goals else "met"
        current, _, phase = (registry.current(version.domain) or "").partition("@")
        serves = (f"at the end of {phase}" if phase else "yes") if current == version.id else ""
        shown.add_row(
            version.id, version.registered_at, version.parent or "", str(len(version.phases) + 1), goals, serves
        )
    Console(markup=False, emoji=False).print(shown)


def show(parsed: argparse.Namespace) -> None:
    """Print a version: metrics, goals, files and what happened to it."""
    registry = stages.registry()
    version = registry.version(parsed.version)
    print(f"{version.id}, registered {version.registered_at}, parent {version.parent or 'none'}")
    for name, entry in version.metrics.get("models", {}).get("tuned", {}).items():
        interval = f" [{entry['low']:.4f}, {entry['high']:.4f}]" if {"low", "high"} <= entry.keys() else ""
        print(f"  {name}: {entry['value']:.4f}{interval}")
    for phase in version.phases:
        print(f"  phase {phase}: registry rollback {version.domain} {version.id} --phase {phase} returns to its end")
    for goal in version.missed_goals:
        print(f"  missed: {goal}")
    for name, sha256 in version.files.items():
        print(f"  {sha256}  {name}")
    for entry in registry.history(version.domain):
        if entry["version"] == version.id:
            action = f"{entry['action']} at the end of {entry['phase']}" if entry.get("phase") else entry["action"]
            print(f"  {entry['at']} {action}" + (f": {entry['reason']}" if entry.get("reason") else ""))


def promote(parsed: argparse.Namespace) -> None:
    """Make a version the one that serves."""
    folder = stages.registry().promote(parsed.version, phase=parsed.phase, force=parsed.force, reason=parsed.reason)
    print(f"{folder.name} serves now: {folder.relative_to(config.ROOT)}")


def rollback(parsed: argparse.Namespace) -> None:
    """Go back to an earlier version."""
    folder = stages.registry().rollback(parsed.domain, parsed.version, phase=parsed.phase, reason=parsed.reason)
    print(f"{folder.name} serves again, every hash checked: {folder.relative_to(config.ROOT)}")
