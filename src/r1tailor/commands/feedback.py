"""``r1tailor feedback``: corrections of served answers: list, export as annotations, retention, verification."""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from r1tailor import config
from r1tailor.errors import UserError
from r1tailor.schema.settings import Settings


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command and its actions."""
    parser = commands.add_parser("feedback", help="corrections of served answers: list, export, expire, verify")
    actions = parser.add_subparsers(metavar="action", required=True)
    for name, run, text in (
        ("list", show, "how many wait for a reviewer, were accepted, rejected"),
        ("export", export, "accepted corrections as a source and as annotation records"),
        ("expire", expire, "remove texts that are older than serving.feedback.retention_days"),
        ("verify", verify, "find any changed, missing or reordered line, and any changed text"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("domain", nargs="?", help="default: the project's")
        action.set_defaults(run=run)
        if name == "export":
            action.add_argument("--to", type=Path, help="folder (default: feedback/<domain>/export of serving.folder)")


def show(parsed: argparse.Namespace) -> None:
    """Print counts by status, and of ratings by version."""
    from r1tailor.serving.feedback.review import STATUSES, outcome

    settings, log = _opened(parsed)
    records = log.records()
    two = settings.serving.feedback.two_person
    counted = Counter(outcome(record, two_person=two).status for record in records)
    print(", ".join(f"{counted[status]} {status}" for status in STATUSES))
    thumbs = Counter((record.version, record.thumb) for record in records if record.thumb)
    for version in dict.fromkeys(version for version, _ in thumbs):
        print(f"{version}: {thumbs[version, 'up']} helpful, {thumbs[version, 'down']} not helpful")


def export(parsed: argparse.Namespace) -> None:
    """Write the accepted corrections, and print the settings that read them."""
    from r1tailor.annotation.schemes import opened
    from r1tailor.serving.feedback.export import SOURCE
    from r1tailor.serving.feedback.export import export as write

    settings, log = _opened(parsed)
    domain = settings.domain
    same = parsed.domain in (None, domain.name)
    scheme = opened(domain.annotation.scheme) if same and domain.annotation else None
    folder = parsed.to or log.folder / "export"
    done = write(
        log.records(), folder, scheme, domain.task.instruction, two_person=settings.serving.feedback.two_person
    )
    source, annotations = (_shown(file) for file in done.files)
    print(f"{done.corrections} corrections: {source}, {annotations}")
    print(
        f"left out: {done.waiting} wait for a reviewer, {done.rejected} rejected, {done.ratings} ratings only, "
        f"{done.expired} whose text was removed"
    )
    if done.corrections:
        print(f"in domain.sources:            - {{kind: jsonl, name: {SOURCE}, path: {source}, ...}}")
        print(f"in domain.annotation.exports: - {{kind: records, path: {annotations}}}")


def expire(parsed: argparse.Namespace) -> None:
    """Remove the texts that are older than the setting."""
    settings, log = _opened(parsed)
    days = settings.serving.feedback.retention_days
    if days is None:
        print("serving.feedback.retention_days is null: texts are kept")
        return
    print(f"{len(log.expire(days))} texts older than {days} days removed")


def verify(parsed: argparse.Namespace) -> None:
    """Check the log and every text; exit with 1 where something was changed."""
    _, log = _opened(parsed)
    damage = log.verify()
    for one in damage:
        print(f"damaged: {one}")
    if damage:
        sys.exit(1)
    print(f"{len(log.records())} records: nothing was changed")


def _opened(parsed: argparse.Namespace) -> Any:  # noqa: ANN401
    """Return the settings and the log of a domain.

    Raises:
        UserError: there is no feedback of this domain.
    """
    from r1tailor.serving.feedback.log import FeedbackLog

    settings: Settings = config.load_params()
    folder = config.ROOT / settings.serving.folder / "feedback"
    domain = parsed.domain or settings.domain.name
    known = sorted(place.name for place in folder.iterdir() if place.is_dir()) if folder.is_dir() else []
    if domain not in known:
        raise UserError(f"there is no feedback of {domain!r}. Domains with feedback: {', '.join(known) or 'none'}")
    return settings, FeedbackLog(folder / domain)


def _shown(file: Path) -> str:
    return (file.relative_to(config.ROOT) if file.is_relative_to(config.ROOT) else file).as_posix()
