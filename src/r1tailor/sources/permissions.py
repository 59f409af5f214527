"""What the owners of sources permit: when material may be used, what it may be used for, who may get it.

What may never be used is refused with the configuration (``schema/base.py``). Here is what depends on the day, and what
later stages ask.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from r1tailor.schema.sources import Source


def under_embargo(sources: Iterable[Source], today: date) -> dict[str, str]:
    """Return the ISO date of the end of its embargo for each source that may not be used yet, by name."""
    ends = {s.name: s.permissions.embargo_until for s in sources if s.permissions and s.permissions.embargo_until}
    return {name: end for name, end in ends.items() if date.fromisoformat(end) > today}


def not_trained(sources: Iterable[Source]) -> frozenset[str]:
    """Return the names of the sources that may be in the test only."""
    return frozenset(s.name for s in sources if s.permissions and s.permissions.use != "train")


def not_passed_on(provenance: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the names of the sources whose material, and what is made of it, may not be passed on.

    Whatever serves or exports a version asks this of the version's ``provenance.json`` and refuses unless it is empty.

    Args:
        provenance: one mapping a source, as ``collect`` writes it.
    """
    return tuple(
        s["name"] for s in provenance if not (s.get("permissions") or {"redistribution": True})["redistribution"]
    )


def listed(sources: Iterable[Source]) -> list[tuple[str, ...]]:
    """Return what each source's owner permits, in words for the report: name, use, passing on, embargo, inside."""
    return [
        (
            source.name,
            {"train": "training and evaluation", "evaluate": "evaluation only"}[stated.use],
            "may be passed on" if stated.redistribution else "may not be passed on",
            f"not before {stated.embargo_until}" if stated.embargo_until else "no embargo",
            "inside information" if stated.inside_information else "public",
        )
        for source in sources
        if (stated := source.permissions)
    ]
