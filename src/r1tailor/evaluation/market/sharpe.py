"""The Sharpe ratio and what it takes to believe it: dependence over time, fat tails, and the number of trials.

All functions take daily returns in excess of cash (0 here) and, unless named ``annual``, return the daily ratio.

- Lo (2002, Financ. Anal. J. 58): the standard error under dependence, and an annual ratio that does not assume
  independent days.
- Bailey & Lopez de Prado (2012, J. Risk 15; 2014, J. Portf. Manag. 40): the probability that the true ratio exceeds
  a benchmark, where the benchmark is the expected best of N trials without skill.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import kurtosis, norm, skew

from r1tailor.domain.finance.rolling import TRADING_DAYS
from r1tailor.evaluation.market.blocks import block_interval
from r1tailor.evaluation.resampling import Array

_EULER_MASCHERONI = 0.5772156649015329


def sharpe(returns: Array) -> Array:
    """Return mean over standard deviation of daily returns [..., n]; NaN where they do not vary."""
    deviation = returns.std(axis=-1, ddof=1)
    flat = deviation < 1e-12
    return np.where(flat, np.nan, returns.mean(axis=-1) / np.where(flat, 1.0, deviation))


def annual(ratio: float) -> float:
    """Return a daily ratio as an annual one, as if days were independent."""
    return ratio * math.sqrt(TRADING_DAYS)


def standard_error(returns: Array, lags: int | None = None) -> float:
    """Return the standard error of the daily Sharpe ratio under autocorrelation and changing volatility (Lo 2002).

    The long-run covariance of the two moments is Newey & West's. ``lags`` defaults to their rule of thumb,
    4 (n / 100)^(2/9); 0 assumes independent days.
    """
    n, mean, variance = len(returns), returns.mean(), returns.var()
    if n < 2 or variance < 1e-24:
        return float("nan")
    moments = np.stack([returns - mean, (returns - mean) ** 2 - variance], axis=1)
    covariance = moments.T @ moments / n
    used = newey_west_lags(n) if lags is None else lags
    for lag in range(1, used + 1):
        shifted = moments[lag:].T @ moments[:-lag] / n
        covariance += (1 - lag / (used + 1)) * (shifted + shifted.T)
    gradient = np.array([variance**-0.5, -mean / (2 * variance**1.5)])
    return float(math.sqrt(max(0.0, gradient @ covariance @ gradient) / n))


def newey_west_lags(n: int) -> int:
    """Return Newey & West's rule of thumb for the number of lags."""
    return min(n - 1, int(4 * (n / 100) ** (2 / 9)))


def annual_under_autocorrelation(returns: Array) -> float:
    """Return the annual ratio by Lo's factor q / sqrt(q + 2 sum (q - k) rho_k), for q trading days, instead of sqrt(q).

    Autocorrelations beyond the Newey-West lags count as 0.
    """
    ratio, n = float(sharpe(returns)), len(returns)
    if math.isnan(ratio):
        return ratio
    centred, q = returns - returns.mean(), TRADING_DAYS
    total = centred @ centred
    sums = sum((q - lag) * (centred[lag:] @ centred[:-lag]) / total for lag in range(1, newey_west_lags(n) + 1))
    return ratio * q / math.sqrt(max(1.0, q + 2 * sums))


def probabilistic(returns: Array, benchmark: float = 0.0) -> float:
    """Return the probability that the true daily ratio exceeds a benchmark, allowing for skewness and fat tails."""
    ratio, n = float(sharpe(returns)), len(returns)
    if math.isnan(ratio) or math.isnan(benchmark):
        return float("nan")
    spread = 1 - float(skew(returns)) * ratio + (float(kurtosis(returns, fisher=False)) - 1) / 4 * ratio**2
    return float(norm.cdf((ratio - benchmark) * math.sqrt(n - 1) / math.sqrt(max(spread, 1e-12))))


def best_of(trials: Sequence[float]) -> float:
    """Return the expected daily ratio of the best of these trials if none had skill.

    It grows with the number of trials and with their spread. A trial whose returns do not vary has no ratio and counts
    as 0. For a single trial it is 0.
    """
    ratios = np.nan_to_num(np.array(trials, dtype=float))
    n = len(ratios)
    if n < 2:
        return 0.0
    high, higher = norm.ppf(1 - 1 / n), norm.ppf(1 - 1 / (n * math.e))
    return float(ratios.std(ddof=1) * ((1 - _EULER_MASCHERONI) * high + _EULER_MASCHERONI * higher))


def deflated(returns: Array, trials: Sequence[float]) -> float:
    """Return the deflated Sharpe: the probability that the true ratio exceeds the best of all trials without skill.

    Args:
        returns: [n] daily returns of the strategy.
        trials: daily ratios of everything that was tried, including the strategy.
    """
    return probabilistic(returns, best_of(trials))


def interval(returns: Array, mean_block: float, resamples: int, confidence: float, seed: int) -> tuple[float, float]:
    """Return the interval of the annual ratio under the stationary bootstrap."""
    low, high = block_interval(returns, sharpe, mean_block, resamples, confidence, seed)
    return annual(low), annual(high)


def difference_interval(
    returns: Array, others: Array, mean_block: float, resamples: int, confidence: float, seed: int
) -> tuple[float, float]:
    """Return the interval of the difference between two strategies' annual ratios, on the same resampled days."""
    low, high = block_interval(
        np.stack([returns, others], axis=1),
        lambda rows: sharpe(rows[..., 0]) - sharpe(rows[..., 1]),
        mean_block,
        resamples,
        confidence,
        seed,
    )
    return annual(low), annual(high)
