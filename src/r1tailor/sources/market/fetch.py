"""Fetching: history is backfilled, the present is polled; both append to the source's store.

A backfilled figure counts as known so many days after its event as the source says: that is what the feed's history
allows to say, and a revision from before the first fetch cannot be seen in it. A polled figure counts as known from the
day of the poll. Whatever changes afterwards is a revision, known from the day on which it was seen.

The clock is not trusted: where it stands before the latest day on which the store was fetched, what comes counts as
known from that day, or a figure of tomorrow would be read yesterday. Beyond ``CLOCK_TOLERANCE`` nothing is fetched.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from r1tailor import store
from r1tailor.errors import ConfigError, DataError, FeedRequestError
from r1tailor.records import Rejection, grouped
from r1tailor.schema.domain import Domain
from r1tailor.schema.market import BarsSource, BarsSqlSource, FeedSource, WindSource
from r1tailor.sources.bars import Bar, known_from
from r1tailor.sources.market.archive import Archive
from r1tailor.sources.market.database import DatabaseFeed
from r1tailor.sources.market.feed import MarketFeed, Page
from r1tailor.sources.market.files import FileFeed
from r1tailor.sources.market.stored import findings
from r1tailor.sources.market.wind import WindFeed

CLOCK_TOLERANCE = timedelta(days=31)  # that the clock may stand before the latest fetch
Report = Callable[[str], None]
Known = Callable[[Bar, bool], date]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch came to, in bars."""

    new: int
    revised: int
    rejected: int

    def __str__(self) -> str:
        return f"{self.new:,} new figures, {self.revised:,} revised, {self.rejected:,} left out"


def feeds(domain: Domain, root: Path) -> list[tuple[FeedSource, MarketFeed]]:
    """Return the market sources of a domain, each with its feed.

    Raises:
        ConfigError: it has none.
        FeedError: one cannot be had here.
    """
    found = [source for source in domain.sources if isinstance(source, FeedSource)]
    if not found:
        raise ConfigError([f"domain={domain.name} has no source of kind bars, bars_sql or wind to fetch from"])
    return [(source, open_feed(source, root)) for source in found]


def open_feed(source: FeedSource, root: Path) -> MarketFeed:
    """Return the feed of a source.

    Raises:
        FeedError: it cannot be had here.
    """
    match source:
        case BarsSource():
            return FileFeed(source, root)
        case BarsSqlSource():
            return DatabaseFeed(source, root)
        case WindSource():
            return WindFeed(source)


def backfill(
    source: FeedSource, feed: MarketFeed, root: Path, today: date, report: Report, *, again: bool = False
) -> Fetched:
    """Store the history of a source, page by page; an interrupted backfill continues where it stopped.

    Args:
        source: its settings.
        feed: where its bars come from.
        root: of the project.
        today: history ends with this day; revisions are known from it.
        report: is told of each page.
        again: ask for the whole history, to find what was revised in it.

    Raises:
        DataError: the feed fails, has nothing of a series, or gives what is no figure and the source says
            ``on_damage: stop``.
    """
    since = date.fromisoformat(source.since)
    with _opened(source, root) as archive:
        seen = _clock(source, archive, today, report)
        first = since if again else min(archive.last_event(series) or since for series in source.symbols)
        fetched = _stored(source, archive, feed.pages(first, today), _known_in_history(source, seen), report)
        _refuse_empty(source, archive)
    for finding in findings(source, root):
        report(f"{source.name}: {finding}")
    return fetched


def poll(source: FeedSource, feed: MarketFeed, root: Path, today: date, report: Report) -> Fetched:
    """Store what is new since the last fetch, what was revised in the last days, and the latest quotes.

    Raises:
        DataError: nothing is stored yet, the feed fails, or gives what is no figure and the source says
            ``on_damage: stop``.
    """
    with _opened(source, root) as archive:
        first = _poll_from(source, archive)
        seen = _clock(source, archive, today, report)

        def known(bar: Bar, _: bool) -> date:
            return _seen(source, bar, seen)

        fetched = _stored(source, archive, feed.pages(first, max(today, first)), known, report)
        quotes = feed.quotes()
        if quotes is None:
            return fetched
        more = _stored(source, archive, [quotes], known, report)
        return Fetched(fetched.new + more.new, fetched.revised + more.revised, fetched.rejected + more.rejected)


def _clock(source: FeedSource, archive: Archive, today: date, report: Report) -> date:
    """Return the day on which what comes now is seen: never before the latest day of the store.

    Raises:
        DataError: the clock stands further back than ``CLOCK_TOLERANCE``.
    """
    if isinstance(source, BarsSource | BarsSqlSource) and source.columns.available_at:
        return today  # the feed's own dates tell nothing of our clock
    before = archive.fetched_on(lambda event: known_from(event, source.bars))
    if before <= today:
        return today
    fault = f"{source.name}: this machine's clock says {today}, but {source.store} holds figures fetched on {before}"
    if before - today > CLOCK_TOLERANCE:
        raise DataError(
            f"{fault}. Set the clock right. If it was wrong on {before}, remove from {source.store} the files fetched "
            f"then and fetch again. At most {CLOCK_TOLERANCE.days} days pass (domain.sources, name: {source.name})"
        )
    report(f"{fault}: what comes now counts as known from {before}")
    return before


def _refuse_empty(source: FeedSource, archive: Archive) -> None:
    """Refuse a series of which nothing came: some feeds answer an unknown symbol with nothing."""
    if empty := [symbol for series, symbol in source.symbols.items() if archive.last_event(series) is None]:
        raise FeedRequestError(
            f"no figure of {', '.join(empty)} came since {source.since}; what came of the others is stored "
            f"(domain.sources, name: {source.name})"
        )


def _poll_from(source: FeedSource, archive: Archive) -> date:
    """Return the first day that a poll asks for."""
    stored = [event for series in source.symbols if (event := archive.last_event(series)) is not None]
    if len(stored) < len(source.symbols):
        raise DataError(
            f"{source.store} does not hold every series yet. Fetch the history first: python -m r1tailor market "
            f"backfill, with the same domain (domain.sources, name: {source.name})"
        )
    return max(min(stored) - timedelta(days=source.revisit_days), date.fromisoformat(source.since))


def _known_in_history(source: FeedSource, today: date) -> Known:
    def known(bar: Bar, revision: bool) -> date:
        return _seen(source, bar, today) if revision else known_from(bar.event, source.bars)

    return known


def _seen(source: FeedSource, bar: Bar, today: date) -> date:
    """Return from when on a bar counts as known that was seen today: never before its own lag."""
    return max(known_from(bar.event, source.bars), today)


def _stored(source: FeedSource, archive: Archive, pages: Iterable[Page], known: Known, report: Report) -> Fetched:
    new = revised = rejected = 0
    for page in pages:
        for line in _damage(source, page.rejected):
            report(f"{source.name}: left out: {line}")
        for remark in page.remarks:
            report(f"{source.name}: {remark}")
        added = archive.append(page.bars, known)
        new, revised, rejected = new + added.new, revised + added.revised, rejected + len(page.rejected)
        report(
            f"{source.name}: {page.first} to {page.last}: {len(page.bars):,} figures, {added.new:,} new, "
            f"{added.revised:,} revised"
        )
    return Fetched(new, revised, rejected)


def _damage(source: FeedSource, rejected: Sequence[Rejection]) -> list[str]:
    """Return a line for each kind of fault among the rows of a page.

    Raises:
        DataError: there are any, and the source stops for them; it shows every kind of them.
    """
    lines = grouped(rejected)
    if lines and source.on_damage == "stop":
        where = f"(domain.sources, name: {source.name}, on_damage: stop)"
        raise DataError("\n".join([*lines[:-1], f"{lines[-1]} {where}"]))
    return lines


@contextmanager
def _opened(source: FeedSource, root: Path) -> Iterator[Archive]:
    """Open a source's store and keep every other fetch out of it.

    Raises:
        DataError: the store is damaged.
        UserError: another fetch is at work there.
    """
    folder = root / source.store
    with store.held(folder):
        yield Archive(folder)
