"""Bars in CSV and Parquet files of one's own: each damaged row is named, what is no such file is refused."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from r1tailor.errors import DataError, FeedRequestError, FeedUnavailableError
from r1tailor.sources.market.feed import MarketFeed
from r1tailor.sources.market.fetch import open_feed
from tests.support.feed_cases import source
from tests.support.user_tables import FIRST, LAST, LONG, SYMBOLS, rejections

VINTAGES = {"date": "day", "available_at": "known"}
GOOD = b"day,a,b\n2008-01-02,1,2\n"
GOOD_LONG = b"day,code,close\n2008-01-02,a,1\n2008-01-02,b,2\n"
Fault = tuple[str, dict[str, Any], bytes, str]
CSV: dict[str, Fault] = {
    "no date": ("x.csv", {"date": "day"}, GOOD + b"soon,1,2\n", "line 3: its date must be written"),
    "a price of zero": ("x.csv", {"date": "day"}, GOOD + b"2008-01-03,0,2\n", "line 3: A is a price"),
    "a date twice": ("x.csv", {"date": "day"}, GOOD + b"2008-01-02,3,4\n", "line 3: the date of A stands there before"),
    "cells": ("x.csv", {"date": "day"}, GOOD + b"2008-01-03,3\n", "line 3: 2 columns, expected 3"),
    "long: no symbol": ("x.csv", LONG, GOOD_LONG + b"2008-01-03,,3\n", "line 4: code is no symbol"),
    "long: twice": ("x.csv", LONG, GOOD_LONG + b"2008-01-02,a,9\n", "line 4: the date of A stands there before"),
    "vintages: known too early": (
        "x.csv",
        VINTAGES,
        b"day,known,a,b\n2008-01-02,2008-01-02,1,2\n2008-01-03,2008-01-02,1,2\n",
        "line 3: known is before the event",
    ),
    "vintages: no date": (
        "x.csv",
        VINTAGES,
        b"day,known,a,b\n2008-01-02,2008-01-02,1,2\n2008-01-03,then,1,2\n",
        "line 3: known must be written",
    ),
    "vintages: twice": (
        "x.csv",
        VINTAGES,
        b"day,known,a,b\n2008-01-02,2008-01-03,1,2\n2008-01-02,2008-01-03,3,4\n",
        "line 3: the date of A stands there before",
    ),
}


def _feed(path: str, root: Path) -> MarketFeed:
    columns = {"date": "day"}
    return open_feed(source({"kind": "bars", "path": path, "columns": columns, "symbols": SYMBOLS}), root)


@pytest.mark.parametrize(("name", "columns", "raw", "said"), CSV.values(), ids=CSV)
def test_a_damaged_row_of_a_csv_file(name: str, columns: dict[str, Any], raw: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(raw)
    (rejection,) = rejections({"kind": "bars", "path": name, "columns": columns}, tmp_path)
    assert rejection.startswith(f"{name}, {said}")


DAY = date(2008, 1, 2)
PARQUET: dict[str, tuple[dict[str, list[Any]], str]] = {
    "a time of day": ({"day": [datetime(2008, 1, 2, 16)]}, "row 1: its date holds a time of day"),
    "a number for a date": ({"day": [20080102]}, "row 1: its date must be written"),
    "no date": ({"day": [None]}, "row 1: its date must be written"),
    "a truth for a number": ({"day": [DAY], "a": [True]}, "row 1: A is not a number"),
    "infinite": ({"day": [DAY], "a": [float("inf")]}, "row 1: A is infinite"),
    "a list": ({"day": [DAY], "a": [[1.0]]}, "row 1: A is not a number"),
}


@pytest.mark.parametrize(("columns", "said"), PARQUET.values(), ids=PARQUET)
def test_a_damaged_row_of_a_parquet_file(columns: dict[str, list[Any]], said: str, tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1.0], "b": [2.0]} | columns), tmp_path / "x.parquet")
    settings = {"kind": "bars", "path": "x.parquet", "columns": {"date": "day"}}
    assert [found.startswith(f"x.parquet, {said}") for found in rejections(settings, tmp_path)] == [True]


def test_a_parquet_file_without_its_end_is_none(tmp_path: Path) -> None:
    pq.write_table(pa.table({"day": [DAY], "a": [1.0], "b": [2.0]}), tmp_path / "x.parquet")
    (tmp_path / "x.parquet").write_bytes((tmp_path / "x.parquet").read_bytes()[:-5])
    settings = {"kind": "bars", "path": "x.parquet", "columns": {"date": "day"}}
    assert rejections(settings, tmp_path) == ["x.parquet: no whole Parquet file"]


def _table(name: str, raw: bytes) -> Callable[[Path], object]:
    return lambda root: (root / name).write_bytes(raw)


FILES: dict[str, tuple[str, Callable[[Path], object], type[DataError], str]] = {
    "not there": (
        "x.csv",
        lambda root: None,
        FeedUnavailableError,
        r"^x\.csv is no file \(domain\.sources",
    ),
    "another name": ("x.xls", _table("x.xls", GOOD), FeedRequestError, r"ends in \.csv, \.csv\.gz or \.parquet"),
    "empty": ("x.csv", _table("x.csv", b""), DataError, r"^x\.csv holds no header"),
    "no column": ("x.csv", _table("x.csv", b"day,a\n2008-01-02,1\n"), DataError, r"^x\.csv, line 1: no column b"),
    "a column twice": ("x.csv", _table("x.csv", b"day,a,b,b\n"), DataError, r"several columns are called b"),
    "no gzip": ("x.csv.gz", _table("x.csv.gz", GOOD), DataError, r"^x\.csv\.gz holds no header"),
}


@pytest.mark.parametrize(("name", "write", "kind", "said"), FILES.values(), ids=FILES)
def test_a_file_that_holds_no_such_table(
    name: str, write: Callable[[Path], object], kind: type[DataError], said: str, tmp_path: Path
) -> None:
    write(tmp_path)
    with pytest.raises(kind, match=said):
        list(_feed(name, tmp_path).pages(FIRST, LAST))


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.csv").write_bytes(GOOD)
    feed = _feed("x.csv", tmp_path)

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(FeedUnavailableError, match=r"^x\.csv cannot be read: Permission denied \(domain\.sources"):
        list(feed.pages(FIRST, LAST))
