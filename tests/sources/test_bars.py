"""Packaged market figures: the real tables, and what is wrong with damaged ones."""

import gzip
from contextlib import suppress
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor import config, sources
from r1tailor.errors import ConfigError, DataError
from r1tailor.records import Document, Rejection
from r1tailor.schema.market import Bars
from r1tailor.schema.sources import PackagedSource
from r1tailor.sources import bars as figures
from r1tailor.sources.base import Origin
from r1tailor.sources.streams import Damage
from tests.conftest import ROOT

PRICES = {"values": "price", "period": "day", "lag_days": 0}
RATES = {"values": "rate", "period": "month", "lag_days": 7}
REAL = {
    "sp500": ("sp500_index.csv.gz", PRICES),
    "stocks": ("sp500_dataset.csv.gz", PRICES),
    "factors": ("factors_dataset.csv.gz", PRICES),
    "credit": ("default.csv.gz", RATES),
}


def _source(
    name: str = "sp500",
    bars: dict[str, Any] | None = PRICES,
    raw: bytes = b"",
    member: str = "prices.csv.gz",
) -> PackagedSource:
    section = {
        "kind": "packaged",
        "name": name,
        "reader": "bars",
        "package": "raw",
        "version": "1",
        "wheel_sha256": "0" * 64,
        "member": member,
        "sha256": sha256(raw).hexdigest(),
        "origin": "",
        "licence": "own",
        "available_at": "2022-12-28",
        "on_damage": "list",
        "bars": bars,
    }
    return PackagedSource.model_validate(section)


def _real(name: str) -> tuple[list[Document], list[Rejection]]:
    member, bars = REAL[name]
    path = ROOT / "data" / "packaged" / name / member
    source = _source(name, bars, path.read_bytes(), member=member)
    found = list(figures.read(Origin.of(source, path, ROOT), path))
    return [x for x in found if isinstance(x, Document)], [x for x in found if isinstance(x, Rejection)]


def _read(root: Path, raw: bytes, bars: dict[str, Any] = PRICES) -> tuple[list[Document], list[str]]:
    """Return the documents and rejections of a packaged table."""
    path = root / "data" / "packaged" / "sp500" / "prices.csv.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(raw))
    rejected: list[Rejection] = []
    source = _source("sp500", bars, path.read_bytes())
    documents = list(sources.read(source, root, rejected))
    return documents, [str(rejection).removeprefix("data/packaged/sp500/prices.csv.gz, ") for rejection in rejected]


# --- the real tables ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rows", "series", "first", "last"),
    [
        ("sp500", 8313, 1, "1990-01-02", "2022-12-28"),
        ("stocks", 8313, 20, "1990-01-02", "2022-12-28"),
        ("factors", 2264, 5, "2014-01-02", "2022-12-28"),
        ("credit", 1200, 2, "1919-01-31", "2018-12-31"),
    ],
)
def test_a_real_table_is_a_document_a_row(name: str, rows: int, series: int, first: str, last: str) -> None:
    documents, rejected = _real(name)
    assert (len(documents), rejected) == (rows, [])
    assert {len(document.fields["values"]) for document in documents} == {series}
    assert (documents[0].id, documents[-1].id) == (f"{name}/{first}", f"{name}/{last}")
    assert (documents[0].position, documents[-1].position) == ("line 2", f"line {rows + 1}")


def test_a_close_is_known_on_its_day() -> None:
    documents, _ = _real("sp500")
    lehman = next(document for document in documents if document.fields["event"] == "2008-09-15")
    assert (lehman.text, lehman.available_at) == ("2008-09-15 SP500 1192.7", "2008-09-15")
    assert lehman.fields == {"event": "2008-09-15", "values": {"SP500": 1192.7}}
    assert all(document.available_at == document.fields["event"] for document in documents)


def test_a_monthly_yield_is_of_the_end_of_its_month_and_known_a_week_later() -> None:
    documents, _ = _real("credit")
    october = next(document for document in documents if document.fields["event"] == "2008-10-31")
    assert october.available_at == "2008-11-07"
    assert set(october.fields["values"]) == {"AAA", "BAA"}
    assert all(document.available_at > document.fields["event"] for document in documents)


# --- damage ---------------------------------------------------------------------------------------------------------

NO_DATE = (
    "line 3: its date must be written YYYY-MM-DD, YYYYMMDD, D.M.YYYY, M/D/YYYY, D/M/YYYY, 14 Jul 2009 or "
    "2009年7月14日, or as the setting dates says"
)
GOOD = b"Date,A,B\n2008-01-02,1.5,2\n"
DAMAGED: dict[str, tuple[bytes, str]] = {
    "no date": (b"yesterday,1,2\n", NO_DATE),
    "no such day": (b"2008-02-30,1,2\n", "line 3: its date is no day of the calendar"),
    "no such American day": (b"13/1/2008,1,2\n", "line 3: its date is no day of the calendar"),
    "a week's date": (b"2008-W01-3,1,2\n", NO_DATE),
    "a time of day": (b"2008-01-03 16:00:00,1,2\n", NO_DATE),
    "no date at all": (b",1,2\n", NO_DATE),
    "Arabic digits": ("٢٠٠٨-01-03,1,2\n".encode(), NO_DATE),
    "the year 0": (b"0000-01-03,1,2\n", "line 3: its date is no day of the calendar"),
    "a date twice": (b"2008-01-02,1,2\n", "line 3: its date stands there before"),
    "out of order": (b"2008-01-01,1,2\n", "line 3: its date is earlier than the row's before"),
    "a word": (b"2008-01-03,1,high\n", "line 3: B is not a number"),
    "an underscore": (b"2008-01-03,1_0,2\n", "line 3: A is not a number"),
    "a comma for a point": (b'2008-01-03,"1,5",2\n', "line 3: A is not a number"),
    "a currency": (b"2008-01-03,$1,2\n", "line 3: A is not a number"),
    "hexadecimal": (b"2008-01-03,0x10,2\n", "line 3: A is not a number"),
    "infinite": (b"2008-01-03,inf,2\n", "line 3: A is not a number"),
    "beyond a float": (b"2008-01-03,1e999,2\n", "line 3: A is infinite"),
    "a very long number": (b"2008-01-03," + b"9" * 5000 + b",2\n", "line 3: A is not a number"),
    "zero": (b"2008-01-03,0,2\n", "line 3: A is a price and must be above zero"),
    "below zero": (b"2008-01-03,1,-2\n", "line 3: B is a price and must be above zero"),
    "nothing at all": (b"2008-01-03,,NaN\n", "line 3: it holds no figure"),
    "a cell too few": (b"2008-01-03,1\n", "line 3: 2 columns, expected 3"),
    "a cell too many": (b"2008-01-03,1,2,3\n", "line 3: 4 columns, expected 3"),
    "not utf-8": (b"2008-01-03,1,\xff\n", "line 3: not UTF-8 (byte 14 of the row)"),
    "a null": (b"2008-01-03,1,\0\n", "line 3: a null character"),
}


@pytest.mark.parametrize(("row", "said"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_row_is_one_rejection_and_the_others_come(row: bytes, said: str, tmp_path: Path) -> None:
    documents, rejected = _read(tmp_path, GOOD + row + b"2008-01-04,3,4\n")
    assert rejected == [said]
    assert [document.id for document in documents] == ["sp500/2008-01-02", "sp500/2008-01-04"]


def test_two_dates_of_one_month_are_one_month_twice(tmp_path: Path) -> None:
    _, rejected = _read(tmp_path, b"Date,AAA\n1/1/2008,5\n1/31/2008,6\n2/1/2008,6\n", RATES)
    assert rejected == ["line 3: its date stands there before"]


def test_a_rate_may_be_zero_or_below(tmp_path: Path) -> None:
    documents, rejected = _read(tmp_path, b"Date,AAA,BAA\n1/1/2008,0,-0.5\n", RATES)
    assert (documents[0].fields["values"], rejected) == ({"AAA": 0.0, "BAA": -0.5}, [])


def test_an_empty_cell_is_left_out(tmp_path: Path) -> None:
    documents, rejected = _read(tmp_path, GOOD + b"2008-01-03,,2.5\n2008-01-04,nan,3\n")
    assert [document.fields["values"] for document in documents[1:]] == [{"B": 2.5}, {"B": 3.0}]
    assert rejected == []


def test_a_column_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^data/packaged/sp500/prices\.csv\.gz, line 1: several columns are called A$"):
        _read(tmp_path, b"Date,A,A\n2008-01-02,1,2\n")


def test_a_table_without_dates_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^data/packaged/sp500/prices\.csv\.gz, line 1: no column DATE$"):
        _read(tmp_path, b"Day,A\n2008-01-02,1\n")


@pytest.mark.parametrize("bomb", [b"0" * 50_000_000, b'"' + b"0\n" * 25_000_000], ids=["a line", "a quoted cell"])
def test_a_small_file_that_unpacks_to_an_endless_row_is_given_up(bomb: bytes, tmp_path: Path) -> None:
    documents, rejected = _read(tmp_path, GOOD + bomb)
    assert len(documents) == 1
    assert rejected[0].startswith("line 3: ")
    assert rejected[0].endswith("1,000,000 bytes; the rest is not read")


@pytest.mark.parametrize("cut", [1, 8, 20])
def test_a_gzip_file_that_ends_early_keeps_what_came(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv.gz"
    raw = GOOD + b"".join(b"2008-02-%02d,1,2\n" % day for day in range(1, 30))
    path.write_bytes(gzip.compress(raw)[:-cut])
    found = list(figures.read(Origin.of(_source(), path, tmp_path), path))
    assert isinstance(found[-1], Rejection)
    assert found[-1].reason == "the gzip data end too early"


@pytest.mark.parametrize(
    "overrides",
    [["domain=finance", "domain.sources.0.bars=null"], ["+domain.sources.0.bars={values:rate,period:day,lag_days:0}"]],
)
def test_figures_are_described_where_there_are_any_and_only_there(overrides: list[str]) -> None:
    with pytest.raises(ConfigError, match=r"sources\.0: bars \(values, period, lag_days\) belongs to reader: bars"):
        config.load(overrides)


# --- cells ----------------------------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(st.floats(min_value=1e-30, max_value=1e30))
def test_a_number_that_python_writes_is_read_exactly(value: float) -> None:
    assert figures.figure(repr(value), Bars.model_validate(PRICES), "A") == value


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="0123456789.eE+-_ naif٣", max_size=12))
def test_a_cell_is_a_figure_as_python_reads_it_or_missing_or_damage(text: str) -> None:
    with suppress(Damage):
        found = figures.figure(text, Bars.model_validate(RATES), "A")
        assert found is None or float(text) == found


@pytest.mark.parametrize(
    ("cell", "value"),
    [(1, 1.0), (Decimal("1.25"), 1.25), (2.5, 2.5), (None, None), (float("nan"), None), (Decimal("NaN"), None)],
)
def test_cells_of_databases_and_parquet_are_read(cell: object, value: float | None) -> None:
    assert figures.figure(cell, Bars.model_validate(PRICES), "A") == value


@pytest.mark.parametrize("cell", [True, [1.0], date(2008, 1, 2), Decimal("sNaN"), 10**400, float("inf")])
def test_cells_that_are_no_figures_are_damage(cell: object) -> None:
    with pytest.raises(Damage, match=r"^A is (not a number|infinite)$"):
        figures.figure(cell, Bars.model_validate(PRICES), "A")


def test_the_end_of_the_calendar_is_damage() -> None:
    with pytest.raises(Damage, match="beyond the calendar"):
        figures.known_from(date.max, Bars.model_validate(RATES))
