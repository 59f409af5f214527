"""The store of a feed as documents: four columns, and each damaged row is named."""

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from r1tailor import sources
from r1tailor.sources.market.archive import SCHEMA
from tests.support.feed_cases import real_bars, source
from tests.support.fetched import CSV, backfilled, documents


def test_a_longer_lag_holds_for_what_is_stored_already(tmp_path: Path) -> None:
    backfilled(CSV, tmp_path, real_bars())
    longer = documents(tmp_path, bars={"values": "price", "period": "day", "lag_days": 3})
    assert (longer[0].id, longer[0].available_at) == ("prices/2008-09-02", "2008-09-05")


def test_the_store_is_a_table_of_four_columns(tmp_path: Path) -> None:
    backfilled(CSV, tmp_path, real_bars())
    table = pq.read_table(tmp_path / "market" / "prices" / "000001.parquet")
    assert table.schema.names == ["series", "event", "available_at", "value"]
    assert [str(kind) for kind in table.schema.types] == ["string", "date32[day]", "date32[day]", "double"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"value": [1.0, float("nan")]}, "row 2: value is no finite number"),
        ({"value": [1.0, float("inf")]}, "row 2: value is no finite number"),
        ({"value": [1.0, -1.0]}, "row 2: value is a price and must be above zero"),
        ({"value": [1.0, None]}, "row 2: value is no finite number"),
        ({"series": ["SP500", " "]}, "row 2: series is empty"),
        ({"event": [date(2008, 1, 2), None]}, "row 2: event and available_at must be dates"),
        ({"available_at": [date(2008, 1, 2), date(2008, 1, 1)]}, "row 2: available_at is before the event"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_damaged_row_of_the_store_is_rejected(change: dict[str, list[Any]], said: str, tmp_path: Path) -> None:
    day = date(2008, 1, 2)
    whole = {
        "series": ["SP500", "APPLE"],
        "event": [day, day],
        "available_at": [day, day],
        "value": [1.0, 2.0],
    }
    folder = tmp_path / "market" / "prices"
    folder.mkdir(parents=True)
    schema = pa.schema([pa.field(name, kind) for name, kind in zip(SCHEMA.names, SCHEMA.types, strict=True)])
    pq.write_table(pa.table({**whole, **change}, schema=schema), folder / "000001.parquet")
    rejected: list[Any] = []
    assert len(list(sources.read(source(CSV.settings, on_damage="list"), tmp_path, rejected))) == 1
    assert [str(rejection) for rejection in rejected] == [f"market/prices/000001.parquet, {said}"]
