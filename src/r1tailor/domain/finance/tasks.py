"""What is asked of a market window, and what the right answer is: a label, then a short reason.

Trend and volatility describe what stands in the window. Risk and allocation are about the days after it: their labels
follow from what happened later and serve training and scoring only. Reasons name signs that stood in the features at
the time, whatever came of them, in the words of a risk desk.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from r1tailor.domain.finance.declaration import LABELS
from r1tailor.domain.finance.features import Features
from r1tailor.domain.finance.settings import MarketTask, Thresholds

_NO_SIGN = "no warning sign"


@dataclass(frozen=True, slots=True)
class _Sign:
    """A warning: the term that names it, the features it looks at (all must be known), when it stands."""

    term: str
    features: tuple[str, ...]
    stands: Callable[..., bool]


_SIGNS = (
    _Sign("volatility rising", ("volatility_21", "volatility_63"), lambda month, quarter: month > 1.2 * quarter),
    _Sign("drawdown deepening", ("drawdown", "drawdown_change"), lambda now, change: now < -0.05 and change < -0.02),
    _Sign("breadth narrow", ("breadth",), lambda share: share < 0.4),
    _Sign("correlation rising", ("correlation_change",), lambda change: change > 0.05),
    _Sign("credit spread widening", ("spread_change",), lambda change: change > 0.1),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The right answer to one question: its label, the reason, the terms of the risk vocabulary that it names."""

    label: str
    reason: str
    terms: tuple[str, ...] = ()


def answer(task: MarketTask, features: Features, drawdown_next: float, thresholds: Thresholds) -> Answer:
    """Return the right answer at one time.

    Args:
        task: what is asked.
        features: as ``features.summary`` gives them.
        drawdown_next: worst drawdown in the days that follow, 0 or negative.
        thresholds: where one label ends and the next begins.
    """
    if task == "trend":
        return _trend(features, thresholds)
    if task == "volatility":
        return _volatility(features, thresholds)
    rank = (drawdown_next <= -thresholds.elevated) + (drawdown_next <= -thresholds.high)
    terms = warning_signs(features)
    return Answer(LABELS[task][rank], f"{', '.join(terms).capitalize()}.", terms)


def warning_signs(features: Features) -> tuple[str, ...]:
    """Return the terms of the warning signs that stand, in fixed order; ``no warning sign`` where none does."""
    found = []
    for sign in _SIGNS:
        values = [features[name] for name in sign.features]
        if None not in values and sign.stands(*values):
            found.append(sign.term)
    return tuple(found) or (_NO_SIGN,)


def _trend(features: Features, thresholds: Thresholds) -> Answer:
    moved, drawdown = _known(features, "return_window"), _known(features, "drawdown")
    where = "near its peak" if drawdown > -0.02 else "off its peak" if drawdown > -0.1 else "far off its peak"
    if abs(moved) <= thresholds.trend:
        return Answer("flat", f"The index moved little and closed {where}.")
    label, verb = ("up", "rose") if moved > 0 else ("down", "fell")
    return Answer(label, f"The index {verb} and closed {where}.")


def _volatility(features: Features, thresholds: Thresholds) -> Answer:
    rank = _known(features, "volatility_rank")
    number = (rank >= thresholds.calm) + (rank >= thresholds.turbulent)
    ratio = _known(features, "volatility_21") / (_known(features, "volatility_63") or 1.0)
    course = "growing" if ratio > 1.2 else "shrinking" if ratio < 0.8 else "steady"
    return Answer(LABELS["volatility"][number], f"Daily moves are {course}.")


def _known(features: Mapping[str, float | None], name: str) -> float:
    """Return a feature that is always known, for it needs the index alone."""
    value = features[name]
    assert value is not None
    return value
