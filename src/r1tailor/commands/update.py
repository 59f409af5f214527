"""``r1tailor update``: one day of learning, or one day after the other as a service."""

import argparse
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from r1tailor import config, store
from r1tailor.command_line import share_processor, terminable
from r1tailor.commands import update_actions
from r1tailor.confidential import confidential
from r1tailor.errors import Interrupted, TailorError, UserError
from r1tailor.registry.version import DOMAIN
from r1tailor.schema.settings import Settings

_DURATION = re.compile(r"(\d{1,4})(m|h|d)")
_SECONDS = {"m": 60, "h": 3600, "d": 86400}


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser(
        "update", help="a day of learning: new material is admitted, chosen, trained on, proven"
    )
    parser.add_argument("domain", help=f"the project's domain; or {', '.join(update_actions.ACTIONS)}, and the domain")
    parser.add_argument("of", nargs="?", help="the domain that an action is about")
    parser.add_argument("--day", help="ISO date of a new day, or name of one to finish (default: today)")
    parser.add_argument("--stage", help="run one stage of a day again, as DVC does: admit, select, train, prove")
    update_actions.add(parser)
    parser.add_argument("--every", type=duration, help="run as a service, a day each 24h (30m, 7d)")
    parser.set_defaults(run=_update)


def duration(text: str) -> int:
    """Return seconds.

    >>> duration("30m"), duration("24h"), duration("7d")
    (1800, 86400, 604800)

    Raises:
        argparse.ArgumentTypeError: it is no duration.
    """
    found = _DURATION.fullmatch(text)
    if not found or not int(found[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; write it as 30m, 24h or 7d")
    return int(found[1]) * _SECONDS[found[2]]


def _update(parsed: argparse.Namespace) -> None:
    share_processor()
    if parsed.of is not None:
        update_actions.act(parsed.domain, _settings(parsed.of), parsed)
        return
    update_actions.refuse_options(parsed)
    if parsed.stage or parsed.every:
        _refuse_together(parsed)
    if parsed.stage:
        _run_stage(parsed.domain, parsed.day, parsed.stage)
    elif parsed.every:
        with _stoppable():
            serve(parsed.every, lambda: _run_day(parsed.domain, None))
    else:
        with _stoppable():
            _run_day(parsed.domain, parsed.day)


def _refuse_together(parsed: argparse.Namespace) -> None:
    if parsed.every and (parsed.day or parsed.stage):
        raise UserError("--every begins days by itself; leave --day and --stage out")
    if parsed.stage and not parsed.day:
        raise UserError("--stage runs a stage of a day again; name it: --day")


def _settings(domain: str) -> Settings:
    """Return the project's composition.

    Raises:
        UserError: it is of another domain.
    """
    settings = config.load_params()
    if settings.domain.name != domain:
        raise UserError(
            f"this project composes domain {settings.domain.name}, not {domain}. Choose it: r1tailor use domain=..."
        )
    return settings


def _run_day(domain: str, name: str | None) -> None:
    """Run a day as far as it goes, and tell what came of it."""
    settings = _settings(domain)
    from r1tailor.update.learn import whole_day

    for line in whole_day(settings, config.ROOT, name):
        print(f"update: {line}")


def _run_stage(domain: str, name: str, stage: str) -> None:
    """Run one stage of a frozen day, with the composition of that day.

    Raises:
        UserError: there is no such domain, day or stage.
    """
    if not DOMAIN.fullmatch(domain):
        raise UserError(f"{domain!r} names no domain")
    from r1tailor.update import daily
    from r1tailor.update.day import UpdateFolder

    day = UpdateFolder(config.ROOT / "outputs" / domain / "update").day(name)
    with confidential(day.settings, day.places.path), store.held(day.places.path):
        daily.run_stage(day, stage, root=config.ROOT)
    print(f"update: {name}: {stage} is done")


def serve(
    every: float,
    run: Callable[[], None],
    wait: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.time,
) -> None:
    """Run a day at each interval, until a signal ends it; a day that fails is told and tried again with the next.

    Args:
        every: seconds from one beginning to the next.
        run: a day.
        wait: for a number of seconds.
        now: the clock.

    Raises:
        Interrupted: a signal ended it.
    """
    while True:
        started = now()
        try:
            run()
        except (Interrupted, KeyboardInterrupt):
            raise
        except (TailorError, OSError) as error:
            print(f"update: this day failed and is tried again: {error}", file=sys.stderr, flush=True)
        wait(max(0.0, started + every - now()))


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM and Ctrl-C end a day alike: what was finished is kept."""
    said = "stopped; the same command finishes the day"
    try:
        with terminable(said):
            yield
    except KeyboardInterrupt:
        raise Interrupted(said, signal.SIGINT) from None
