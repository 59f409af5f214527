"""Features are what their names say, of what was known, and say None where nothing was."""

import math
from itertools import combinations

import numpy as np
import pytest

from r1tailor.domain.finance import features
from r1tailor.domain.finance.features import channels, series, summary
from r1tailor.domain.finance.point_in_time import PointInTime
from r1tailor.domain.finance.rolling import breadth, mean_correlation, trailing_deviation, trailing_mean, volatility
from r1tailor.domain.finance.snapshot import Market, Snapshot, snapshot
from r1tailor.records import Document
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


def _yields(*months: tuple[str, str, float]) -> PointInTime:
    return PointInTime.of(
        [row("credit", event, {"BAA": 5.0 + spread, "AAA": 5.0}, known) for event, known, spread in months],
        ["BAA", "AAA"],
    )


def _known(market: Market, at: str) -> Snapshot:
    return snapshot(market, at, TRAILING + 200)


def test_trailing_statistics_are_those_of_each_window() -> None:
    values = walk(30, 2)
    for k in (2, 7, 30, 31):
        for place in range(30):
            window = values[place + 1 - k : place + 1] if place + 1 >= k else np.full((k, 2), np.nan)
            assert np.allclose(trailing_mean(values, k)[place], window.mean(axis=0), equal_nan=True)
            assert np.allclose(trailing_deviation(values, k)[place], window.std(axis=0, ddof=1), equal_nan=True)


def test_volatility_is_annualised() -> None:
    closes = np.exp(np.cumsum([0.0, 0.01, -0.01, 0.01]))  # log returns +1 %, -1 %, +1 %
    expected = [math.nan, math.nan, math.sqrt(252) * 0.01 * math.sqrt(2), math.sqrt(252) * 0.01 * math.sqrt(2)]
    assert volatility(closes, 2) == pytest.approx(expected, nan_ok=True)


def test_mean_correlation_is_that_of_all_pairs_by_their_deviations() -> None:
    stocks = walk(64, 4, seed=5) * walk(64)  # with something in common
    returns = np.diff(np.log(stocks), axis=0)
    covariance, correlation = np.cov(returns.T), np.corrcoef(returns.T)
    pairs = list(combinations(range(4), 2))
    weights = [math.sqrt(covariance[i, i] * covariance[j, j]) for i, j in pairs]
    expected = np.average([correlation[i, j] for i, j in pairs], weights=weights)
    assert mean_correlation(stocks, 63)[-1] == pytest.approx(expected)
    assert np.isnan(mean_correlation(stocks, 63)[:-1]).all()
    assert np.isnan(mean_correlation(stocks[:, :1], 63)).all()
    assert np.isnan(mean_correlation(np.ones((64, 3)), 63)).all()


def test_breadth_is_the_share_above_their_mean() -> None:
    stocks = np.array([[1.0, 4.0, 1.0], [2.0, 2.0, 1.0]])
    assert breadth(stocks, 2) == pytest.approx([math.nan, 1 / 3], nan_ok=True)
    assert np.isnan(breadth(np.empty((2, 0)), 2)).all()


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


def test_the_spread_of_a_day_is_the_newest_one_published_by_then() -> None:
    credit = _yields(("2000-01-31", "2000-02-07", 1.0), ("2000-02-29", "2000-03-07", 1.5))
    market = Market(PointInTime.of(index(walk(105)[:, 0].tolist())), credit=credit)
    known = _known(market, "2000-03-10")
    spread = dict(zip(map(str, known.days), known.spread.tolist(), strict=True))
    assert math.isnan(spread["2000-02-04"])
    assert (spread["2000-02-07"], spread["2000-03-06"], spread["2000-03-07"]) == (1.0, 1.0, 1.5)
    assert math.isnan(known.spread_change)  # nothing is known of three months before
    stale = _known(market, "2000-05-19")  # nothing new for 73 days; a weekend later it is too old
    assert stale.spread[-1] == 1.5
    late = _known(market, "2000-05-22")
    assert str(late.days[-1]) == "2000-05-22"
    assert math.isnan(late.spread[-1])
    assert math.isnan(late.spread_change)


def test_the_spread_changes_over_three_months() -> None:
    months = ["2000-01-31", "2000-02-29", "2000-03-31", "2000-04-30", "2000-05-31"]
    published = ["2000-02-07", "2000-03-07", "2000-04-07", "2000-05-07", "2000-06-07"]
    credit = _yields(*zip(months, published, [1.0, 1.1, 1.3, 1.6, 2.0], strict=True))
    market = Market(PointInTime.of(index(walk(120)[:, 0].tolist())), credit=credit)
    changes = [_known(market, day).spread_change for day in ("2000-05-08", "2000-06-06", "2000-06-07")]
    assert changes == pytest.approx([0.6, 0.6, 0.9])


def test_a_stock_counts_if_it_has_a_price_on_the_first_and_the_last_day() -> None:
    dates = days(4)
    rows = [row("stocks", day, {"whole": 1.0 + number}) for number, day in enumerate(dates)]
    rows += [row("stocks", day, {"gap": 2.0 + number}, revision=2) for number, day in enumerate(dates) if number != 1]
    rows += [row("stocks", day, {"young": 3.0}, revision=3) for day in dates[1:]]
    rows += [row("stocks", day, {"gone": 4.0}, revision=4) for day in dates[:-1]]
    market = Market(PointInTime.of(index([1, 2, 3, 4])), PointInTime.of(rows))
    assert snapshot(market, dates[-1], 10).stocks.tolist() == [[2.0, 1.0], [2.0, 2.0], [4.0, 3.0], [5.0, 4.0]]


def test_factors_move_beyond_the_index_where_they_are_known() -> None:
    dates, closes = days(30), walk(30)[:, 0]
    moved: list[Document] = [
        row("factors", day, {"value": float(2 * close * math.exp(0.001 * place))})
        for place, (day, close) in enumerate(zip(dates, closes, strict=True))
    ]
    market = Market(PointInTime.of(index(closes.tolist())), factors=PointInTime.of(moved))
    assert snapshot(market, dates[-1], 30).factors == pytest.approx({"value": 0.021})
    young = Market(market.index, factors=PointInTime.of(moved[10:]))
    assert snapshot(young, dates[-1], 30).factors == {}


def test_numbers_as_text_say_what_is_unknown() -> None:
    names = features.legend().removeprefix("In hundredths: ").rstrip(".").replace(" ", "_").split(",_")
    numbers = dict.fromkeys(names, 0.01) | {"return_21": -0.0123, "spread": None, "breadth": -0.0}
    told = dict(zip(names, features.described(numbers).split("; "), strict=True))
    assert told == dict.fromkeys(names, "1.0") | {"return_21": "-1.2", "spread": "unknown", "breadth": "0.0"}
