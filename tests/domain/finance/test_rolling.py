"""Trailing statistics are those of each window."""

import math
from itertools import combinations

import numpy as np
import pytest

from r1tailor.domain.finance.rolling import breadth, mean_correlation, trailing_deviation, trailing_mean, volatility
from tests.support.market_documents import walk


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
