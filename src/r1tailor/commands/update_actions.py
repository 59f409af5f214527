"""``r1tailor update ACTION DOMAIN``: promote, watch, roll back, forget, and the page of the days."""

import argparse
from collections.abc import Callable

from r1tailor import config, store
from r1tailor.confidential import confidential
from r1tailor.config_messages import did_you_mean
from r1tailor.errors import UserError
from r1tailor.schema.settings import Settings

_OPTIONS = {"reason": ("rollback",), "user": ("forget",), "language": ("page",)}  # and the actions that take them


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of the actions."""
    parser.add_argument("--user", help="forget: everything that this user gave")
    parser.add_argument("--reason", help="rollback: kept in the history")
    parser.add_argument("--language", choices=("en", "zh"), help="page: its language (default: the domain's)")


def act(action: str, settings: Settings, parsed: argparse.Namespace) -> None:
    """Do what is asked for a domain.

    Raises:
        UserError: there is no such action, it does not take an option, or it cannot be done.
    """
    if action not in _ACTIONS:
        raise UserError(
            f"update {action!r:.60} {settings.domain.name}: the actions are {', '.join(ACTIONS)}."
            f"{did_you_mean(action, list(ACTIONS))} A day: r1tailor update {settings.domain.name}"
        )
    refuse_options(parsed, action)
    from r1tailor.update.day import update_folder

    places = update_folder(settings)
    with confidential(settings, places.path), store.held(places.path):
        for line in _ACTIONS[action](settings, parsed):
            print(f"update: {line}")


def refuse_options(parsed: argparse.Namespace, action: str = "") -> None:
    """Refuse an option that an action, or a day, does not take.

    Raises:
        UserError: names it.
    """
    for option, actions in _OPTIONS.items():
        if getattr(parsed, option) is not None and action not in actions:
            raise UserError(f"--{option} belongs to: r1tailor update {' | '.join(actions)} DOMAIN")
    if action and (parsed.stage or parsed.every):
        raise UserError(f"update {action}: --stage and --every belong to a day")
    if action not in ("", "forget") and parsed.day:
        raise UserError(f"update {action}: it takes no --day")


def _promote(settings: Settings, _: argparse.Namespace) -> list[str]:
    from r1tailor.update.learn import advanced

    steps = advanced(settings, config.ROOT, yes=True)
    return [str(step) for step in steps] or [f"no candidate of {settings.domain.name} waits"]


def _watch(settings: Settings, _: argparse.Namespace) -> list[str]:
    from r1tailor.update.promote import watch

    alarms, undone = watch(settings, config.ROOT)
    told = [str(one) for one in alarms] or ["no version that an update promoted serves"]
    return [*told, *([str(undone)] if undone else [])]


def _rollback(settings: Settings, parsed: argparse.Namespace) -> list[str]:
    from r1tailor.update.promote import roll_back

    return [str(roll_back(settings, config.ROOT, parsed.reason or "rolled back by hand"))]


def _forget(settings: Settings, parsed: argparse.Namespace) -> list[str]:
    from r1tailor.update.forget import forget
    from r1tailor.update.learn import successor

    found = forget(settings, config.ROOT, day=parsed.day, user=parsed.user)
    steps = successor(settings, config.ROOT) if found.again else []
    return [*found.lines(), *(str(step) for step in steps)]


def _page(settings: Settings, parsed: argparse.Namespace) -> list[str]:
    from r1tailor.update.page import write

    return [write(settings, config.ROOT, parsed.language).relative_to(config.ROOT).as_posix()]


_ACTIONS: dict[str, Callable[[Settings, argparse.Namespace], list[str]]] = {
    "promote": _promote,
    "watch": _watch,
    "rollback": _rollback,
    "forget": _forget,
    "page": _page,
}
ACTIONS = tuple(_ACTIONS)
