"""The market's figures as metrics: against outside references, from parts in any order, and over two processes."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import brier_score_loss, precision_score, recall_score
from torchmetrics import Metric
from torchmetrics.classification import BinaryCalibrationError

from r1tailor.domain.finance.declaration import DECLARATION
from r1tailor.errors import DataError
from r1tailor.evaluation.market import report
from r1tailor.evaluation.market.early_warning import EXCLUDED, states
from r1tailor.evaluation.market.metrics import EarlyWarnings, Figures, RiskOff, RiskOffAmongTrials, RiskScores
from r1tailor.evaluation.market.portfolio import overlay
from r1tailor.evaluation.market.sharpe import annual, best_of, probabilistic, sharpe
from r1tailor.evaluation.market.track_record import TrackRecord
from r1tailor.schema.evaluation import Portfolio
from tests.support.market_cases import market, warning
from tests.support.processes import in_processes

N, COSTS = 400, Portfolio(cost_basis_points=5, block_days=21)
CLOSES = 100 * np.cumprod(1 + np.random.default_rng(1).normal(0.0003, 0.01, N))
LINE = market(N, [(100, 120), (300, 320)], CLOSES)
DAYS = np.arange(20, 380, 5)
SIGNALS = (np.random.default_rng(2).random(len(DAYS)) < 0.3) | (DAYS == 295)  # one crisis is warned of
TRIALS = np.random.default_rng(3).random((len(DAYS), 7)) < 0.4
SCORES = np.random.default_rng(4).random(len(DAYS))
Part = Any  # an index of decision days
METRICS: dict[str, tuple[Callable[[], Any], Callable[[Any, Part], None]]] = {
    "early warnings": (
        lambda: EarlyWarnings(LINE, warning()),
        lambda metric, part: metric.update(DAYS[part], SIGNALS[part]),
    ),
    "risk off": (lambda: RiskOff(CLOSES, COSTS), lambda metric, part: metric.update(DAYS[part], SIGNALS[part])),
    "risk off among trials": (
        lambda: RiskOffAmongTrials(CLOSES, COSTS, 7),
        lambda metric, part: metric.update(DAYS[part], SIGNALS[part], TRIALS[part]),
    ),
    "risk scores": (RiskScores, lambda metric, part: metric.update(SCORES[part], SIGNALS[part])),
}


def updated(name: str, *parts: Part) -> Figures:
    made, update = METRICS[name]
    metric: Figures = made()
    for part in parts:
        update(metric, part)
    return metric


def figures(metric: Figures) -> dict[str, float]:
    """Return every figure, and both ends of its interval where it has one."""
    found = metric.figures()
    intervals: dict[str, tuple[float, float]] = metric.intervals(100, 0.95, 1) if hasattr(metric, "intervals") else {}
    for name, (low, high) in intervals.items():
        found |= {f"{name} low": low, f"{name} high": high}
    return found


def test_warnings_on_their_days_have_recall_and_precision_of_scikit_learn() -> None:
    """With one decision day before each crisis, and no cool-down, an alarm is a positive and a crisis is one too."""
    days = np.array([20, 45, 95, 200, 250, 295, 350])
    signals = np.array([True, False, True, False, True, False, False])
    good = states(days, LINE.episodes, warning()) >= 0
    metric = EarlyWarnings(LINE, warning(cooldown_days=0))
    metric.update(days, signals)
    found = metric.figures()
    assert found["recall"] == recall_score(good, signals) == 0.5
    assert found["precision"] == pytest.approx(precision_score(good, signals))
    assert found["signal_rate"] == pytest.approx(signals.mean())


def test_the_record_is_that_of_the_decision_days() -> None:
    metric = updated("early warnings", slice(None))
    assert isinstance(metric, EarlyWarnings)
    record = metric.record()
    assert len(record.outcomes) == (states(DAYS, LINE.episodes, warning()) != EXCLUDED).sum()
    assert metric.figures()["recall"] == record.recall


def test_the_portfolio_is_that_of_plain_formulas() -> None:
    metric = updated("risk off among trials", slice(None))
    assert isinstance(metric, RiskOffAmongTrials)
    returns, found = metric.overlay().returns, metric.figures()
    hold = overlay(DAYS, np.zeros(len(DAYS), bool), CLOSES, 5).returns
    ratio = returns.mean() / returns.std(ddof=1)
    assert found["sharpe"] == pytest.approx(ratio * math.sqrt(252))
    above = ratio - hold.mean() / hold.std(ddof=1)
    assert found["sharpe_above_buy_and_hold"] == pytest.approx(above * math.sqrt(252))
    assert found["annual_return"] == pytest.approx(np.prod(1 + returns) ** (252 / len(returns)) - 1)
    tried = [float(sharpe(overlay(DAYS, column, CLOSES, 5).returns)) for column in TRIALS.T]
    assert found["deflated_sharpe"] == pytest.approx(probabilistic(returns, best_of(tried)))
    low, high = metric.intervals(200, 0.95, 1)["sharpe"]
    assert low < annual(ratio) < high


def test_the_trials_do_not_change_what_a_portfolio_earned() -> None:
    alone, among = updated("risk off", slice(None)).figures(), updated("risk off among trials", slice(None)).figures()
    assert alone == {name: among[name] for name in alone}
    assert among.keys() - alone.keys() == {"sharpe_above_buy_and_hold", "deflated_sharpe"}


def test_risk_scores_are_those_of_scikit_learn_and_torchmetrics() -> None:
    theirs = BinaryCalibrationError(n_bins=10, norm="l1")
    theirs.update(torch.tensor(SCORES), torch.tensor(SIGNALS))
    found = updated("risk scores", slice(None)).figures()
    assert found["brier"] == pytest.approx(brier_score_loss(SIGNALS, SCORES))
    assert found["ece"] == pytest.approx(float(theirs.compute()), abs=1e-6)


@pytest.mark.parametrize("name", METRICS)
def test_updates_in_parts_and_in_any_order_are_one_update(name: str) -> None:
    whole = figures(updated(name, slice(None)))
    parts = slice(0, 20), slice(20, 20), slice(20, None)
    assert figures(updated(name, *parts)) == pytest.approx(whole)
    assert figures(updated(name, *parts[::-1])) == pytest.approx(whole), "days are put in order"
    assert all(math.isfinite(value) for value in whole.values())


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("cut", [30, len(DAYS)], ids=["shared out", "one process has no days"])
def test_two_processes_have_the_figures_of_one_to_the_last_digit(name: str, cut: int) -> None:
    def work(rank: int) -> dict[str, float]:
        mine = [slice(0, cut), slice(cut, None)][rank]
        return figures(updated(name, *([mine] if cut < len(DAYS) or rank == 0 else [])))

    first, second = in_processes(work)
    assert first == second == figures(updated(name, slice(None)))


@pytest.mark.parametrize("name", ["early warnings", "risk off", "risk off among trials"])
def test_signals_on_fewer_than_two_days_are_an_error(name: str) -> None:
    with pytest.raises(DataError, match="signals on 1 decision days cannot be judged; two or more are needed"):
        updated(name, slice(0, 1)).figures()


def test_without_scores_there_is_no_figure() -> None:
    assert all(math.isnan(value) for value in updated("risk scores", slice(0, 0)).figures().values())


def test_every_figure_that_a_goal_may_name_is_computed_by_a_metric(record: TrackRecord) -> None:
    of_section = {"warning": EarlyWarnings, "portfolio": RiskOffAmongTrials}
    for section, names in report._GATED.items():
        metric = updated({"warning": "early warnings", "portfolio": "risk off among trials"}[section], slice(None))
        assert isinstance(metric, of_section[section])
        assert isinstance(metric, Metric)
        of_other_signals = {"recall_at_rate", "false_alarms_at_rate"}  # recall and false alarms at another threshold
        assert set(names) - of_other_signals <= metric.figures().keys()
        for measured in record.metrics[section]["models"].values():
            assert measured.keys() - of_other_signals <= metric.figures().keys()
    declared = {metric.name for metric in DECLARATION.metrics if metric.kind == "corpus"}
    assert declared == {f"{section}_{name}" for section, names in report._GATED.items() for name in names}
    for scored in report.scored(record).values():
        assert scored.keys() - {"curve"} == updated("risk scores", slice(None)).figures().keys()
