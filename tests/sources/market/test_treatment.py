"""What stands out in stored prices is told and treated as the settings say: a case as exports bring it, end to end."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from r1tailor import sources
from r1tailor.domain.finance.crises import crises
from r1tailor.domain.finance.point_in_time import PointInTime
from r1tailor.domain.finance.settings import Crises, CrisisEvent
from r1tailor.errors import DataError
from r1tailor.records import Document
from r1tailor.sources.market import fetch
from tests.support.feed_cases import source
from tests.support.market_documents import days, walk

TODAY = date(2022, 12, 30)
DAYS = [date.fromisoformat(day) for day in days(500)]
SPLIT, SPIKE, HOLE, TWICE = 300, 100, range(200, 215), 50
EXPORT = {"kind": "bars", "path": "bars.csv", "columns": {"date": "Date"}, "symbols": {"OURS": "Close"}}
WRITTEN = {"thousands": ",", "since": "2000-01-01", "on_damage": "list"}


def _export(root: Path, twice: str = "") -> list[float]:
    """Write bars as a terminal exports them; return the closes without its faults."""
    closes = [float(close) * 20 for close in walk(len(DAYS))[:, 0]]
    lines = ["Date,Open,Close,Volume"]
    for n, (day, close) in enumerate(zip(DAYS, closes, strict=True)):
        if n in HOLE:
            continue
        shown = close / (7 if n >= SPLIT else 1) * (10 if n == SPIKE else 1)
        line = f'{day:%m/%d/%Y},1.0,"{shown:,.6f}","7,229,970"'
        lines += [line, *([twice or line] if n == TWICE else [])]
    (root / "bars.csv").write_text("\ufeff" + "\r\n".join(lines) + "\r\n", encoding="utf-8")
    return closes


def _backfilled(root: Path, **changes: Any) -> list[str]:  # noqa: ANN401
    told: list[str] = []
    settings = source(EXPORT | WRITTEN, **changes)
    fetch.backfill(settings, fetch.open_feed(settings, root), root, TODAY, told.append)
    return told


def _documents(root: Path, **changes: Any) -> dict[str, float]:  # noqa: ANN401
    read = list(sources.read(source(EXPORT | WRITTEN, **changes), root, []))
    return {document.fields["event"]: document.fields["values"]["OURS"] for document in read}


def test_an_export_with_every_fault_is_read_told_and_mended(tmp_path: Path) -> None:
    closes = _export(tmp_path)
    told = _backfilled(tmp_path)
    assert told[0] == "prices: OURS: 1 repeated dates with the same figure, counted once"
    assert f"{DAYS[SPLIT]} -8" in told[2]
    assert told[2].endswith("is a split of 7:1, no crisis; the prices before it are divided (checks.splits: adjust)")
    assert "back on the next day: an outlier, left out (checks.outliers: drop)" in told[3]
    assert f"no price from {DAYS[199]} to {DAYS[215]} (24 days)" in told[4]
    assert len(told) == 5
    found = _documents(tmp_path)
    assert str(DAYS[SPIKE]) not in found
    for n in (0, SPLIT - 1, SPLIT, 499):
        assert found[str(DAYS[n])] == pytest.approx(closes[n] / 7, rel=1e-6)


def test_what_is_found_is_kept_where_the_settings_say_so(tmp_path: Path) -> None:
    closes = _export(tmp_path)
    keep = {"splits": "keep", "outliers": "keep"}
    told = _backfilled(tmp_path, checks=keep)
    assert "left as it is (checks.splits: keep)" in told[2]
    found = _documents(tmp_path, checks=keep)
    assert found[str(DAYS[0])] == pytest.approx(closes[0], rel=1e-6)
    assert found[str(DAYS[SPIKE])] == pytest.approx(10 * closes[SPIKE], rel=1e-6)


def test_a_known_split_is_undone(tmp_path: Path) -> None:
    closes = _export(tmp_path)
    checks = {"splits": "keep", "known_splits": {"OURS": {str(DAYS[SPLIT]): 7.0}}}
    _backfilled(tmp_path, checks=checks)
    assert _documents(tmp_path, checks=checks)[str(DAYS[0])] == pytest.approx(closes[0] / 7, rel=1e-6)


@pytest.mark.parametrize(("rule", "value"), [("first", None), ("last", 5.0)])
def test_a_repeated_date_with_another_figure_is_treated_by_setting(
    tmp_path: Path, rule: str, value: float | None
) -> None:
    closes = _export(tmp_path, twice=f"{DAYS[TWICE]:%m/%d/%Y},1.0,5.0,1")
    checks = {"repeats": rule, "outliers": "keep", "splits": "keep"}
    assert "1 repeated dates with another figure" in _backfilled(tmp_path, checks=checks)[0]
    assert _documents(tmp_path, checks=checks)[str(DAYS[TWICE])] == pytest.approx(value or closes[TWICE], rel=1e-6)


def test_a_repeated_date_with_another_figure_is_rejected_by_default(tmp_path: Path) -> None:
    _export(tmp_path, twice=f"{DAYS[TWICE]:%m/%d/%Y},1.0,5.0,1")
    with pytest.raises(DataError, match=r"^bars\.csv, line 53: the date of OURS stands there before with another"):
        _backfilled(tmp_path, on_damage="stop")


def test_faults_of_the_same_kind_are_one_line_with_count_and_first_places(tmp_path: Path) -> None:
    _export(tmp_path)
    told = _backfilled(tmp_path, thousands=None, checks={"splits": "keep", "outliers": "keep"})
    left_out = [line for line in told if "left out" in line]
    assert left_out == [
        "prices: left out: bars.csv: OURS is not a number as the settings have it; with decimal: '.' and "
        "thousands: ',' it is one: 286 times, at line 2, line 3, line 4, ..."
    ]
    with pytest.raises(
        DataError, match=r"286 times, at line 2, line 3, line 4, \.\.\. \(domain\.sources, name: prices"
    ):
        _backfilled(tmp_path, thousands=None, on_damage="stop")


def test_a_continental_export_newest_first_is_read(tmp_path: Path) -> None:
    closes = [float(close) * 20 for close in walk(30)[:, 0]]
    lines = [
        f"{day:%d.%m.%Y};" + f"{c:,.2f}".translate(str.maketrans(",.", ".,"))
        for day, c in zip(DAYS, closes, strict=False)
    ]
    (tmp_path / "bars.csv").write_text("\n".join(["Date;Close", *reversed(lines)]), encoding="utf-8")
    changes = {"decimal": ",", "thousands": ".", "on_damage": "stop"}
    _backfilled(tmp_path, **changes)
    found = _documents(tmp_path, **changes)
    assert [found[str(day)] for day in DAYS[:30]] == [pytest.approx(close, abs=0.005) for close in closes]


def test_dates_without_an_order_are_refused_once_and_a_setting_reads_them(tmp_path: Path) -> None:
    (tmp_path / "bars.csv").write_text("Date,Close\n01/02/2009,1\n02/03/2009,2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"bars\.csv, Date: no date shows whether its day or its month stands first"):
        _backfilled(tmp_path)
    _backfilled(tmp_path, dates="%d/%m/%Y")
    assert list(_documents(tmp_path)) == ["2009-02-01", "2009-03-02"]


def test_a_split_is_no_crisis_and_gets_no_famous_name(tmp_path: Path) -> None:
    _export(tmp_path)
    _backfilled(tmp_path)
    day = str(DAYS[SPLIT])
    event = CrisisEvent(start=day, end=day, name="Famous", source="x", market="US equities", fall=0.57)
    settings = Crises(drawdown=0.3, onset_drawdown=0.1)

    def found(**changes: Any) -> list[str]:  # noqa: ANN401
        documents: list[Document] = list(sources.read(source(EXPORT | WRITTEN, **changes), tmp_path, []))
        panel = PointInTime.of(documents).latest()
        return [one.name for one in crises(panel.events, panel.values[:, 0], settings, (event,), "US equities")]

    assert found() == []
    kept = found(checks={"splits": "keep"})
    assert kept
    assert "Famous" not in kept  # it fell by 57 %, this series by 86 %


def test_dates_without_a_figure_are_reported(tmp_path: Path) -> None:
    (tmp_path / "bars.csv").write_text("Date,Close\n2009-02-01,1\n2009-02-02,N/A\n2009-02-03,\n", encoding="utf-8")
    assert _backfilled(tmp_path)[0] == "prices: OURS: 2 dates without a figure, the first on 2009-02-02"


@pytest.mark.parametrize("revisited", [10, 3000])
def test_a_split_in_a_history_that_the_feed_has_adjusted_again_is_undone_once(revisited: int, tmp_path: Path) -> None:
    """Prices of before the split are fetched; after it the feed divides its history, of which a poll sees a part."""
    closes = [float(close) * 20 for close in walk(len(DAYS))[:, 0]]
    changes = {"revisit_days": revisited, "thousands": None}

    def export(until: int, ratio: float) -> None:
        rows = [f"{day},{close / ratio!r}" for day, close in zip(DAYS[:until], closes[:until], strict=True)]
        (tmp_path / "bars.csv").write_text("\n".join(["Date,Close", *rows]) + "\n", encoding="utf-8")

    export(SPLIT - 2, 1)
    settings, told = source(EXPORT | WRITTEN, **changes), list[str]()
    feed = fetch.open_feed(settings, tmp_path)
    fetch.backfill(settings, feed, tmp_path, DAYS[SPLIT - 3], told.append)
    export(SPLIT + 30, 7)
    fetch.poll(settings, fetch.open_feed(settings, tmp_path), tmp_path, DAYS[SPLIT + 29], told.append)
    read = list(sources.read(settings, tmp_path, []))
    of = {day: close / 7 for day, close in zip(DAYS, closes, strict=True)}
    revised = len({document.fields["event"] for document in read}) < len(read)
    assert revised, "the poll brought some of the days again"
    for document in read:
        day = date.fromisoformat(document.fields["event"])
        assert document.fields["values"]["OURS"] == pytest.approx(of[day]), (day, document.id)
    told = [line for line in sources.findings(settings, tmp_path) if "split" in line]
    assert len(told) == 1
    assert " is a split of 7:1" in told[0]
