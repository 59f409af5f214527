"""``r1tailor registry``: the versions, and which one of each domain is promoted."""

import argparse
import json
import math
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from r1tailor import config
from r1tailor.registry import Registry, Version, open_registry
from r1tailor.registry.deployed import id_of
from r1tailor.registry.gc import collect
from r1tailor.registry.names import CHANNELS
from r1tailor.registry.rebuild import rebuild
from r1tailor.registry.verify import verify
from r1tailor.registry.version import AT, tuned_values

_VERSION = "medical-3, medical-3-<hash>, the beginning of a hash, [medical@]latest, [medical@]current"


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command and its actions."""
    parser = commands.add_parser("registry", help="list, show, promote, roll back, verify versions")
    actions = parser.add_subparsers(metavar="action", required=True)
    listing = _action(actions, "list", show_list, "all versions, oldest first")
    listing.add_argument("domain", nargs="?")
    listing.add_argument("--wide", action="store_true", help="every column, whatever the width of the terminal")
    _action(actions, "show", show, "one version in full").add_argument("version", help=_VERSION)
    promoting = _action(actions, "promote", promote, "make a version the current one")
    promoting.add_argument("version", help=_VERSION)
    promoting.add_argument("--phase", help="its model at the end of this phase of training; needs --force")
    promoting.add_argument("--force", action="store_true", help="promote although goals are missed; needs --reason")
    promoting.add_argument("--reason", default="", help="kept in the history")
    rolling = _action(actions, "rollback", rollback, "roll back to the version before, or to a given one")
    rolling.add_argument("domain")
    rolling.add_argument("version", nargs="?", help=_VERSION)
    rolling.add_argument("--phase", help="to the end of this phase of the current version, or of the given one")
    rolling.add_argument("--reason", default="", help="kept in the history")
    _action(actions, "rebuild", rebuild_, "take in every version that can be found")
    verifying = _action(actions, "verify", verify_, "check every hash, record, history and link; repair what can be")
    verifying.add_argument("--dry-run", action="store_true", help="repair nothing")
    collecting = _action(actions, "gc", collect_, "remove the stored files that no version needs")
    collecting.add_argument("--dry-run", action="store_true", help="remove nothing; only report")
    collecting.add_argument("--withdrawn", action="store_true", help="the weights of withdrawn versions, too")


def _action(
    actions: Any,  # noqa: ANN401
    name: str,
    run: Callable[[argparse.Namespace], None],
    text: str,
) -> argparse.ArgumentParser:
    action: argparse.ArgumentParser = actions.add_parser(name, help=text)
    action.add_argument("--json", action="store_true", help="for scripts: JSON on stdout")
    action.set_defaults(run=run)
    return action


def show_list(parsed: argparse.Namespace) -> None:
    """Print one row a version."""
    registry = _opened()
    found = registry.versions(parsed.domain)
    refused = registry.refused(parsed.domain)
    for why in refused.values():
        print(f"refused: {why}", file=sys.stderr)
    if parsed.json:
        _print_json([_facts(registry, version) for version in found])
    elif not found and not refused:
        print(_nothing(registry, parsed.domain))
    elif not found:
        print("every version is refused")
    elif parsed.wide:
        Console(width=_WIDE, markup=False, emoji=False).print(_table(_wide_row, registry, found))
    else:
        longest = max(len(version.id) for version in found)
        Console(width=max(Console().width, longest), markup=False, emoji=False).print(_table(_row, registry, found))


def _nothing(registry: Registry, domain: str | None) -> str:
    others = ", ".join(dict.fromkeys(version.domain for version in registry.versions()))
    if domain is not None and others:
        return f"no version of {domain}. Domains with versions: {others}"
    return "no versions yet. Register one: dvc repro, or r1tailor register outputs/runs/latest"


_FOLDED = ("metric", "model")  # where the terminal is narrow
_WIDE = 1000  # columns: nothing is cut or folded
_Row = Callable[[Registry, Version], dict[str, str]]


def _table(row: _Row, registry: Registry, versions: list[Version]) -> Table:
    """Return one row a version; an id is never cut or split over lines, other cells fold."""
    rows = [row(registry, version) for version in versions]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in rows[0]:
        longest = max(len(cells[name]) for cells in rows) if name == "version" else None
        table.add_column(name, no_wrap=name not in _FOLDED, min_width=longest, overflow="fold")
    for cells in rows:
        table.add_row(*(Text(cell) for cell in cells.values()))
    return table


def _row(registry: Registry, version: Version) -> dict[str, str]:
    """Return the cells that fit 80 columns."""
    headline = version.headline
    return {
        "version": version.id,
        "metric": f"{headline[0]} {headline[1]:.3f}" if headline else "",
        "model": f"{version.model} {version.strategy}".strip(),
        "goals": f"{len(version.missed_goals)} missed" if version.missed_goals else "met" if version.goals else "none",
        "current": _current(registry, version),
    }


def _wide_row(registry: Registry, version: Version) -> dict[str, str]:
    values = (f"{name} {value:.4f}" for name, value in tuned_values(version.metrics).items())
    return _row(registry, version) | {
        "registered": version.registered_at,
        "parent": registry.parent(version) or "",
        "phases": str(len(version.phases) + 1),
        "metrics": ", ".join(values),
    }


def _current(registry: Registry, version: Version) -> str:
    """Return ``yes``, the phase at whose end the version is promoted, its channel, or ``withdrawn``; empty else."""
    if registry.is_withdrawn(version):
        return "withdrawn"
    for channel in CHANNELS:
        if registry.in_channel(version.domain, channel) == version.id:
            return channel
    current, _, phase = (registry.current(version.domain) or "").partition(AT)
    return (f"{AT}{phase}" if phase else "yes") if current == version.id else ""


def show(parsed: argparse.Namespace) -> None:
    """Print a version: metrics, goals, files and what happened to it."""
    registry = _opened()
    version = registry.version(parsed.version)
    history = [entry for entry in registry.history(version.domain) if entry["version"] == version.id]
    if parsed.json:
        _print_json(_facts(registry, version) | {"files": version.files, "history": history})
        return
    print(f"{version.id}, registered {version.registered_at}, {version.model} {version.strategy}".rstrip())
    print(f"  trained from: {registry.parent(version) or 'the base model'}")
    if licence := registry.notice(version):
        print(f"  licence: {licence}")
    for name, entry in version.metrics.get("models", {}).get("tuned", {}).items():
        interval = f" [{entry['low']:.4f}, {entry['high']:.4f}]" if {"low", "high"} <= entry.keys() else ""
        print(f"  {name}: {entry['value']:.4f}{interval}")
    for phase in version.phases:
        print(f"  phase {phase}: registry rollback {version.domain} {version.id} --phase {phase} returns to its end")
    for goal in version.missed_goals:
        print(f"  missed: {goal}")
    for name, sha256 in version.files.items():
        print(f"  {sha256}  {name}")
    for entry in history:
        action = f"{entry['action']} at the end of {entry['phase']}" if entry.get("phase") else entry["action"]
        print(f"  {entry['at']} {action}" + (f": {entry['reason']}" if entry.get("reason") else ""))


def promote(parsed: argparse.Namespace) -> None:
    """Make a version the current one of its domain."""
    folder = _opened().promote(parsed.version, phase=parsed.phase, force=parsed.force, reason=parsed.reason)
    _say_current(parsed, folder, "is promoted")


def rollback(parsed: argparse.Namespace) -> None:
    """Roll back to an earlier version."""
    folder = _opened().rollback(parsed.domain, parsed.version, phase=parsed.phase, reason=parsed.reason)
    _say_current(parsed, folder, "is current again, every hash checked")


def _say_current(parsed: argparse.Namespace, folder: Path, what: str) -> None:
    place = folder.relative_to(config.ROOT).as_posix()
    if parsed.json:
        id_, _, phase = id_of(folder).partition(AT)
        _print_json({"version": id_, "phase": phase or None, "folder": place})
    else:
        print(f"{id_of(folder)} {what}: {place}")


def rebuild_(parsed: argparse.Namespace) -> None:
    """Take in every version that can be found, and say which."""
    found = rebuild(_the_registry(), config.ROOT)
    if parsed.json:
        taken = [{"version": version.id, "from": where} for version, where in found.taken]
        _print_json({"known": [v.id for v in found.known], "taken_in": taken, "refused": found.refused})
        return
    for version, where in found.taken:
        print(f"taken in: {version.id} from {where}")
    for refused in found.refused:
        print(f"not taken in: {refused}")
    print(f"{len(found.taken)} taken in, {len(found.known)} known before")


def verify_(parsed: argparse.Namespace) -> None:
    """Check everything that the registry holds; exit with 1 where damage remains."""
    found = verify(_the_registry(), config.ROOT, repair=not parsed.dry_run)
    if parsed.json:
        _print_json(asdict(found))
    else:
        for repaired in found.repaired:
            print(f"repaired: {repaired}")
        for damage in found.damage:
            print(f"damaged: {damage}")
        print(
            f"{found.versions} versions, {found.files} files, {_bytes(found.size)}: {_count(found.damage, 'damaged')}"
        )
    if found.damage:
        sys.exit(1)


def collect_(parsed: argparse.Namespace) -> None:
    """Remove what no version needs, or only say what that is."""
    found = collect(_the_registry(), dry_run=parsed.dry_run, withdrawn=parsed.withdrawn)
    if parsed.json:
        places = {name: [str(path) for path in paths] for name, paths in asdict(found).items() if name != "size"}
        _print_json({**places, "bytes": found.size, "removed": not parsed.dry_run})
        return
    for path in (*found.objects, *found.deployed):
        print(path.relative_to(config.ROOT).as_posix())
    done = "can be removed" if parsed.dry_run else "removed"
    files, folders = len(found.objects), len(found.deployed)
    print(f"{files} stored files of no version and {folders} deployed folders {done}: {_bytes(found.size)}")


def _bytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB ({size} bytes)"


def _count(found: list[str], what: str) -> str:
    return f"{len(found)} {what}" if found else f"nothing {what}"


def _the_registry() -> Registry:
    """Return the project's registry as it is: nothing is taken in."""
    return Registry(config.ROOT / "outputs" / "registry")


def _opened() -> Registry:
    """Return the project's registry; what was taken in is reported on stderr."""
    registry = open_registry(config.ROOT)
    for note in registry.notes:
        print(f"registry: {note}", file=sys.stderr)
    return registry


def _facts(registry: Registry, version: Version) -> dict[str, Any]:
    """Return what scripts read of a version."""
    current, _, phase = (registry.current(version.domain) or "").partition(AT)
    return {
        "version": version.id,
        "number": version.number,
        "domain": version.domain,
        "registered_at": version.registered_at,
        "parent": registry.parent(version),
        "model": version.model,
        "strategy": version.strategy,
        "licence": registry.notice(version),
        "phases": version.phases,
        "metrics": {name: _number(value) for name, value in tuned_values(version.metrics).items()},
        "missed_goals": version.missed_goals,
        "current": current == version.id,
        "current_phase": phase or None if current == version.id else None,
        "withdrawn": registry.is_withdrawn(version),
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _print_json(value: Any) -> None:  # noqa: ANN401
    print(json.dumps(value, indent=2))
