"""Features of a day: the summary, the normalised window, the numbers as text."""

import math

import numpy as np
import pytest

from r1tailor.domain.finance import features
from r1tailor.domain.finance.features import channels, series, summary
from r1tailor.domain.finance.point_in_time import PointInTime
from r1tailor.domain.finance.snapshot import Market, Snapshot, snapshot
from tests.support.market_documents import days, index, row, walk

WINDOW, TRAILING = 64, 252
ALL = ("path", "return", "volatility", "drawdown", "breadth", "correlation", "spread")


def _market(length: int = 400, stocks: int = 3) -> Market:
    closes, of_stocks, dates = walk(length)[:, 0], walk(length, stocks, seed=1), days(length)
    names = [f"S{number}" for number in range(stocks)]
    rows = [
        row("stocks", day, dict(zip(names, map(float, values), strict=True)))
        for day, values in zip(dates, of_stocks, strict=True)
    ]
    return Market(PointInTime.of(index(closes.tolist())), PointInTime.of(rows))


def _known(market: Market, at: str) -> Snapshot:
    return snapshot(market, at, TRAILING + 200)


def test_the_summary_says_what_its_names_say() -> None:
    market = _market()
    known = _known(market, days(400)[-1])
    found = summary(known, channels(known), WINDOW, TRAILING)
    closes = walk(400)[:, 0]
    log_returns = np.diff(np.log(closes))
    past = [log_returns[end - 21 : end].std(ddof=1) for end in range(399 - TRAILING + 1, 400)]
    assert found["return_1"] == pytest.approx(closes[-1] / closes[-2] - 1)
    assert found["return_21"] == pytest.approx(closes[-1] / closes[-22] - 1)
    assert found["return_window"] == pytest.approx(closes[-1] / closes[-64] - 1)
    assert found["volatility_63"] == pytest.approx(log_returns[-63:].std(ddof=1) * math.sqrt(252))
    assert found["volatility_rank"] == pytest.approx(np.mean(np.array(past) < past[-1]))
    assert found["drawdown"] == pytest.approx(closes[-1] / closes.max() - 1)
    assert found["drawdown_change"] == pytest.approx(found["drawdown"] - (closes[-22] / closes[:-21].max() - 1))
    assert (found["spread"], found["spread_change"]) == (None, None)


def test_a_drawdown_counts_from_highs_before_the_days_that_are_looked_at() -> None:
    closes = [200.0, *walk(600)[:, 0].tolist()]
    known = snapshot(Market(PointInTime.of(index(closes))), days(601)[-1], 300)
    assert len(known.days) == 300
    assert channels(known)["drawdown"][-1] == pytest.approx(closes[-1] / 200 - 1)


def test_the_window_is_in_units_of_the_trailing_year() -> None:
    known = _known(_market(), days(400)[-1])
    daily = channels(known)
    read = np.array(series(daily, ALL, WINDOW, TRAILING))
    assert read.shape == (64, 7)
    for column, name in enumerate(ALL[1:6], start=1):
        trailing = daily[name][-TRAILING:]
        trailing = trailing[~np.isnan(trailing)]
        expected = ((daily[name] - trailing.mean()) / trailing.std())[-WINDOW:]
        assert read[:, column] == pytest.approx(expected.clip(-5, 5), abs=5.1e-5)
    returns = daily["return"]
    assert read[0, 0] == 0
    assert read[-1, 0] == pytest.approx(returns[-63:].sum() / (returns[-TRAILING:].std() * 8), abs=5.1e-5)
    assert (read[:, 6] == 0).all()  # no credit: nothing is known, and nothing is invented


def test_what_does_not_move_or_jumps_stays_finite_and_bounded() -> None:
    flat = _known(Market(PointInTime.of(index([50.0] * 100))), days(100)[-1])
    assert np.array(series(channels(flat), ALL, WINDOW, TRAILING)).tolist() == [[0.0] * 7] * 64
    jump = _known(Market(PointInTime.of(index([50.0] * 99 + [5000.0]))), days(100)[-1])
    read = np.array(series(channels(jump), ALL, WINDOW, TRAILING))
    assert np.abs(read).max() == 5
    assert None not in [summary(jump, channels(jump), WINDOW, TRAILING)[name] for name in ("return_1", "drawdown")]


def test_numbers_as_text_say_what_is_unknown() -> None:
    names = features.legend().removeprefix("In hundredths: ").rstrip(".").replace(" ", "_").split(",_")
    numbers = dict.fromkeys(names, 0.01) | {"return_21": -0.0123, "spread": None, "breadth": -0.0}
    told = dict(zip(names, features.described(numbers).split("; "), strict=True))
    assert told == dict.fromkeys(names, "1.0") | {"return_21": "-1.2", "spread": "unknown", "breadth": "0.0"}
