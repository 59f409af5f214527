"""The store of fetched bars: it only grows, knows from when each figure was known, and survives what stops a fetch."""

import errno
import os
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from r1tailor import command_line, durable, sources, store
from r1tailor.errors import DataError
from r1tailor.records import Document
from r1tailor.sources.bars import Bar
from r1tailor.sources.market import fetch
from r1tailor.sources.market.archive import Archive
from tests.conftest import ROOT
from tests.support.commands import Done
from tests.support.feed_cases import FEEDS, SYMBOLS, FeedCase, real_bars, source
from tests.support.fetched import CSV, TODAY, backfilled, documents, polled, silent, stored_rows

every = pytest.mark.parametrize("case", FEEDS, ids=lambda case: case.name)


def _known_at(documents: list[Document], when: str) -> dict[tuple[str, str], float]:
    """Return what was known at a date: the latest revision of each figure that was available then."""
    known: dict[tuple[str, str], float] = {}
    for found in documents:
        if found.available_at <= when:
            known |= {(found.fields["event"], series): value for series, value in found.fields["values"].items()}
    return known


@every
def test_a_backfilled_history_is_what_the_feed_gave_known_with_its_lag(case: FeedCase, tmp_path: Path) -> None:
    recorded = real_bars()
    bars = {"values": "price", "period": "day", "lag_days": 2}
    fetched = backfilled(case, tmp_path, recorded, bars=bars)
    assert (fetched.new, fetched.revised, fetched.rejected) == (2 * len(recorded["SPX.GI"]), 0, 0)
    found = list(sources.read(source(case.settings, bars=bars), tmp_path, []))
    first = found[0]
    assert (first.id, first.available_at) == ("prices/2008-09-02", "2008-09-04")
    assert first.fields == {
        "event": "2008-09-02",
        "values": {s: recorded[c][date(2008, 9, 2)] for s, c in SYMBOLS.items()},
    }
    assert set(first.text.partition(" ")[2].split(", ")) == {f"{s} {v}" for s, v in first.fields["values"].items()}
    assert [document.fields["event"] for document in found] == [str(day) for day in sorted(recorded["SPX.GI"])]


@every
def test_fetching_again_adds_nothing(case: FeedCase, tmp_path: Path) -> None:
    backfilled(case, tmp_path, real_bars())
    before = sorted((file.name, file.read_bytes()) for file in (tmp_path / "market" / "prices").glob("*.parquet"))
    feed = case.feed(tmp_path, real_bars())
    again = fetch.backfill(source(case.settings), feed, tmp_path, TODAY, silent, again=True)
    polled = fetch.poll(source(case.settings), feed, tmp_path, TODAY, silent)
    assert (again, polled) == (fetch.Fetched(0, 0, 0), fetch.Fetched(0, 0, 0))
    assert sorted((f.name, f.read_bytes()) for f in (tmp_path / "market" / "prices").glob("*.parquet")) == before


@every
def test_a_revised_figure_is_a_new_row_known_from_the_day_it_was_seen(case: FeedCase, tmp_path: Path) -> None:
    recorded, day = real_bars(), date(2008, 12, 29)
    old = recorded["AAPL.O"][day]
    backfilled(case, tmp_path, recorded)
    before = stored_rows(tmp_path)
    recorded["AAPL.O"][day] = old + 1
    assert polled(case, tmp_path, recorded, date(2009, 1, 7)) == fetch.Fetched(0, 1, 0)
    assert stored_rows(tmp_path) == [*before, ("APPLE", day, date(2009, 1, 7), old + 1)]
    found = list(sources.read(source(case.settings), tmp_path, []))
    (revision,) = [document for document in found if document.id.endswith("/2")]
    assert (revision.id, revision.available_at) == ("prices/2008-12-29/2", "2009-01-07")
    assert revision.fields == {"event": "2008-12-29", "values": {"APPLE": old + 1}}
    assert _known_at(found, "2009-01-06")["2008-12-29", "APPLE"] == old
    assert _known_at(found, "2009-01-07")["2008-12-29", "APPLE"] == old + 1


def test_a_revision_that_a_second_backfill_finds_is_known_from_that_day(tmp_path: Path) -> None:
    recorded, day = real_bars(), date(2008, 9, 15)
    backfilled(CSV, tmp_path, recorded)
    recorded["AAPL.O"][day] += 1
    assert backfilled(CSV, tmp_path, recorded) == fetch.Fetched(0, 0, 0)  # it continues where it stopped
    feed = CSV.feed(tmp_path, recorded)
    again = fetch.backfill(source(CSV.settings), feed, tmp_path, date(2009, 2, 1), silent, again=True)
    assert again == fetch.Fetched(0, 1, 0)
    assert stored_rows(tmp_path)[-1] == ("APPLE", day, date(2009, 2, 1), recorded["AAPL.O"][day])


def test_a_figure_that_goes_back_to_what_it_was_is_a_third_row(tmp_path: Path) -> None:
    recorded, day = real_bars(), date(2008, 12, 29)
    old = recorded["AAPL.O"][day]
    backfilled(CSV, tmp_path, recorded)
    for number, value in enumerate([old + 1, old + 1, old], start=6):
        recorded["AAPL.O"][day] = value
        polled(CSV, tmp_path, recorded, date(2009, 1, number))
    assert [row[2:] for row in stored_rows(tmp_path) if row[:2] == ("APPLE", day)] == [
        (day, old),
        (date(2009, 1, 6), old + 1),
        (date(2009, 1, 8), old),
    ]


def test_two_revisions_of_one_day_are_kept_and_the_later_counts(tmp_path: Path) -> None:
    recorded, day = real_bars(), date(2008, 12, 29)
    backfilled(CSV, tmp_path, recorded)
    for value in (90.0, 91.0):
        recorded["AAPL.O"][day] = value
        assert polled(CSV, tmp_path, recorded, TODAY).revised == 1
    found = documents(tmp_path, checks={"outliers": "keep"})
    assert [document.id for document in found if document.fields["event"] == "2008-12-29"] == [
        "prices/2008-12-29",
        "prices/2008-12-29/2",
        "prices/2008-12-29/3",
    ]
    assert _known_at(found, str(TODAY))["2008-12-29", "APPLE"] == 91.0
    assert backfilled(CSV, tmp_path, recorded).revised == 0


def test_what_was_known_at_a_date_does_not_change_by_what_is_fetched_later(tmp_path: Path) -> None:
    recorded = real_bars()
    day = date(2008, 11, 3)
    backfilled(
        CSV, tmp_path, {code: {d: v for d, v in bars.items() if d <= day} for code, bars in recorded.items()}, day
    )
    then, first = [str(day - timedelta(days=back)) for back in range(60)], documents(tmp_path)
    before = {when: _known_at(first, when) for when in then}
    for step in range(1, 16):
        today = day + timedelta(days=step)
        seen = {code: {d: v for d, v in bars.items() if d <= today} for code, bars in recorded.items()}
        revised = max(d for d in seen["AAPL.O"] if d <= today)
        seen["AAPL.O"][revised] *= 1 + step / 100
        polled(CSV, tmp_path, seen, today)
    found = documents(tmp_path)
    assert {when: _known_at(found, when) for when in then} == before
    assert sum(document.id.endswith("/2") for document in found) > 5


def test_what_a_table_knows_of_its_revisions_is_kept(tmp_path: Path) -> None:
    lines = ["day,known,gdp", "2008-09-30,2008-10-30,-0.3", "2008-09-30,2008-11-25,-0.5", "2008-12-31,2009-01-30,-3.8"]
    (tmp_path / "gdp.csv").write_text("\n".join(lines), encoding="utf-8")
    settings = {
        "kind": "bars",
        "path": "gdp.csv",
        "symbols": {"GDP": "gdp"},
        "columns": {"date": "day", "available_at": "known"},
        "bars": {"values": "rate", "period": "day", "lag_days": 0},
    }
    feed = FeedCase("vintages", settings).feed(tmp_path, {})
    for _ in range(2):
        fetch.backfill(source(settings), feed, tmp_path, date(2009, 6, 1), silent, again=True)
    found = list(sources.read(source(settings), tmp_path, []))
    assert [(document.id, document.available_at, document.text) for document in found] == [
        ("prices/2008-09-30", "2008-10-30", "2008-09-30 GDP -0.3"),
        ("prices/2008-09-30/2", "2008-11-25", "2008-09-30 GDP -0.5"),
        ("prices/2008-12-31", "2009-01-30", "2008-12-31 GDP -3.8"),
    ]


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("breaks", ["write_table", "replace"])
def test_an_append_that_breaks_is_one_message_and_leaves_the_store_as_it_was(
    breaks: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded = real_bars()
    early = {code: {d: v for d, v in bars.items() if d < date(2008, 12, 1)} for code, bars in recorded.items()}
    backfilled(CSV, tmp_path, early)
    before = store.sha256_tree(tmp_path / "market")

    def broken(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(*((pq, breaks) if breaks == "write_table" else (Path, breaks)), broken)
        with pytest.raises(SystemExit) as ended, command_line.reported_errors():
            backfilled(CSV, tmp_path, recorded)
    assert ended.value.code == 2
    message = capsys.readouterr().err
    assert message.startswith(f"error: {tmp_path}/market/prices/000002.parquet cannot be ")
    assert os.strerror(number) in message
    assert message.count("\n") == 1
    assert store.sha256_tree(tmp_path / "market") == before
    backfilled(CSV, tmp_path, recorded)
    assert len(stored_rows(tmp_path)) == sum(len(bars) for bars in recorded.values())


def test_a_file_that_was_not_finished_is_no_part_of_the_store(tmp_path: Path) -> None:
    backfilled(CSV, tmp_path, real_bars())
    unfinished = (
        tmp_path / "market" / "prices" / f".000002.parquet.{durable._host()}-4194305-1-0123abcd.tmp"
    )  # no such process
    unfinished.write_bytes(b"PAR1 and no more")
    assert len(documents(tmp_path)) == len(real_bars()["SPX.GI"])
    backfilled(CSV, tmp_path, real_bars())
    assert not unfinished.exists()


def test_a_damaged_store_is_never_added_to(tmp_path: Path) -> None:
    backfilled(CSV, tmp_path, real_bars())
    (tmp_path / "market" / "prices" / "000001.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"000001\.parquet is no whole file of bars: put back the one that was fetched"):
        backfilled(CSV, tmp_path, real_bars())


def test_a_series_that_the_source_no_longer_names_is_passed_over(tmp_path: Path) -> None:
    backfilled(CSV, tmp_path, real_bars())
    assert {tuple(d.fields["values"]) for d in documents(tmp_path, symbols={"APPLE": "AAPL.O"})} == {("APPLE",)}


def test_an_archive_knows_what_repeats_what_it_holds(tmp_path: Path) -> None:
    day = date(2008, 1, 2)
    archive = Archive(tmp_path)
    first = Bar("A", day, 1.0, day)
    assert archive.append([first, first], lambda bar, _: bar.event).new == 1
    assert archive.append([Bar("A", day, 1.0, date(2008, 2, 1))], lambda bar, _: bar.event).revised == 0
    assert Archive(tmp_path).last_event("A") == day
    assert Archive(tmp_path).last_event("B") is None


WINDPY = """
from datetime import date
from tests.support.wind_terminal import StandIn
from tests.support.feed_cases import real_bars
w = StandIn(real_bars())
w.login = {login}
"""
SETTINGS = (
    "domain.sources=[{{kind: wind, name: prices, licence: own, available_at: '2022-12-28', on_damage: stop, "
    "store: '{store}', symbols: {{SP500: SPX.GI, APPLE: AAPL.O}}, since: '2008-09-01', revisit_days: 10, "
    "bars: {{values: price, period: day, lag_days: 0}}, function: wsd, field: close, wait_seconds: 60, "
    "page_days: 10000, retries: {{calls_per_second: 100.0, attempts: 2, backoff_seconds: 0.0}}}}]"
)


def _market(run: Callable[..., Done], root: Path, action: str, login: int = 0) -> Done:
    (root / "WindPy.py").write_text(WINDPY.format(login=login), encoding="utf-8")
    settings = SETTINGS.format(store=root / "market")
    path = f"{ROOT / 'src'}:{root}:{ROOT}"
    return run("-m", "r1tailor", "market", action, "domain=generic", settings, PYTHONPATH=path)


def test_the_command_backfills_and_polls(run_command: Callable[..., Done], tmp_path: Path) -> None:
    count = sum(len(bars) for bars in real_bars().values())
    done = _market(run_command, tmp_path, "backfill")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].startswith("prices: 2008-09-01 to ")
    assert lines[-1] == f"backfill: prices: {count} new figures, 0 revised, 0 left out"
    polled = _market(run_command, tmp_path, "poll")
    assert polled.out.splitlines()[-1] == "poll: prices: 0 new figures, 0 revised, 0 left out"


def test_the_command_says_in_one_line_what_is_wrong(run_command: Callable[..., Done], tmp_path: Path) -> None:
    done = _market(run_command, tmp_path, "backfill", login=-40520014)
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert done.err.startswith(
        "error: wss of SPX.GI,AAPL.O (domain.sources, name: prices): the Wind terminal gives error"
    )
