"""The store of fetched bars: it only grows, knows from when each figure was known, and survives what stops a fetch."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from r1tailor import sources, store
from r1tailor.errors import ConfigError, DataError, FeedRequestError, FeedUnavailableError, UserError
from r1tailor.records import Document
from r1tailor.sources.bars import Bar
from r1tailor.sources.market import fetch
from r1tailor.sources.market.archive import SCHEMA, Archive
from r1tailor.sources.market.feed import MarketFeed, Page
from tests.conftest import ROOT
from tests.support.commands import Done
from tests.support.feed_cases import FEEDS, LAST, SYMBOLS, WIND, FeedCase, real_bars, source
from tests.support.wind_terminal import Recorded

CSV, WIND_CASE = FEEDS[0], FEEDS[5]
TODAY = date(2009, 1, 5)
every = pytest.mark.parametrize("case", FEEDS, ids=lambda case: case.name)


def _silent(_: str) -> None:
    return


def _fetched(case: FeedCase, root: Path, recorded: Recorded, today: date = TODAY, **changes: Any) -> fetch.Fetched:  # noqa: ANN401
    return fetch.backfill(source(case.settings, **changes), case.feed(root, recorded, **changes), root, today, _silent)


def _polled(case: FeedCase, root: Path, recorded: Recorded, today: date, **changes: Any) -> fetch.Fetched:  # noqa: ANN401
    return fetch.poll(source(case.settings, **changes), case.feed(root, recorded, **changes), root, today, _silent)


def _documents(root: Path, **changes: Any) -> list[Document]:  # noqa: ANN401
    return list(sources.read(source(CSV.settings, **changes), root, []))


def _rows(root: Path) -> list[tuple[str, date, date, float]]:
    files = sorted((root / "market" / "prices").glob("*.parquet"))
    return [tuple(row.values()) for file in files for row in pq.read_table(file).to_pylist()]


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
    fetched = _fetched(case, tmp_path, recorded, bars=bars)
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
    _fetched(case, tmp_path, real_bars())
    before = sorted((file.name, file.read_bytes()) for file in (tmp_path / "market" / "prices").glob("*.parquet"))
    feed = case.feed(tmp_path, real_bars())
    again = fetch.backfill(source(case.settings), feed, tmp_path, TODAY, _silent, again=True)
    polled = fetch.poll(source(case.settings), feed, tmp_path, TODAY, _silent)
    assert (again, polled) == (fetch.Fetched(0, 0, 0), fetch.Fetched(0, 0, 0))
    assert sorted((f.name, f.read_bytes()) for f in (tmp_path / "market" / "prices").glob("*.parquet")) == before


@every
def test_a_revised_figure_is_a_new_row_known_from_the_day_it_was_seen(case: FeedCase, tmp_path: Path) -> None:
    recorded, day = real_bars(), date(2008, 12, 29)
    old = recorded["AAPL.O"][day]
    _fetched(case, tmp_path, recorded)
    before = _rows(tmp_path)
    recorded["AAPL.O"][day] = old + 1
    assert _polled(case, tmp_path, recorded, date(2009, 1, 7)) == fetch.Fetched(0, 1, 0)
    assert _rows(tmp_path) == [*before, ("APPLE", day, date(2009, 1, 7), old + 1)]
    found = list(sources.read(source(case.settings), tmp_path, []))
    (revision,) = [document for document in found if document.id.endswith("/2")]
    assert (revision.id, revision.available_at) == ("prices/2008-12-29/2", "2009-01-07")
    assert revision.fields == {"event": "2008-12-29", "values": {"APPLE": old + 1}}
    assert _known_at(found, "2009-01-06")["2008-12-29", "APPLE"] == old
    assert _known_at(found, "2009-01-07")["2008-12-29", "APPLE"] == old + 1


def test_a_revision_that_a_second_backfill_finds_is_known_from_that_day(tmp_path: Path) -> None:
    recorded, day = real_bars(), date(2008, 9, 15)
    _fetched(CSV, tmp_path, recorded)
    recorded["AAPL.O"][day] += 1
    assert _fetched(CSV, tmp_path, recorded) == fetch.Fetched(0, 0, 0)  # it goes on from where it was
    feed = CSV.feed(tmp_path, recorded)
    again = fetch.backfill(source(CSV.settings), feed, tmp_path, date(2009, 2, 1), _silent, again=True)
    assert again == fetch.Fetched(0, 1, 0)
    assert _rows(tmp_path)[-1] == ("APPLE", day, date(2009, 2, 1), recorded["AAPL.O"][day])


def test_a_figure_that_goes_back_to_what_it_was_is_a_third_row(tmp_path: Path) -> None:
    recorded, day = real_bars(), date(2008, 12, 29)
    old = recorded["AAPL.O"][day]
    _fetched(CSV, tmp_path, recorded)
    for number, value in enumerate([old + 1, old + 1, old], start=6):
        recorded["AAPL.O"][day] = value
        _polled(CSV, tmp_path, recorded, date(2009, 1, number))
    assert [row[2:] for row in _rows(tmp_path) if row[:2] == ("APPLE", day)] == [
        (day, old),
        (date(2009, 1, 6), old + 1),
        (date(2009, 1, 8), old),
    ]


def test_two_revisions_of_one_day_are_kept_and_the_later_counts(tmp_path: Path) -> None:
    recorded, day = real_bars(), date(2008, 12, 29)
    _fetched(CSV, tmp_path, recorded)
    for value in (90.0, 91.0):
        recorded["AAPL.O"][day] = value
        assert _polled(CSV, tmp_path, recorded, TODAY).revised == 1
    found = _documents(tmp_path)
    assert [document.id for document in found if document.fields["event"] == "2008-12-29"] == [
        "prices/2008-12-29",
        "prices/2008-12-29/2",
        "prices/2008-12-29/3",
    ]
    assert _known_at(found, str(TODAY))["2008-12-29", "APPLE"] == 91.0
    assert _fetched(CSV, tmp_path, recorded).revised == 0


def test_what_was_known_at_a_date_does_not_change_by_what_is_fetched_later(tmp_path: Path) -> None:
    recorded = real_bars()
    day = date(2008, 11, 3)
    _fetched(CSV, tmp_path, {code: {d: v for d, v in bars.items() if d <= day} for code, bars in recorded.items()}, day)
    then, first = [str(day - timedelta(days=back)) for back in range(60)], _documents(tmp_path)
    before = {when: _known_at(first, when) for when in then}
    for step in range(1, 16):
        today = day + timedelta(days=step)
        seen = {code: {d: v for d, v in bars.items() if d <= today} for code, bars in recorded.items()}
        revised = max(d for d in seen["AAPL.O"] if d <= today)
        seen["AAPL.O"][revised] *= 1 + step / 100
        _polled(CSV, tmp_path, seen, today)
    found = _documents(tmp_path)
    assert {when: _known_at(found, when) for when in then} == before
    assert sum(document.id.endswith("/2") for document in found) > 5


def test_a_polled_figure_is_known_from_the_day_of_the_poll(tmp_path: Path) -> None:
    recorded = real_bars()
    early = {code: {d: v for d, v in bars.items() if d < date(2008, 12, 20)} for code, bars in recorded.items()}
    _fetched(CSV, tmp_path, early, date(2008, 12, 19))
    assert _polled(CSV, tmp_path, recorded, TODAY).new > 0
    known = {document.fields["event"]: document.available_at for document in _documents(tmp_path)}
    assert (known["2008-12-19"], known["2008-12-22"], known["2008-12-31"]) == ("2008-12-19", str(TODAY), str(TODAY))


def test_a_poll_stores_quotes_ahead_of_the_bar(tmp_path: Path) -> None:
    recorded = real_bars()
    early = {code: {d: v for d, v in bars.items() if d < LAST} for code, bars in recorded.items()}
    _fetched(WIND_CASE, tmp_path, early, LAST - timedelta(days=1), quotes=True)
    feed = WIND_CASE.feed(tmp_path, recorded, quotes=True)
    terminal: Any = feed._terminal._wind  # type: ignore[attr-defined]
    terminal.today = LAST
    terminal.wsd = lambda *_, **__: terminal._series([], "2000-01-01", "2000-01-01", "CLOSE")  # no bar of today yet
    polled = fetch.poll(source(WIND, quotes=True), feed, tmp_path, LAST, _silent)
    assert polled == fetch.Fetched(2, 0, 0)
    assert _rows(tmp_path)[-1][1:3] == (LAST, LAST)


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
        fetch.backfill(source(settings), feed, tmp_path, date(2009, 6, 1), _silent, again=True)
    found = list(sources.read(source(settings), tmp_path, []))
    assert [(document.id, document.available_at, document.text) for document in found] == [
        ("prices/2008-09-30", "2008-10-30", "2008-09-30 GDP -0.3"),
        ("prices/2008-09-30/2", "2008-11-25", "2008-09-30 GDP -0.5"),
        ("prices/2008-12-31", "2009-01-30", "2008-12-31 GDP -3.8"),
    ]


class _Stops:
    """A feed that breaks down after so many pages."""

    def __init__(self, feed: MarketFeed, pages: int) -> None:
        self._feed, self._pages = feed, pages

    def pages(self, first: date, last: date) -> Iterator[Page]:
        for number, page in enumerate(self._feed.pages(first, last)):
            if number == self._pages:
                raise FeedUnavailableError("gone")
            yield page

    def quotes(self) -> Page | None:
        return None


def test_an_interrupted_backfill_goes_on_where_it_was(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    _fetched(WIND_CASE, whole, real_bars())
    feed = WIND_CASE.feed(parts, real_bars())
    with pytest.raises(FeedUnavailableError):
        fetch.backfill(source(WIND), _Stops(feed, 2), parts, TODAY, _silent)
    stored = _rows(parts)
    assert 0 < len(stored) < len(_rows(whole))
    _fetched(WIND_CASE, parts, real_bars())
    assert _rows(parts)[: len(stored)] == stored
    assert sorted(_rows(parts)) == sorted(_rows(whole))
    asked = [call for call in feed._terminal._wind.calls if call[0] == "wsd"]  # type: ignore[attr-defined]
    assert asked[0][1] == "2008-09-01"


@pytest.mark.parametrize("breaks", ["write_table", "replace"])
def test_an_append_that_breaks_leaves_the_store_as_it_was(
    breaks: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = real_bars()
    early = {code: {d: v for d, v in bars.items() if d < date(2008, 12, 1)} for code, bars in recorded.items()}
    _fetched(CSV, tmp_path, early)
    before = store.sha256_tree(tmp_path / "market")

    def broken(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "000002.parquet")

    with monkeypatch.context() as patch:
        patch.setattr(*((pq, breaks) if breaks == "write_table" else (Path, breaks)), broken)
        with pytest.raises(OSError, match="No space left"):
            _fetched(CSV, tmp_path, recorded)
    assert store.sha256_tree(tmp_path / "market") == before
    _fetched(CSV, tmp_path, recorded)
    assert len(_rows(tmp_path)) == sum(len(bars) for bars in recorded.values())


def test_a_file_that_was_not_finished_is_no_part_of_the_store(tmp_path: Path) -> None:
    _fetched(CSV, tmp_path, real_bars())
    unfinished = tmp_path / "market" / "prices" / ".000002.parquet.tmp"
    unfinished.write_bytes(b"PAR1 and no more")
    assert len(_documents(tmp_path)) == len(real_bars()["SPX.GI"])
    _fetched(CSV, tmp_path, real_bars())
    assert not unfinished.exists()


def test_a_damaged_store_is_never_added_to(tmp_path: Path) -> None:
    _fetched(CSV, tmp_path, real_bars())
    (tmp_path / "market" / "prices" / "000001.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"000001\.parquet is no whole file of bars: put back the one that was fetched"):
        _fetched(CSV, tmp_path, real_bars())


def test_two_fetches_at_once_are_refused(tmp_path: Path) -> None:
    with (
        store.held(tmp_path / "market" / "prices"),
        pytest.raises(UserError, match="another run is at work there"),
    ):
        _fetched(CSV, tmp_path, real_bars())


def test_a_poll_before_any_history_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Fetch the history first: python -m r1tailor market backfill"):
        _polled(CSV, tmp_path, real_bars(), TODAY)


def test_a_series_of_which_nothing_comes_is_named_and_the_others_are_stored(tmp_path: Path) -> None:
    recorded = real_bars() | {"IBM.N": {date(1990, 1, 2): 1.0}}
    with pytest.raises(FeedRequestError, match=r"^no figure of IBM\.N came since 2008-09-01; what came of the others"):
        _fetched(CSV, tmp_path, recorded, symbols=SYMBOLS | {"IBM": "IBM.N"})
    assert {row[0] for row in _rows(tmp_path)} == set(SYMBOLS)


def test_a_damaged_figure_stops_the_fetch_or_is_left_out_and_said(tmp_path: Path) -> None:
    recorded = real_bars()
    recorded["AAPL.O"][date(2008, 9, 15)] = 0.0
    with pytest.raises(DataError, match=r"^bars\.csv, line 11: APPLE is a price and must be above zero \(domain"):
        _fetched(CSV, tmp_path, recorded)
    said: list[str] = []
    listed = source(CSV.settings, on_damage="list")
    fetched = fetch.backfill(listed, CSV.feed(tmp_path, recorded), tmp_path, TODAY, said.append)
    assert fetched.rejected == 1
    assert said[0] == "prices: left out: bars.csv, line 11: APPLE is a price and must be above zero"


def test_history_ends_today_whatever_the_feed_holds(tmp_path: Path) -> None:
    _fetched(CSV, tmp_path, real_bars(), date(2008, 10, 1))
    assert max(row[1] for row in _rows(tmp_path)) == date(2008, 10, 1)


def test_a_longer_lag_holds_for_what_is_stored_already(tmp_path: Path) -> None:
    _fetched(CSV, tmp_path, real_bars())
    longer = _documents(tmp_path, bars={"values": "price", "period": "day", "lag_days": 3})
    assert (longer[0].id, longer[0].available_at) == ("prices/2008-09-02", "2008-09-05")


def test_a_series_that_the_source_no_longer_names_is_passed_over(tmp_path: Path) -> None:
    _fetched(CSV, tmp_path, real_bars())
    assert {tuple(d.fields["values"]) for d in _documents(tmp_path, symbols={"APPLE": "AAPL.O"})} == {("APPLE",)}


def test_the_store_is_a_table_of_four_columns(tmp_path: Path) -> None:
    _fetched(CSV, tmp_path, real_bars())
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


def test_a_domain_without_a_feed_says_so() -> None:
    from r1tailor import config

    with pytest.raises(ConfigError, match=r"domain=generic has no source of kind bars, bars_sql or wind"):
        fetch.feeds(config.load(["domain=generic", "domain.sources.0.path=x.jsonl"]).domain, ROOT)


def test_an_archive_knows_what_repeats_what_it_holds(tmp_path: Path) -> None:
    day = date(2008, 1, 2)
    archive = Archive(tmp_path)
    first = Bar("A", day, 1.0, day)
    assert archive.append([first, first], lambda bar, _: bar.event).new == 1
    assert archive.append([Bar("A", day, 1.0, date(2008, 2, 1))], lambda bar, _: bar.event).revised == 0
    assert Archive(tmp_path).last_event("A") == day
    assert Archive(tmp_path).last_event("B") is None


# --- the command ----------------------------------------------------------------------------------------------------

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
