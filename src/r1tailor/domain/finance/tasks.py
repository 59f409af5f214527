"""What is asked of a market window, and what the right answer is: a label, then a short reason.

Trend and volatility describe what stands in the window. Risk and allocation are about the days after it: their labels
follow from what happened later and serve training and scoring only. Reasons name signs that stood in the features at
the time, whatever came of them, in the words of a risk desk.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from r1tailor.domain.finance.features import Features
from r1tailor.domain.finance.settings import MarketTask, Thresholds
from r1tailor.domain.finance.words import ENGLISH, Words


@dataclass(frozen=True, slots=True)
class _Sign:
    """A warning sign: the features it looks at (all must be known), and when it stands; its name is in ``words.py``."""

    features: tuple[str, ...]
    stands: Callable[..., bool]


_SIGNS = (  # in the order of Words.signs
    _Sign(("volatility_21", "volatility_63"), lambda month, quarter: month > 1.2 * quarter),
    _Sign(("drawdown", "drawdown_change"), lambda now, change: now < -0.05 and change < -0.02),
    _Sign(("breadth",), lambda share: share < 0.4),
    _Sign(("correlation_change",), lambda change: change > 0.05),
    _Sign(("spread_change",), lambda change: change > 0.1),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The right answer to one question: its label, the reason, the terms of the risk vocabulary that it names."""

    label: str
    reason: str
    terms: tuple[str, ...] = ()


def answer(
    task: MarketTask, features: Features, drawdown_next: float, thresholds: Thresholds, words: Words = ENGLISH
) -> Answer:
    """Return the right answer at one time.

    Args:
        task: what is asked.
        features: as ``features.summary`` gives them.
        drawdown_next: worst drawdown in the days that follow, 0 or negative.
        thresholds: where one label ends and the next begins.
        words: of the language that answers are written in.
    """
    if task == "trend":
        return _trend(features, thresholds, words)
    if task == "volatility":
        return _volatility(features, thresholds, words)
    rank = (drawdown_next <= -thresholds.elevated) + (drawdown_next <= -thresholds.high)
    terms = warning_signs(features, words)
    return Answer(words.labels[task][rank], f"{words.between.join(terms).capitalize()}{words.stop}", terms)


def warning_signs(features: Features, words: Words = ENGLISH) -> tuple[str, ...]:
    """Return the terms of the warning signs that stand, in fixed order; ``no_sign`` where none does."""
    found = []
    for term, sign in zip(words.signs, _SIGNS, strict=True):
        values = [features[name] for name in sign.features]
        if None not in values and sign.stands(*values):
            found.append(term)
    return tuple(found) or (words.no_sign,)


def _trend(features: Features, thresholds: Thresholds, words: Words) -> Answer:
    moved, drawdown = _known(features, "return_window"), _known(features, "drawdown")
    where = words.places[0 if drawdown > -0.02 else 1 if drawdown > -0.1 else 2]
    rank = 1 if abs(moved) <= thresholds.trend else 0 if moved > 0 else 2
    return Answer(words.labels["trend"][rank], words.moves[rank].format(where=where))


def _volatility(features: Features, thresholds: Thresholds, words: Words) -> Answer:
    rank = _known(features, "volatility_rank")
    number = (rank >= thresholds.calm) + (rank >= thresholds.turbulent)
    ratio = _known(features, "volatility_21") / (_known(features, "volatility_63") or 1.0)
    return Answer(words.labels["volatility"][number], words.courses[0 if ratio > 1.2 else 1 if ratio < 0.8 else 2])


def _known(features: Mapping[str, float | None], name: str) -> float:
    """Return a feature that is always known, for it needs the index alone."""
    value = features[name]
    assert value is not None
    return value
