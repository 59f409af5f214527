"""The names of versions that people and scripts use: numbers, hashes, ``latest``, ``current``.

===========================  ===============================================================================
``medical-3``                the third version of a domain in this registry
``medical-3-0a1b2c3d4e``     the same, whatever registry it is looked up in
``0a1b2c``                   the version whose hash begins so (four digits at least), if it is the only one
``medical@latest``           the newest registered version of a domain; ``latest`` where there is one domain
``medical@current``          the promoted version of a domain; ``current`` where one domain has one
``medical@canary``           the version that answers a share of the users; the promoted one while there is none
``medical@shadow``           the version whose answers are logged only; the promoted one while there is none
``medical-3@1-easy``         any of these, at the end of a phase of its training
===========================  ===============================================================================
"""

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches

from r1tailor.errors import RegistryError
from r1tailor.registry.version import AT, Version

LATEST, CURRENT = "latest", "current"
CHANNELS = ("shadow", "canary")  # of a candidate (``channels.py``)
_PREFIX = re.compile(r"[0-9a-f]{4,10}")
_MOST_LISTED = 12

Promoted = Callable[[str], str | None]
InChannel = Callable[[str, str], str | None]


def resolve(
    text: str,
    versions: Sequence[Version],
    promoted: Promoted,
    in_channel: InChannel = lambda _domain, _channel: None,
) -> tuple[Version, str | None]:
    """Return the version of a name, and the phase that the name asks for.

    Args:
        text: a name, as in the table above.
        versions: in which to look it up, oldest first within a domain.
        promoted: domain -> id of its promoted version (with ``@<phase>``), or None.
        in_channel: domain and channel -> id of the candidate there, or None.

    Raises:
        RegistryError: there is none, or more than one.
    """
    name, _, at = text.partition(AT)
    if at in (LATEST, CURRENT, *CHANNELS):
        mine = [version for version in versions if version.domain == name]
        if at in CHANNELS:
            return _pointed(CURRENT, name, mine, lambda domain: in_channel(domain, at) or promoted(domain))
        return _pointed(at, name, mine, promoted) if mine else _unknown(text, versions)
    if name in (LATEST, CURRENT):
        version, phase = _pointed(name, None, versions, promoted)
        return version, at or phase
    found = [version for version in versions if name in (version.id, version.short_id)]
    if not found and _PREFIX.fullmatch(name):
        found = [version for version in versions if version.id.rpartition("-")[2].startswith(name)]
    if len(found) > 1:
        raise RegistryError(f"{name} is the beginning of several versions: {_listed(found)}")
    return (found[0], at or None) if found else _unknown(text, versions)


def may_mean(text: str, id_: str) -> bool:
    """Whether a name could mean the version of an id, were it registered."""
    name, _, at = text.partition(AT)
    if at in (LATEST, CURRENT, *CHANNELS):
        return id_.startswith(f"{name}-")
    short, _, hash_ = id_.rpartition("-")
    return name in (LATEST, CURRENT, id_, short) or bool(_PREFIX.fullmatch(name) and hash_.startswith(name))


def _pointed(
    which: str, domain: str | None, versions: Sequence[Version], promoted: Promoted
) -> tuple[Version, str | None]:
    """Return the newest registered or the promoted version, of the one domain that has one."""
    domains = list(dict.fromkeys(version.domain for version in versions))
    ids = {name: promoted(name) for name in domains} if which == CURRENT else dict.fromkeys(domains)
    having = [name for name in domains if which == LATEST or ids[name]]
    if not having:
        whose = f" of {domain}" if domain else ""
        raise RegistryError(f"no version{whose} is {_MEANS[which]}. Registered: {_listed(versions)}")
    if len(having) > 1:
        raise RegistryError(f"{which}: of which domain? {', '.join(f'{name}{AT}{which}' for name in having)}")
    id_, _, phase = (ids[having[0]] or "").partition(AT)
    mine = [version for version in versions if version.domain == having[0]]
    if which == LATEST:
        return max(mine, key=lambda version: version.number), None
    for version in mine:
        if version.id == id_:
            return version, phase or None
    raise RegistryError(f"the promoted version {id_} is not registered; run: r1tailor registry rebuild")


_MEANS = {LATEST: "registered", CURRENT: "promoted"}


def _unknown(text: str, versions: Sequence[Version]) -> tuple[Version, str | None]:
    known = [name for version in versions for name in (version.short_id, version.id)]
    known += [f"{domain}{AT}{which}" for domain in {v.domain for v in versions} for which in (LATEST, CURRENT)]
    close = get_close_matches(text, known, n=1)
    meant = f" Did you mean {close[0]}?" if close else ""
    raise RegistryError(f"there is no version {text}.{meant} Registered: {_listed(versions)}")


def _listed(versions: Sequence[Version]) -> str:
    listed = [version.id for version in versions]
    left_out = f" and {len(listed) - _MOST_LISTED} earlier" if len(listed) > _MOST_LISTED else ""
    return (", ".join(listed[-_MOST_LISTED:]) or "none yet") + left_out
