"""Feeds fetched into a store, and what the store then holds."""

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from r1tailor import sources
from r1tailor.records import Document
from r1tailor.sources.market import fetch
from tests.support.feed_cases import FEEDS, FeedCase, source
from tests.support.wind_terminal import Recorded

CSV, WIND_CASE = FEEDS[0], FEEDS[5]
TODAY = date(2009, 1, 5)


def silent(_: str) -> None:
    return


def backfilled(case: FeedCase, root: Path, recorded: Recorded, today: date = TODAY, **changes: Any) -> fetch.Fetched:  # noqa: ANN401
    return fetch.backfill(source(case.settings, **changes), case.feed(root, recorded, **changes), root, today, silent)


def polled(case: FeedCase, root: Path, recorded: Recorded, today: date, **changes: Any) -> fetch.Fetched:  # noqa: ANN401
    return fetch.poll(source(case.settings, **changes), case.feed(root, recorded, **changes), root, today, silent)


def documents(root: Path, **changes: Any) -> list[Document]:  # noqa: ANN401
    return list(sources.read(source(CSV.settings, **changes), root, []))


def stored_rows(root: Path) -> list[tuple[str, date, date, float]]:
    files = sorted((root / "market" / "prices").glob("*.parquet"))
    return [tuple(row.values()) for file in files for row in pq.read_table(file).to_pylist()]
