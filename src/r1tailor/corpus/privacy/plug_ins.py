"""Finders of identifiers that installed packages bring, next to our own.

A package offers one with an entry point of the group ``r1tailor.finders`` whose value is the place of a ``Finder``: a
function that takes a text and returns ``Finding``s (``findings.py``). Its name goes into
``domain.cleaning.privacy.finders``.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from importlib.metadata import entry_points
from typing import get_args

from r1tailor.config_messages import did_you_mean
from r1tailor.corpus.privacy.findings import Finder, Finding
from r1tailor.errors import ConfigError, DataError
from r1tailor.schema.corpus import PrivacyKind

GROUP = "r1tailor.finders"
_KINDS = frozenset(get_args(PrivacyKind))


def plugged_in(names: Iterable[str]) -> tuple[Finder, ...]:
    """Return the finders of some names, in their order.

    Raises:
        ConfigError: no package brings one of them, two do, or it cannot be imported or called.
    """
    return tuple(map(_finder, names))


def _finder(name: str) -> Finder:
    points = list(entry_points(group=GROUP, name=name))
    if len(points) != 1:
        installed = sorted({point.name for point in entry_points(group=GROUP)})
        there = f"installed are {', '.join(installed)}" if installed else "none is installed"
        why = f"{len(points)} packages bring it" if points else f"no installed package brings it; {there}"
        meant = did_you_mean(name, installed)
        raise ConfigError([f"domain.cleaning.privacy.finders = {name}: {why} (entry points of {GROUP}).{meant}"])
    try:
        brought = points[0].load()
    except Exception as error:  # somebody else's module may raise anything
        raise ConfigError(
            [f"domain.cleaning.privacy.finders = {name}: {points[0].value} cannot be imported: {error!r}"]
        ) from error
    if not callable(brought):
        raise ConfigError([f"domain.cleaning.privacy.finders = {name}: {points[0].value} is no function"])
    return partial(_checked, name, brought)


def _checked(name: str, finder: Finder, text: str) -> Sequence[Finding]:
    """Return what a finder of others finds.

    Raises:
        DataError: something that is no finding in this text; nothing of the text is quoted.
    """
    found = list(finder(text))
    for one in found:
        if not (isinstance(one, Finding) and one.kind in _KINDS and 0 <= one.start < one.end <= len(text)):
            raise DataError(
                f"domain.cleaning.privacy.finders: {name} returned something that is no Finding within the text"
            )
    return found
