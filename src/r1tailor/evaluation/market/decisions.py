"""Who signals on which day of the test: every model and baseline, by thresholds from before the test.

Scores are the probability of a label other than ``low``. What comes out is enough for the whole record, and folds of
a walk-forward are joined by it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from r1tailor.errors import DataError
from r1tailor.evaluation.market import baselines
from r1tailor.evaluation.market.early_warning import Days, Flags
from r1tailor.evaluation.market.thresholds import Calibration, at_false_rate, calibration, grid, most_useful
from r1tailor.evaluation.market.timeline import Timeline, is_risky, risk_items
from r1tailor.evaluation.resampling import Array
from r1tailor.records import Example
from r1tailor.schema.settings import Settings

ALWAYS, NEVER, TUNED = "always", "never", "tuned"
SAME_RATE = f"{baselines.VOLATILITY}, tuned's false-alarm rate"
Scores = Mapping[str, float]  # by example id


@dataclass(frozen=True)
class Decisions:
    """Signals on the decision days of a test.

    Attributes:
        days: [n] positions among the trading days.
        risky: [n] whether the label, seen afterwards, is anything but ``low``.
        signals: by model or baseline, [n].
        scores: by model or fitted baseline, [n] the probability of a risky label.
        trials: signals of every threshold that was tried, [n] each, and of what has no threshold.
        thresholds: by model or baseline, the score above which it signals; none of folds that are joined.
        at_rate: by model or baseline with scores, [n] its signals at ``evaluation.warning.false_rate`` before the test.
    """

    days: Days
    risky: Flags
    signals: dict[str, Flags]
    scores: dict[str, Array]
    trials: list[Flags]
    thresholds: dict[str, float] = field(default_factory=dict)
    at_rate: dict[str, Flags] = field(default_factory=dict)


def calibration_items(settings: Settings, parts: Mapping[str, Sequence[Example]]) -> list[Example]:
    """Return the risk items before the test on which thresholds are chosen, spread evenly over time."""
    return evenly(risk_items([*parts["train"], *parts["validation"]]), settings.evaluation.warning.calibration_items)


def asked(settings: Settings, parts: Mapping[str, Sequence[Example]]) -> list[Example]:
    """Return the risk items that a model has to score: of the calibration and of the test."""
    return [*calibration_items(settings, parts), *risk_items(parts["test"])]


def evenly(items: Sequence[Example], most: int) -> list[Example]:
    """Return at most so many items at equal distances, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    if most < 2:
        return list(items[:most])
    return [items[index] for index in np.linspace(0, len(items) - 1, most).round().astype(int)]


def decide(
    settings: Settings,
    timeline: Timeline,
    parts: Mapping[str, Sequence[Example]],
    models: Mapping[str, Scores],
) -> Decisions:
    """Return the signals of every model and baseline on the test.

    Args:
        settings: windows, theta, seed.
        timeline: trading days and crises.
        parts: examples of ``train``, ``validation`` and ``test``.
        models: by name the probability of a risky label for the risk items of the test and the calibration.

    Raises:
        DataError: too few risk items to learn from or to judge by.
    """
    before, test = calibration_items(settings, parts), risk_items(parts["test"])
    if not before or len(test) < 2:
        raise DataError(f"{len(before)} risk items before the test and {len(test)} in it are too few to judge warnings")
    days = timeline.positions([item.available_at for item in test])
    known = calibration(
        timeline.positions([item.available_at for item in before]), int(days[0]), timeline, settings.evaluation.warning
    )
    scores = {name: (_of(before, found), _of(test, found)) for name, found in models.items()}
    train = risk_items(parts["train"])
    for name in (baselines.LOGISTIC, baselines.BOOSTING):
        scores[name] = baselines.fitted_scores(name, train, before, test, settings.seed)
    volatility = (baselines.volatility(before), baselines.volatility(test))
    signals, trials = _signals(scores, volatility, known)
    risky = np.array([is_risky(item) for item in test])
    thresholds = {name: most_useful(earlier, known) for name, (earlier, _) in scores.items()}
    rate = settings.evaluation.warning.false_rate
    at_rate = {
        name: later > at_false_rate(earlier, known, rate)
        for name, (earlier, later) in {baselines.VOLATILITY: volatility, **scores}.items()
    }
    found = {name: later for name, (_, later) in scores.items()}
    return Decisions(days, risky, signals, found, trials, thresholds, at_rate)


def _of(items: Sequence[Example], scores: Scores) -> Array:
    return np.array([scores[item.id] for item in items])


def _signals(
    scores: Mapping[str, tuple[Array, Array]], volatility: tuple[Array, Array], known: Calibration
) -> tuple[dict[str, Flags], list[Flags]]:
    earlier, later = volatility
    never = np.zeros(len(later), dtype=bool)
    signals: dict[str, Flags] = {ALWAYS: ~never, NEVER: never}
    trials: list[Flags] = [~never, never]
    for name, (before, test) in {baselines.VOLATILITY: volatility, **scores}.items():
        signals[name] = test > most_useful(before, known)
        trials += [test > threshold for threshold in grid(before)]
    if TUNED in scores:
        before, _ = scores[TUNED]
        rate = known.false_rate(before > most_useful(before, known))
        signals[SAME_RATE] = later > at_false_rate(earlier, known, rate)
        trials.append(signals[SAME_RATE])
    return signals, trials


def joined(folds: Sequence[Decisions]) -> Decisions:
    """Return the decisions of folds that follow each other as those of one long test; only what all of them have."""
    first = folds[0]
    names = [name for name in first.signals if all(name in fold.signals for fold in folds)]
    scored = [name for name in first.scores if all(name in fold.scores for fold in folds)]
    rated = [name for name in first.at_rate if all(name in fold.at_rate for fold in folds)]
    count = min(len(fold.trials) for fold in folds)
    return Decisions(
        np.concatenate([fold.days for fold in folds]),
        np.concatenate([fold.risky for fold in folds]),
        {name: np.concatenate([fold.signals[name] for fold in folds]) for name in names},
        {name: np.concatenate([fold.scores[name] for fold in folds]) for name in scored},
        [np.concatenate([fold.trials[number] for fold in folds]) for number in range(count)],
        at_rate={name: np.concatenate([fold.at_rate[name] for fold in folds]) for name in rated},
    )
