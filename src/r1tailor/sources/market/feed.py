"""The contract of a market feed: bars of the source's series between two dates, page by page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from r1tailor.records import Rejection
from r1tailor.sources.bars import Bar


@dataclass(frozen=True, slots=True)
class Page:
    """What a feed gives at a time: one stretch of dates that is whole.

    Attributes:
        first: of the dates it covers.
        last: of the dates it covers, included.
        bars: by date, each (series, event, available_at) once; none where the feed has none.
        rejected: what the feed gave that is no figure.
        remarks: what else people should know of it.
    """

    first: date
    last: date
    bars: tuple[Bar, ...]
    rejected: tuple[Rejection, ...] = ()
    remarks: tuple[str, ...] = ()


class MarketFeed(Protocol):
    """What every feed can do; all of it may raise ``FeedError`` or ``DataError``."""

    def pages(self, first: date, last: date) -> Iterator[Page]:
        """Yield pages in the order of their dates that together cover every day from the first to the last.

        A bar stands in the page that its event lies in; for a monthly figure that is the month's last day, so that a
        month is given once it is over.
        """
        ...

    def quotes(self) -> Page | None:
        """Return today's latest figures, ahead of their bar; None where the feed has no such thing."""
        ...
