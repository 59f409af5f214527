"""The figures of warnings, portfolio and risk scores as ``torchmetrics.Metric`` classes over pure functions.

Their state is what was decided, or scored, on each decision day. Figures depend on the order of days, so that the days
of all processes are put in order first: processes, or the folds of a walk-forward, may hold any of them.
"""

from abc import abstractmethod
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from r1tailor.errors import DataError
from r1tailor.evaluation.market import early_warning, portfolio, risk_scores, sharpe
from r1tailor.evaluation.market.early_warning import Days, Flags, Record
from r1tailor.evaluation.market.portfolio import Overlay, overlay
from r1tailor.evaluation.market.timeline import Timeline
from r1tailor.evaluation.metrics import RowMetric
from r1tailor.evaluation.resampling import Array, Bounds
from r1tailor.schema.evaluation import EarlyWarning, Portfolio


class Figures(RowMetric):
    """A metric of several figures, each with a name."""

    @abstractmethod
    def compute(self) -> dict[str, Tensor]:
        """Return the figures over all processes, scalars in fp64."""

    def figures(self) -> dict[str, float]:
        """Return the same as plain values."""
        return {name: float(value) for name, value in self.compute().items()}


class DecisionMetric(Figures):
    """A metric of signals on decision days; a row is a day and the flags that belong to it.

    Args:
        flags: how many a day has, the signal first.
    """

    def __init__(self, flags: int = 1) -> None:
        super().__init__(1 + flags)

    def update(self, days: Days, signals: Flags) -> None:
        """Add decision days.

        Args:
            days: [n] positions among the trading days.
            signals: [n] whether the signal is on.
        """
        self._keep(np.column_stack([days, signals]).astype(float))

    def _decided(self, rows: Array) -> tuple[Days, NDArray[np.bool_]]:
        """Return the days [n], in order, and their flags [n, flags].

        Raises:
            DataError: there are fewer than two.
        """
        if len(rows) < 2:
            raise DataError(f"signals on {len(rows)} decision days cannot be judged; two or more are needed")
        ordered = rows[np.argsort(rows[:, 0], kind="stable")]
        return ordered[:, 0].astype(np.int64), ordered[:, 1:] > 0


class EarlyWarnings(DecisionMetric):
    """Recall, precision, lead time, false alarms and usefulness of signals as early warnings of crises.

    Args:
        timeline: trading days and crises.
        settings: windows, cool-down, theta.
    """

    def __init__(self, timeline: Timeline, settings: EarlyWarning) -> None:
        super().__init__()
        self.timeline = timeline
        self.settings = settings

    def compute(self) -> dict[str, Tensor]:
        """Return the figures by name; NaN where one is not defined, as recall is without crises."""
        return _tensors(early_warning.figures(self._judged(self._held()), self.settings.theta))

    def record(self) -> Record:
        """Return alarms, lead times and outcomes."""
        return self._judged(self.rows())

    def intervals(self, resamples: int, confidence: float, seed: int) -> dict[str, Bounds]:
        """Return the intervals of recall and median lead (over crises) and of usefulness (over blocks of days)."""
        rows, options = self.rows(), (resamples, confidence, seed)
        record, spacing = self._judged(rows), float(np.median(np.diff(self._decided(rows)[0])))
        useful = early_warning.usefulness_interval(record, self.settings, spacing, *options)
        return {**early_warning.event_intervals(record, *options), "usefulness": useful}

    def _judged(self, rows: Array) -> Record:
        days, flags = self._decided(rows)
        return early_warning.judge(days, flags[:, 0], self.timeline, self.settings)


class RiskOff(DecisionMetric):
    """Return, Sharpe ratio, drawdown and turnover of the portfolio that is in cash while the signal is on.

    Args:
        closes: [days] of the index.
        settings: costs.
    """

    def __init__(self, closes: Array, settings: Portfolio, flags: int = 1) -> None:
        super().__init__(flags)
        self.closes = closes
        self.settings = settings

    def compute(self) -> dict[str, Tensor]:
        """Return the figures by name; NaN where one is not defined, as the Sharpe ratio of cash alone is."""
        return _tensors(portfolio.figures(self._overlay(*self._decided(self._held()))))

    def overlay(self) -> Overlay:
        """Return days, net returns and weights of the portfolio."""
        return self._overlay(*self._decided(self.rows()))

    def _overlay(self, days: Days, flags: NDArray[np.bool_], column: int = 0) -> Overlay:
        return overlay(days, flags[:, column], self.closes, self.settings.cost_basis_points)


class RiskOffAmongTrials(RiskOff):
    """The same, compared with buy and hold, and deflated by the number of thresholds that were tried.

    Args:
        closes: [days] of the index.
        settings: costs and the mean length of a block of resampled days.
        trials: how many were tried.
    """

    def __init__(self, closes: Array, settings: Portfolio, trials: int) -> None:
        super().__init__(closes, settings, 1 + trials)

    def update(self, days: Days, signals: Flags, trials: NDArray[np.bool_] | None = None) -> None:
        """Add decision days.

        Args:
            days: [n] positions among the trading days.
            signals: [n] whether the signal is on.
            trials: [n, trials] the signals of everything that was tried.
        """
        tried = np.zeros((len(days), 0), bool) if trials is None else trials
        self._keep(np.column_stack([days, signals, tried]).astype(float))

    def compute(self) -> dict[str, Tensor]:
        """Return the figures of ``RiskOff``, ``sharpe_above_buy_and_hold`` and ``deflated_sharpe``."""
        days, flags = self._decided(self._held())
        made, hold = self._overlay(days, flags), self._hold(days)
        tried = [portfolio.daily_sharpe(self._overlay(days, flags, 1 + number)) for number in range(self.width - 2)]
        skill = {
            "sharpe_above_buy_and_hold": sharpe.annual(portfolio.daily_sharpe(made) - portfolio.daily_sharpe(hold)),
            "deflated_sharpe": sharpe.deflated(made.returns, tried),
        }
        return _tensors(portfolio.figures(made) | skill)

    def intervals(self, resamples: int, confidence: float, seed: int) -> dict[str, Bounds]:
        """Return the intervals of the Sharpe ratio and of its difference to buy and hold, over blocks of days."""
        days, flags = self._decided(self.rows())
        returns, held = self._overlay(days, flags).returns, self._hold(days).returns
        options = (self.settings.block_days, resamples, confidence, seed)
        above = sharpe.difference_interval(returns, held, *options)
        return {"sharpe": sharpe.interval(returns, *options), "sharpe_above_buy_and_hold": above}

    def _hold(self, days: Days) -> Overlay:
        return self._overlay(days, np.zeros((len(days), 1), bool))


class RiskScores(Figures):
    """Brier score and calibration error of probabilities of a risky label; a row is a score and the outcome."""

    higher_is_better = False

    def __init__(self) -> None:
        super().__init__(width=2)

    def update(self, scores: Array, risky: Flags) -> None:
        """Add probabilities [n] in [0, 1], and whether the label was risky [n]."""
        self._keep(np.column_stack([scores, risky]).astype(float))

    def compute(self) -> dict[str, Tensor]:
        """Return ``brier`` and ``ece``; NaN without scores."""
        return _tensors(risk_scores.figures(*_columns(self._held())))

    def curve(self) -> dict[str, list[float]]:
        """Return the reliability curve."""
        return risk_scores.reliability(*_columns(self.rows()))


def _columns(rows: Array) -> Array:
    return np.ascontiguousarray(rows.T)


def _tensors(figures: Mapping[str, float]) -> dict[str, Tensor]:
    return {name: torch.tensor(value, dtype=torch.float64) for name, value in figures.items()}
