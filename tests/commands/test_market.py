"""``r1tailor market``: figures are fetched, once or every so often, and what came is reported."""

import time
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from r1tailor import config
from r1tailor.__main__ import main
from r1tailor.sources.market import fetch

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
