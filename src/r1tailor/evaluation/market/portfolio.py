"""A risk-off overlay: invested in the index, or in cash (return 0) while the signal is on.

A decision is made at the close of its day and traded at the next close, so that its first return is that of the day
after. Trading costs basis points of the traded value, which are deducted from the first return of the new position.
"""

from dataclasses import dataclass

import numpy as np

from r1tailor.domain.finance.rolling import TRADING_DAYS
from r1tailor.evaluation.market import sharpe
from r1tailor.evaluation.market.early_warning import Days, Flags
from r1tailor.evaluation.resampling import Array

_DELAY = 2  # trading days from a decision to its first return, as it is traded one close later


@dataclass(frozen=True)
class Overlay:
    """The days, net returns and weights of one strategy.

    Attributes:
        days: [n] positions among the trading days; the return of a day runs from the previous close to its own.
        returns: [n] after costs.
        weights: [n] share invested in the index, 0 or 1.
        turnover: traded share of the portfolio per year.
    """

    days: Days
    returns: Array
    weights: Array
    turnover: float

    @property
    def equity(self) -> Array:
        """The value [n] of one unit invested."""
        return np.asarray(np.cumprod(1 + self.returns), dtype=float)

    @property
    def annual_return(self) -> float:
        """The geometric mean return per year."""
        return float(self.equity[-1] ** (TRADING_DAYS / len(self.returns)) - 1)

    @property
    def drawdown(self) -> float:
        """The maximum drawdown, in [0, 1]."""
        equity = np.concatenate([[1.0], self.equity])
        return float((1 - equity / np.maximum.accumulate(equity)).max())


def overlay(decisions: Days, signals: Flags, closes: Array, cost_basis_points: float) -> Overlay:
    """Return the strategy that follows signals. With no signal it is buy and hold.

    Args:
        decisions: [n] decision days in order, as positions among the trading days; two or more.
        signals: [n] whether to be out of the market.
        closes: [days] of the index.
        cost_basis_points: of the traded value.
    """
    last = min(len(closes) - 1, int(2 * decisions[-1] - decisions[-2]) + _DELAY - 1)
    days = np.arange(decisions[0] + _DELAY, last + 1)
    standing = np.searchsorted(decisions, days - _DELAY, side="right") - 1
    weights = np.where(signals[standing], 0.0, 1.0)
    traded = np.abs(np.diff(weights, prepend=weights[:1]))
    returns = weights * (closes[days] / closes[days - 1] - 1) - traded * cost_basis_points / 1e4
    return Overlay(days, returns, weights, float(traded.sum() * TRADING_DAYS / max(1, len(days))))


def daily_sharpe(made: Overlay) -> float:
    """Return the daily Sharpe ratio of a portfolio; NaN where its returns do not vary."""
    return float(sharpe.sharpe(made.returns))


def figures(made: Overlay) -> dict[str, float]:
    """Return the reported figures by name; NaN where one is not defined."""
    return {
        "annual_return": made.annual_return,
        "sharpe": sharpe.annual(daily_sharpe(made)),
        "sharpe_standard_error": sharpe.annual(sharpe.standard_error(made.returns)),
        "sharpe_under_autocorrelation": sharpe.annual_under_autocorrelation(made.returns),
        "probabilistic_sharpe": sharpe.probabilistic(made.returns),
        "turnover": made.turnover,
        "drawdown": made.drawdown,
        "in_cash": float(1 - made.weights.mean()),
    }
