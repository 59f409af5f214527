"""A Sharpe ratio is believed only where it should be: dependence, fat tails, and the number of trials count."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from r1tailor.evaluation.market import sharpe


def walk(n: int, seed: int, mean: float = 0.0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(mean, 0.01, n)


def test_the_standard_error_of_independent_days_is_lo_s_formula() -> None:
    returns = walk(20_000, 2, 0.001)
    ratio = float(sharpe.sharpe(returns))
    expected = math.sqrt((1 + ratio**2 / 2) / len(returns))
    assert sharpe.standard_error(returns, lags=0) == pytest.approx(expected, rel=0.02)
    assert sharpe.standard_error(returns) == pytest.approx(expected, rel=0.06)


def test_autocorrelation_widens_the_error_and_lowers_the_annual_ratio() -> None:
    noise, returns = walk(20_000, 4), np.zeros(20_000)
    for day in range(1, len(returns)):
        returns[day] = 0.5 * returns[day - 1] + noise[day]
    returns += 0.001
    naive, robust = sharpe.standard_error(returns, lags=0), sharpe.standard_error(returns)
    assert robust > 1.5 * naive  # the truth is sqrt(3) for the mean
    annual = sharpe.annual(float(sharpe.sharpe(returns)))
    assert sharpe.annual_under_autocorrelation(returns) == pytest.approx(annual / math.sqrt(3), rel=0.06)
    low, high = sharpe.interval(returns, 21, 300, 0.95, 1)
    assert high - low > 1.5 * 2 * 1.96 * sharpe.annual(naive)


def test_the_probability_is_that_of_the_paper_for_normal_returns() -> None:
    returns = walk(2500, 5, 0.0005)
    ratio = float(sharpe.sharpe(returns))
    expected = norm.cdf((ratio - 0.01) * math.sqrt(2499) / math.sqrt(1 + ratio**2 / 2))
    assert sharpe.probabilistic(returns, 0.01) == pytest.approx(expected, abs=0.01)
    assert sharpe.probabilistic(returns, ratio) == pytest.approx(0.5)


def test_the_benchmark_is_the_expected_best_of_that_many_trials() -> None:
    draws = np.random.default_rng(1).normal(0, 0.02, (4000, 50))
    assert sharpe.best_of(draws[0]) == pytest.approx(draws.max(axis=1).mean(), rel=0.25)
    every = np.mean([sharpe.best_of(row) for row in draws[:500]])
    assert every == pytest.approx(draws.max(axis=1).mean(), rel=0.02)
    assert sharpe.best_of([0.3]) == 0
    assert sharpe.best_of([float("nan"), 0.1]) == sharpe.best_of([0.0, 0.1])


def test_the_best_of_fifty_random_walks_does_not_pass_and_a_good_strategy_does() -> None:
    failed, passed, naive = 0, 0, 0
    for seed in range(100):
        walks = np.random.default_rng(seed).normal(0, 0.01, (50, 1500))
        trials = sharpe.sharpe(walks).tolist()
        best = walks[int(np.argmax(trials))]
        failed += sharpe.deflated(best, trials) < 0.95
        naive += sharpe.probabilistic(best) < 0.95
        good = walks[0] + 0.002  # a yearly ratio of about 3
        tried = [float(sharpe.sharpe(good)), *trials[1:]]
        passed += sharpe.deflated(good, tried) >= 0.95
    assert failed >= 90
    assert naive <= 10  # without counting the trials nearly all of them would have passed
    assert passed >= 95


def test_the_difference_is_of_the_same_days() -> None:
    market = walk(1500, 6, 0.0003)
    better = market + 0.0002
    low, high = sharpe.difference_interval(better, market, 21, 200, 0.95, 1)
    assert 0 < low < high
    assert sharpe.difference_interval(market, market, 21, 200, 0.95, 1) == (0, 0)
