"""Numbers at a time, of a snapshot alone: a summary for people and plain baselines, and a window for the model.

The window's channels are normalised by trailing statistics: each is centred and scaled by its mean and deviation over
at most ``normalise_days`` trading days up to the day of decision, and cut at 5 deviations. What is not known is 0
there, the trailing mean; in the summary it is None. Nothing else is filled in.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from r1tailor.domain.finance.point_in_time import Numbers
from r1tailor.domain.finance.rolling import breadth, log_returns, mean_correlation, volatility
from r1tailor.domain.finance.settings import Channel
from r1tailor.domain.finance.snapshot import Snapshot
from r1tailor.domain.finance.words import ENGLISH, Words

MONTH, QUARTER = 21, 63  # trading days
_LONG = 200  # days of the mean that breadth compares with
_CUT = 5.0
_DECIMALS = 4  # of the window
FEWEST = QUARTER + 1  # closes that the longest of the necessary statistics needs
BEFORE = _LONG  # days before those that are normalised by, for their own statistics

_TOLD = (  # one or two numbers a channel of the window, as Words.told names them: every digit is a token
    *("return_5", "return_21", "return_window", "volatility_21", "volatility_rank", "drawdown"),
    *("breadth", "correlation", "spread", "spread_change"),
)

Features = dict[str, float | None]
Daily = Mapping[str, Numbers]


def channels(snapshot: Snapshot) -> Daily:
    """Return the daily statistics [N] of a snapshot's N days by name; NaN where one is not known.

    ``volatility`` is annualised, of 21 days; ``drawdown`` from the highest close known; ``breadth`` the share of stocks
    above their 200-day mean; ``correlation`` the mean one of 63 days; ``spread`` in percentage points.
    """
    closes = snapshot.closes
    highs = np.maximum(np.maximum.accumulate(closes), snapshot.high_before)
    return {
        "return": np.concatenate([[np.nan], log_returns(closes)]),
        "volatility": volatility(closes, MONTH),
        "drawdown": closes / highs - 1,
        "breadth": breadth(snapshot.stocks, _LONG),
        "correlation": mean_correlation(snapshot.stocks, QUARTER),
        "spread": snapshot.spread,
    }


def summary(snapshot: Snapshot, daily: Daily, window: int, normalise_days: int) -> Features:
    """Return the features of the last day of a snapshot and its channels; None for what was not known.

    Returns are simple ones over 1, 5, 21 days and from the window's first close on. ``volatility_rank`` is the share
    of the trailing ``normalise_days`` whose 21-day volatility was lower. A ``change`` is over 21 days, that of the
    spread over three months.
    """
    closes = snapshot.closes
    trailing = daily["volatility"][-normalise_days:]
    known = trailing[~np.isnan(trailing)]
    found: dict[str, float] = {f"return_{k}": closes[-1] / closes[-1 - k] - 1 for k in (1, 5, MONTH)}
    found["return_window"] = closes[-1] / closes[-window] - 1
    found["volatility_21"] = trailing[-1]
    found["volatility_63"] = volatility(closes[-FEWEST:], QUARTER)[-1]
    found["volatility_rank"] = float((known < known[-1]).mean())
    for name in ("drawdown", "breadth", "correlation"):
        found[name] = daily[name][-1]
        found[f"{name}_change"] = daily[name][-1] - daily[name][-1 - MONTH]
    found["spread"], found["spread_change"] = daily["spread"][-1], snapshot.spread_change
    return {name: None if np.isnan(value) else float(value) for name, value in found.items()}


def series(daily: Daily, chosen: Sequence[Channel], window: int, normalise_days: int) -> tuple[tuple[float, ...], ...]:
    """Return the window [window][channels] that ends on the channels' last day, normalised and rounded.

    ``path`` is the log return since the window's first day, in units of what a random walk of the trailing volatility
    would have covered by its end.
    """
    columns = [
        _path(daily["return"][-normalise_days:], window)
        if name == "path"
        else _normalised(daily[name][-normalise_days:])[-window:]
        for name in chosen
    ]
    rounded = np.round(np.stack(columns, axis=1), _DECIMALS) + 0.0  # no -0.0
    return tuple(map(tuple, rounded.tolist()))


def _path(returns: Numbers, window: int) -> Numbers:
    walked = np.concatenate([[0.0], np.cumsum(returns[1 - window :])])
    scale = np.nanstd(returns) * np.sqrt(window)
    return np.clip(walked / scale, -_CUT, _CUT) if scale > 0 else np.zeros(window)


def _normalised(values: Numbers) -> Numbers:
    known = values[~np.isnan(values)]
    scale = known.std() if len(known) else 0.0
    if scale <= 0:
        return np.zeros(len(values))
    normalised = np.clip((values - known.mean()) / scale, -_CUT, _CUT)
    return np.where(np.isnan(normalised), 0.0, normalised)


def legend(words: Words = ENGLISH) -> str:
    """Return what the numbers of ``described`` are, in their order; prompts share it, so that a row holds it once."""
    return words.legend.format(names=words.between.join(words.told))


def described(features: Mapping[str, float | None], words: Words = ENGLISH) -> str:
    """Return features as a line of numbers, in hundredths: for models that read no series."""
    return "; ".join(_hundredths(features[name]) or words.unknown for name in _TOLD)


def _hundredths(value: float | None) -> str:
    return "" if value is None else f"{round(100 * value, 1) + 0.0:.1f}"
