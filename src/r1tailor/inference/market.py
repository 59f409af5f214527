"""What a market domain asks on a day: its own prompts, from figures as they were known then. No torch."""

import sys
from contextlib import redirect_stdout
from datetime import date
from pathlib import Path
from typing import Protocol, runtime_checkable

from r1tailor import sources
from r1tailor.corpus import chain
from r1tailor.corpus.engine import Report, kept, treated
from r1tailor.domain import Domain, open_domain
from r1tailor.errors import UserError
from r1tailor.records import Document, Example, Rejection
from r1tailor.schema.settings import Settings


@runtime_checkable
class Dated(Protocol):
    """A domain whose questions follow from a date."""

    def questions_at(self, day: str) -> list[Example]:
        """Return what is asked on a day, of what was known at its end; ``available_at`` is the last trading day.

        Raises:
            DataError: too little was known.
        """
        ...


def questions_at(settings: Settings, root: Path, day: date) -> tuple[Domain, list[Example]]:
    """Return the domain over its raw material as it is now, and what it asks on a day.

    Args:
        settings: the composition of the model that is asked.
        root: the project's root, for the sources' files.
        day: of which only what was known at its end is read.

    Raises:
        UserError: the domain's questions do not follow from a date, or too little was known on that day.
    """
    domain = open_domain(settings.domain, _documents(settings, root))
    if not isinstance(domain, Dated):
        raise UserError(f"domain {settings.domain.name} answers texts: --asof and --today are for market domains")
    return domain, domain.questions_at(day.isoformat())


def _documents(settings: Settings, root: Path) -> list[Document]:
    """Return the clean documents of a domain, read and cleaned as its stages do; what readers print is no answer."""
    rejected: list[Rejection] = []
    steps = chain(settings.domain.cleaning, root)
    raw = (document for source in settings.domain.sources for document in sources.read(source, root, rejected))
    with redirect_stdout(sys.stderr):
        return list(kept((treated(document, steps) for document in raw), Report()))
