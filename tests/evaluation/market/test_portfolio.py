"""The overlay never earns a return that it could not have known."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from r1tailor.evaluation.market import sharpe
from r1tailor.evaluation.market.portfolio import overlay

DAYS = np.arange(0, 100, 5)


def walk(n: int, seed: int, mean: float = 0.0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(mean, 0.01, n)


def closes_of(returns: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.cumprod(np.concatenate([[100.0], 1 + returns]))


def test_a_decision_earns_its_first_return_two_closes_later() -> None:
    closes = closes_of(walk(120, 1))
    made = overlay(DAYS, DAYS == 50, closes, 0)
    assert made.days[0] == 2
    out = made.days[made.weights == 0]
    assert out.tolist() == [52, 53, 54, 55, 56]  # traded at the close of day 51


def test_no_return_before_the_trade_changes_with_the_decision() -> None:
    closes = closes_of(walk(120, 1))
    for decision in range(len(DAYS)):
        signals = np.zeros(len(DAYS), bool)
        plain = overlay(DAYS, signals, closes, 5)
        signals[decision] = True
        changed = overlay(DAYS, signals, closes, 5)
        before = plain.days < DAYS[decision] + 2
        assert (plain.returns[before] == changed.returns[before]).all()
        assert changed.weights[~before][0] == 0


def test_a_crash_on_the_next_close_cannot_be_avoided() -> None:
    """A signal that knows the next day's return earns nothing from it: with a shift of one day it would be rich."""
    returns = walk(2000, 3)
    closes, days = closes_of(returns), np.arange(0, 1990)
    knows_next = returns[days] < 0  # returns[d] leads to the close of day d + 1
    knows_traded = returns[days + 1] < 0
    assert float(sharpe.annual(float(sharpe.sharpe(overlay(days, knows_next, closes, 0).returns)))) < 2
    assert float(sharpe.annual(float(sharpe.sharpe(overlay(days, knows_traded, closes, 0).returns)))) > 10


def test_costs_turnover_drawdown_and_equity_by_hand() -> None:
    closes = np.array([100, 100, 100, 110, 110, 99, 99, 99, 99.0])
    made = overlay(np.array([0, 2, 4]), np.array([False, True, False]), closes, 10)
    assert made.days.tolist() == [2, 3, 4, 5, 6, 7]
    assert made.weights.tolist() == [1, 1, 0, 0, 1, 1]
    assert made.returns == pytest.approx([0, 0.1, -0.001, 0, -0.001, 0])
    assert made.equity[-1] == pytest.approx(1.1 * 0.999 * 0.999)
    assert made.turnover == pytest.approx(2 * 252 / 6)
    assert made.drawdown == pytest.approx(1 - 0.999**2)


def test_without_signals_it_is_buy_and_hold() -> None:
    closes = closes_of(walk(120, 1))
    made = overlay(DAYS, np.zeros(20, bool), closes, 50)
    assert made.equity[-1] == pytest.approx(closes[made.days[-1]] / closes[1])
    assert made.turnover == 0


def test_cash_alone_has_no_sharpe_ratio() -> None:
    made = overlay(DAYS, np.ones(20, bool), closes_of(walk(120, 1)), 5)
    assert np.isnan(sharpe.sharpe(made.returns))
    assert math.isnan(sharpe.deflated(made.returns, [0.1, 0.2]))
    assert math.isnan(sharpe.standard_error(made.returns))
    assert math.isnan(sharpe.annual_under_autocorrelation(made.returns))
