"""``r1tailor study``: people compare the answers of two subjects, blinded; a plan first, a report last."""

import argparse
import json
import secrets
from pathlib import Path
from typing import Any

from r1tailor import config, store
from r1tailor.commands.arguments import count
from r1tailor.errors import UserError

_STUDY = "its name (medical-study-1), or a domain for its newest study"


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command and its actions."""
    parser = commands.add_parser("study", help="people compare two subjects, blinded: new, status, link, close, report")
    actions = parser.add_subparsers(metavar="action", required=True)
    new = actions.add_parser("new", help="state the plan, draw the items, print one link per rater")
    new.add_argument("domain", help="a domain, a version or the folder of a run that was evaluated")
    new.add_argument("--subjects", default="base,tuned", help="two of its subjects, or versions (default: base,tuned)")
    new.add_argument("--items", type=count, default=60, help="items that each rater sees (default: 60)")
    new.add_argument("--raters", type=count, default=4, help="(default: 4)")
    new.add_argument("--repeats", type=float, default=0.1, help="share of items shown twice (default: 0.1)")
    new.add_argument("--confidence", type=float, default=0.95, help="of the conclusion (default: 0.95)")
    new.add_argument("--ties", type=float, default=0.3, help="share of ties assumed for the power (default: 0.3)")
    new.add_argument("--win", type=float, default=0.7, help="win rate assumed for the power (default: 0.7)")
    new.add_argument("--seed", type=count, help="of the draw (default: a secret one)")
    new.add_argument("--url", default="http://127.0.0.1:8000", help="where `r1tailor serve` is reached, for the links")
    new.set_defaults(run=start)
    status = actions.add_parser("status", help="votes of each rater, and whether the study may stop")
    status.add_argument("study", help=_STUDY)
    status.set_defaults(run=show_status)
    link = actions.add_parser("link", help="a new link of one rater; the old one stops working")
    link.add_argument("study", help=_STUDY)
    link.add_argument("rater", type=count, help="number of the rater, from 1")
    link.add_argument("--url", default="http://127.0.0.1:8000", help="where `r1tailor serve` is reached")
    link.set_defaults(run=renew_link)
    closing = actions.add_parser("close", help="end the study; no more votes are taken")
    closing.add_argument("study", help=_STUDY)
    closing.add_argument("--reason", default="closed by hand", help="kept with the votes")
    closing.set_defaults(run=close)
    report = actions.add_parser("report", help="write report.html and report.json, once the study has ended")
    report.add_argument("study", help=_STUDY)
    report.add_argument("--json", action="store_true", help="for scripts: JSON on stdout")
    report.set_defaults(run=write_report)


def start(parsed: argparse.Namespace) -> None:
    """State the plan of a study, draw it, and print the links."""
    from r1tailor.registry import open_registry
    from r1tailor.serving.study.folder import create, next_name
    from r1tailor.serving.study.plan import Assumed, planned
    from r1tailor.serving.study.subjects import answered

    subjects = parsed.subjects.split(",")
    found = answered(parsed.domain, subjects, open_registry(config.ROOT), config.ROOT)
    name = next_name(_folder(), found.domain)
    seed = secrets.randbits(64) if parsed.seed is None else parsed.seed
    sizes = parsed.items, parsed.raters, parsed.repeats
    plan, items = planned(name, found, subjects, sizes, parsed.confidence, Assumed(parsed.ties, parsed.win), seed)
    study, tokens = create(_folder(), plan, items)
    print("\n".join(plan.lines()))
    print("links, one per rater; they are kept nowhere and open where `r1tailor serve` runs:")
    for number, token in enumerate(tokens, start=1):
        print(f"  rater {number}: {_link(parsed.url, token)}")
    print(f"then: r1tailor study status {study.plan.name}")


def show_status(parsed: argparse.Namespace) -> None:
    """Print how far each rater is; no figure of the comparison."""
    from r1tailor.serving.study.folder import find
    from r1tailor.serving.study.report import verdict_of

    study = find(_folder(), parsed.study)
    for number, (done, total) in enumerate(study.progress(), start=1):
        print(f"rater {number}: {done} of {total} pages")
    verdict, name = verdict_of(study, study.rated()), study.plan.name
    print(f"items that every rater has voted on: {verdict.complete} of {study.plan.items} planned")
    if verdict.winner is not None and verdict.rule == "confidence sequence":
        print(f"the confidence sequence has decided: r1tailor study close {name}, then r1tailor study report {name}")
    elif study.ended:
        print(f"the study has ended: r1tailor study report {name}")
    else:
        print("not decided yet")


def renew_link(parsed: argparse.Namespace) -> None:
    """Print a new link of a rater."""
    from r1tailor.serving.study.folder import find

    print(_link(parsed.url, find(_folder(), parsed.study).new_link(parsed.rater - 1)))


def close(parsed: argparse.Namespace) -> None:
    """End a study."""
    from r1tailor.serving.study.folder import find

    study = find(_folder(), parsed.study)
    study.close(parsed.reason)
    print(f"{study.plan.name} is closed: r1tailor study report {study.plan.name}")


def write_report(parsed: argparse.Namespace) -> None:
    """Write the report.

    Raises:
        UserError: the study is still open, or the report cannot be written.
    """
    from r1tailor.serving.study.folder import find
    from r1tailor.serving.study.report import figures, page

    study = find(_folder(), parsed.study)
    found = figures(study)
    try:
        store.write_json(study.folder / "report.json", found, 0o600)
        store.write_text(study.folder / "report.html", page(study, found), 0o600)
    except OSError as error:
        raise UserError(f"{study.folder} cannot be written: {error.strerror}") from error
    if parsed.json:
        print(json.dumps(found, indent=2))
        return
    print(found["verdict"]["text"])
    print(f"report: {study.folder / 'report.html'}")


def _folder() -> Path:
    return config.ROOT / config.load_params().serving.folder


def _link(url: str, token: str) -> str:
    return f"{url.rstrip('/')}/study/{token}"
