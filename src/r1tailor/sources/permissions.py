"""What the owners of sources permit: when material may be used, what it may be used for, who may get it.

What may never be used is refused with the configuration (``schema/base.py``). Here is what depends on the day, and what
later stages ask.
"""

from collections.abc import Iterable
from datetime import date

from r1tailor.errors import UserError
from r1tailor.schema.sources import Source


def under_embargo(sources: Iterable[Source], today: date) -> dict[str, str]:
    """Return the ISO date of the end of its embargo for each source that may not be used yet, by name."""
    ends = {s.name: s.permissions.embargo_until for s in sources if s.permissions and s.permissions.embargo_until}
    return {name: end for name, end in ends.items() if date.fromisoformat(end) > today}


def not_trained(sources: Iterable[Source]) -> frozenset[str]:
    """Return the names of the sources that may be in the test only."""
    return frozenset(s.name for s in sources if s.permissions and s.permissions.use != "train")


def refuse_passing_on(what: str, sources: Iterable[Source], instead: str) -> None:
    """Refuse to hand out what was made of sources whose owners do not let it be passed on.

    Args:
        what: the version or the model, for the message.
        sources: of the composition that it was trained with.
        instead: what can be done.

    Raises:
        UserError: names the sources.
    """
    names = not_passed_on(sources)
    if names:
        raise UserError(
            f"{what} was made of sources that may not be passed on ({', '.join(names)}: permissions.redistribution = "
            f"false); {instead}"
        )


def not_passed_on(sources: Iterable[Source]) -> tuple[str, ...]:
    """Return the names of the sources whose material, and what is made of it, may not be passed on."""
    return tuple(s.name for s in sources if s.permissions and not s.permissions.redistribution)


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
