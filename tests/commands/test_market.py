"""``r1tailor market``: figures are fetched, once or every so often, and what came is reported."""

import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from r1tailor import config
from r1tailor.__main__ import main
from r1tailor.sources.market import fetch
from tests.conftest import FASTER
from tests.support.commands import Done
from tests.support.market_documents import walk

DOMAIN = ["domain=generic", "domain.sources.0.path=x.jsonl"]


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[Any, ...]]:
    """The fetches that were asked for."""
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.setattr(fetch, "feeds", lambda domain, root: [(SimpleNamespace(name=f"{domain.name} bars"), root)])

    def backfill(source: Any, feed: Path, root: Path, today: date, tell: object, *, again: bool) -> fetch.Fetched:  # noqa: ANN401
        calls.append(("backfill", source.name, feed == root == tmp_path, today == date.today(), again))
        return fetch.Fetched(3, 0, 1)

    def poll(source: Any, *_: object) -> fetch.Fetched:  # noqa: ANN401
        calls.append(("poll", source.name))
        return fetch.Fetched(1, 0, 0)

    monkeypatch.setattr(fetch, "backfill", backfill)
    monkeypatch.setattr(fetch, "poll", poll)
    return calls


@pytest.mark.parametrize("again", [False, True])
def test_history_is_fetched_to_today(
    again: bool, fetched: list[tuple[Any, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["market", "backfill", *DOMAIN, *["--again"] * again])
    assert fetched == [("backfill", "generic bars", True, True, again)]
    assert capsys.readouterr().out == f"backfill: generic bars: {fetch.Fetched(3, 0, 1)}\n"


def test_one_poll_is_the_default_and_every_repeats_it(
    fetched: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["market", "poll", *DOMAIN])
    assert fetched == [("poll", "generic bars")]
    assert capsys.readouterr().out == f"poll: generic bars: {fetch.Fetched(1, 0, 0)}\n"

    def woken(seconds: int) -> None:
        assert seconds == 5
        if len(fetched) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", woken)
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        main(["market", "poll", *DOMAIN, "--every", "5"])
    assert len(fetched) == 3


def test_a_domain_without_a_feed_is_one_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["market", "poll", *DOMAIN])
    assert ended.value.code == 2
    assert "domain=generic has no source of kind bars, bars_sql or wind to fetch from" in capsys.readouterr().err


DAYS = [
    date(2001, 1, 1) + timedelta(days=n) for n in range(3200) if (date(2001, 1, 1) + timedelta(days=n)).weekday() < 5
]


def _own_bars(path: Path) -> Path:
    """Write an export of one index: thousands set apart, a split that nobody adjusted, a hole, a day twice."""
    closes = [float(close) * 50 for close in walk(len(DAYS))[:, 0]]
    lines = ["Date;Close"]
    for n, (day, close) in enumerate(zip(DAYS, closes, strict=True)):
        line = f'{day:%m/%d/%Y};"{close / (7 if n >= 700 else 1):,.2f}"'
        lines += [] if 400 <= n < 415 else [line, line] if n == 50 else [line]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
def test_own_bars_of_an_index_alone_go_from_the_command_line_to_a_report(
    tmp_path: Path, run_command: Callable[..., Done], output: str
) -> None:
    described = "bars: {values: price, period: day, lag_days: 0}, licence: ours, available_at: '2012-12-28'"
    permitted = "{use: train, redistribution: false, embargo_until: null, inside_information: false}"
    source = (
        f"{{kind: bars, name: prices, path: {_own_bars(tmp_path / 'bars.csv')}, store: {tmp_path / 'store'}, "
        "columns: {date: Date}, symbols: {OURS: Close}, since: '2001-01-01', revisit_days: 10, thousands: ',', "
        f"{described}, on_damage: list, permissions: {permitted}}}"
    )
    chosen = [
        *("domain=finance", "domain.goals=[]", f"domain.sources=[{source}]", "domain.task.longest_gap_days=12"),
        "domain.task.market={index: {source: prices, series: [OURS]}, stocks: null, credit: null, factors: null}",
        "domain.task.channels=[path,return,volatility,drawdown]",
        "domain.task={every_days: 20, numbers_as_text: true}",
        "domain.split.boundaries={validation: '2006-01-01', test: '2007-06-01'}",
        *("model=tiny_llama", "trainer.max_steps=2", "evaluation=split", *FASTER),
    ]
    filled = run_command("-m", "r1tailor", "market", "backfill", *chosen)
    assert (filled.code, filled.err) == (0, "")
    assert "is a split of 7:1, no crisis; the prices before it are divided" in filled.out
    assert "1 repeated dates with the same figure, counted once" in filled.out
    assert f"no price from {DAYS[399]} to {DAYS[415]}" in filled.out
    done = run_command("train.py", f"output={output}", *chosen)
    assert done.code == 0, done.err
    assert done.out.count("is a split of 7:1") == 1
    assert "have a hole of more than 12 days in window or horizon and were left out" in done.out
    assert len(done.out.splitlines()) < 200, "no line for each row"
    page = (config.ROOT / output / "evaluation" / "report.html").read_text("utf-8")
    assert "Early warning and portfolio" in page
