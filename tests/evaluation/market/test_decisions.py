"""Who signals is decided before the test: nothing of the test changes a threshold or a fitted score."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from r1tailor.errors import DataError
from r1tailor.evaluation.market.baselines import VOLATILITY
from r1tailor.evaluation.market.decisions import (
    TUNED,
    Decisions,
    calibration_items,
    decide,
    evenly,
    joined,
)
from r1tailor.evaluation.market.early_warning import QUIET, states
from r1tailor.evaluation.market.timeline import Timeline, risk_items
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from tests.support.market_models import QUICK, decided, models_of


def test_calibration_is_spread_over_all_before_the_test_and_holds_none_of_it(
    settings: Callable[..., Settings], parts: dict[str, list[Example]]
) -> None:
    found = calibration_items(settings("evaluation.warning.calibration_items=50"), parts)
    before = risk_items([*parts["train"], *parts["validation"]])
    assert (len(found), found[0], found[-1]) == (50, before[0], before[-1])
    assert not {e.id for e in found} & {e.id for e in parts["test"]}
    places = [before.index(e) for e in found]
    assert max(np.diff(places)) <= math.ceil(len(before) / 49)
    assert [len(evenly(before, n)) for n in (0, 1, 2)] == [0, 1, 2]


@pytest.mark.parametrize("seed", range(5))
def test_nothing_of_the_test_decides_who_signals(
    settings: Callable[..., Settings], line: Timeline, parts: dict[str, list[Example]], seed: int
) -> None:
    """With the test's labels, features and crises shuffled, every threshold and every fitted score stays."""
    quick = settings(*QUICK)
    plain = decided(quick, line, parts)
    order = np.random.default_rng(seed).permutation(len(parts["test"]))
    labels = [parts["test"][number].fields["label"] for number in order]
    swapped = [replace(e, fields=e.fields | {"label": label}) for e, label in zip(parts["test"], labels, strict=True)]
    first = int(plain.days[0])
    known = tuple(episode for episode in line.episodes if episode.onset < first)
    turned = np.concatenate([line.closes[:first], line.closes[first:][::-1]])
    models = models_of(quick, parts)
    other = decide(quick, Timeline(line.dates, turned, known), {**parts, "test": swapped}, models)
    assert plain.signals.keys() == other.signals.keys()
    for name, signals in plain.signals.items():
        assert (signals == other.signals[name]).all(), name
    for name, scores in plain.scores.items():
        assert (scores == other.scores[name]).all(), name
    for name, signals in plain.at_rate.items():
        assert (signals == other.at_rate[name]).all(), name


def test_a_smaller_false_alarm_rate_raises_the_threshold_of_every_model(
    settings: Callable[..., Settings], line: Timeline, parts: dict[str, list[Example]]
) -> None:
    few, many = (
        decided(settings(*QUICK, f"evaluation.warning.false_rate={rate}"), line, parts) for rate in (0.02, 0.5)
    )
    assert few.at_rate.keys() == {*few.scores, VOLATILITY}
    quiet = states(few.days, line.episodes, settings(*QUICK).evaluation.warning) == QUIET
    for name, signals in few.at_rate.items():
        assert (signals <= many.at_rate[name]).all(), name
        assert signals[quiet].mean() < 0.1, name
    assert any(many.at_rate[name][quiet].mean() > 0.2 for name in few.at_rate), "a threshold follows the rate"


def test_too_few_items_are_one_error(
    settings: Callable[..., Settings], line: Timeline, parts: dict[str, list[Example]]
) -> None:
    with pytest.raises(DataError, match="0 risk items before the test and 2 in it are too few"):
        decide(settings(*QUICK), line, {"train": [], "validation": [], "test": risk_items(parts["test"])[:2]}, {})


def test_decisions_of_folds_are_joined_in_order(
    settings: Callable[..., Settings], line: Timeline, parts: dict[str, list[Example]]
) -> None:
    quick = settings(*QUICK)
    whole = decided(quick, line, parts)
    cut = len(whole.days) // 2
    halves = [
        Decisions(
            whole.days[part],
            whole.risky[part],
            {name: on[part] for name, on in whole.signals.items()},
            {name: scores[part] for name, scores in whole.scores.items()},
            [on[part] for on in whole.trials],
            at_rate={name: on[part] for name, on in whole.at_rate.items()},
        )
        for part in (slice(None, cut), slice(cut, None))
    ]
    del halves[1].signals["base"]
    made = joined(halves)
    assert (made.days == whole.days).all()
    assert (made.signals[TUNED] == whole.signals[TUNED]).all()
    assert "base" not in made.signals
    assert all((made.at_rate[name] == on).all() for name, on in whole.at_rate.items())
    assert len(made.trials) == len(whole.trials)
