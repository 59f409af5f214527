"""Trailing statistics over rows of numbers: a row's value is made of it and of those before it, never of later ones.

Running sums add in the order of time, so that a value does not depend on how many rows follow it. The first k - 1 rows,
which have no full window, are NaN.
"""

import numpy as np

from r1tailor.domain.finance.point_in_time import Numbers

TRADING_DAYS = 252  # in a year


def trailing_mean(values: Numbers, k: int) -> Numbers:
    """Return the mean [N, ...] over the k rows up to each row of values [N, ...] without gaps."""
    result = np.full(values.shape, np.nan)
    if len(values) >= k:
        sums = np.cumsum(values, axis=0)
        result[k - 1] = sums[k - 1] / k
        result[k:] = (sums[k:] - sums[:-k]) / k
    return result


def trailing_deviation(values: Numbers, k: int) -> Numbers:
    """Return the sample standard deviation [N, ...] over the k rows up to each row of values [N, ...] without gaps."""
    mean, of_squares = trailing_mean(values, k), trailing_mean(values**2, k)
    return np.asarray(np.sqrt(np.maximum(of_squares - mean**2, 0.0) * (k / (k - 1))))


def log_returns(closes: Numbers) -> Numbers:
    """Return the logarithmic returns [N - 1, ...] between closes [N, ...]."""
    return np.diff(np.log(closes), axis=0)


def volatility(closes: Numbers, k: int) -> Numbers:
    """Return the annualised standard deviation [N] of the last k daily log returns at each of closes [N]."""
    return _dated(trailing_deviation(log_returns(closes), k) * np.sqrt(TRADING_DAYS))


def breadth(stocks: Numbers, k: int) -> Numbers:
    """Return the share [N] of stocks [N, S] that close above their mean of the last k days."""
    means = trailing_mean(stocks, k)
    shares = (stocks > means).mean(axis=1) if stocks.shape[1] else np.full(len(stocks), np.nan)
    return np.where(np.isnan(means).any(axis=1), np.nan, shares)


def mean_correlation(stocks: Numbers, k: int) -> Numbers:
    """Return the mean correlation [N] of all pairs of stocks [N, S] over the last k daily log returns.

    A pair counts by the product of its deviations. The variance of equally weighted stocks then says it without
    looking at any pair, as in the CBOE's Implied Correlation Index (methodology, 2009): with deviations s_i of the
    stocks and p of their mean, ``(p^2 - sum s_i^2 / S^2) / ((sum s_i / S)^2 - sum s_i^2 / S^2)``.
    """
    count = stocks.shape[1]
    if count < 2:
        return np.full(len(stocks), np.nan)
    returns = log_returns(stocks)
    deviations = trailing_deviation(returns, k)
    own = (deviations**2).sum(axis=1) / count**2
    together = (deviations.sum(axis=1) / count) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (trailing_deviation(returns.mean(axis=1), k) ** 2 - own) / (together - own)
    return _dated(np.where(np.isfinite(found), found, np.nan))  # stocks that do not move have no correlation


def _dated(of_returns: Numbers) -> Numbers:
    """Return statistics of returns by the closes they end at: the first close has none."""
    return np.concatenate([[np.nan], of_returns])
