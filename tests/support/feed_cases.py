"""The market feeds as their contract test sees them: a new feed joins by one more case.

Every case gives the same bars of the S&P 500 and of one stock, in its own form.
"""

import csv
import gzip
import io
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from r1tailor.schema.market import FeedSource, WindSource
from r1tailor.sources.market.feed import MarketFeed
from r1tailor.sources.market.fetch import open_feed
from r1tailor.sources.market.terminal import Clock
from r1tailor.sources.market.wind import WindFeed
from tests.support import wind_terminal
from tests.support.wind_terminal import FakeClock, Recorded, StandIn

SYMBOLS = {"SP500": "SPX.GI", "APPLE": "AAPL.O"}
FIRST, LAST = date(2008, 9, 1), date(2008, 12, 31)
BARS = {"values": "price", "period": "day", "lag_days": 0}
FACTS = {
    "name": "prices",
    "licence": "own",
    "available_at": "2022-12-28",
    "on_damage": "stop",
    "store": "market/prices",
    "symbols": SYMBOLS,
    "since": "2008-09-01",
    "revisit_days": 10,
    "bars": BARS,
}
RETRIES = {"calls_per_second": 5.0, "attempts": 3, "backoff_seconds": 1.0}
WIND = {
    "kind": "wind",
    "function": "wsd",
    "field": "close",
    "wait_seconds": 60,
    "page_days": 30,
    "retries": RETRIES,
}
WIDE = {"date": "Date"}
LONG = {"date": "day", "symbol": "code", "value": "close"}
_SOURCES: TypeAdapter[FeedSource] = TypeAdapter(FeedSource)


def source(settings: dict[str, Any], **changes: Any) -> FeedSource:  # noqa: ANN401
    """Return a feed's settings, checked."""
    return _SOURCES.validate_python(FACTS | settings | changes)


def real_bars(first: date = FIRST, last: date = LAST) -> Recorded:
    """Return the recorded bars by symbol."""
    return wind_terminal.recorded(first, last, {"SPX.GI": ("sp500", "SP500"), "AAPL.O": ("stocks", "AAPL")})


@dataclass(frozen=True)
class FeedCase:
    """One feed: its name, its settings, and what writes the bars below a root."""

    name: str
    settings: dict[str, Any]
    write: Callable[[Path, Recorded], object] = lambda root, bars: None

    def feed(self, root: Path, recorded: Recorded, **changes: Any) -> MarketFeed:  # noqa: ANN401
        """Return the feed once its bars are written."""
        self.write(root, recorded)
        settings = source(self.settings, **changes)
        if isinstance(settings, WindSource):
            clock = FakeClock()
            return WindFeed(settings, StandIn(recorded, now=clock.now), Clock(clock.now, clock.sleep))
        return open_feed(settings, root)


def _wide(bars: Recorded) -> list[dict[str, Any]]:
    days = sorted({day for figures in bars.values() for day in figures})
    return [{"Date": day, **{code: figures.get(day) for code, figures in bars.items()}} for day in days]


def _long(bars: Recorded) -> list[dict[str, Any]]:
    return [
        {"day": day, "code": code, "close": value, "volume": 1}
        for code, figures in bars.items()
        for day, value in sorted(figures.items())
    ]


def _csv(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _database(root: Path, bars: Recorded) -> None:
    with closing(sqlite3.connect(root / "bars.db")) as connection, connection:
        connection.execute("DROP TABLE IF EXISTS bars")
        connection.execute("CREATE TABLE bars (day TEXT, code TEXT, close REAL)")
        rows = [(str(row["day"]), row["code"], row["close"]) for row in _long(bars)]
        connection.executemany("INSERT INTO bars VALUES (?, ?, ?)", rows)


FEEDS = [
    FeedCase(
        "csv, a column a symbol",
        {"kind": "bars", "path": "bars.csv", "columns": WIDE},
        lambda root, bars: (root / "bars.csv").write_bytes(_csv(_wide(bars))),
    ),
    FeedCase(
        "csv.gz, a row a figure",
        {"kind": "bars", "path": "bars.csv.gz", "columns": LONG},
        lambda root, bars: (root / "bars.csv.gz").write_bytes(gzip.compress(_csv(_long(bars)))),
    ),
    FeedCase(
        "parquet, a column a symbol",
        {"kind": "bars", "path": "bars.parquet", "columns": WIDE},
        lambda root, bars: pq.write_table(pa.Table.from_pylist(_wide(bars)), root / "bars.parquet"),
    ),
    FeedCase(
        "parquet, a row a figure",
        {"kind": "bars", "path": "bars.parquet", "columns": LONG},
        lambda root, bars: pq.write_table(pa.Table.from_pylist(_long(bars)), root / "bars.parquet"),
    ),
    FeedCase(
        "sqlite",
        {"kind": "bars_sql", "url": "sqlite:///bars.db", "query": "SELECT * FROM bars", "columns": LONG},
        _database,
    ),
    FeedCase("wind, wsd", WIND),
    FeedCase("wind, edb", WIND | {"function": "edb", "field": None}),
]
