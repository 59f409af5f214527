"""Warnings by hand-counted cases: leads, cool-down, misses, excluded days, usefulness; random ones have none."""

import math

import numpy as np
import pytest

from r1tailor.evaluation.market.early_warning import (
    EXCLUDED,
    QUIET,
    Alarm,
    event_intervals,
    judge,
    relative_usefulness,
    states,
    usefulness,
    usefulness_interval,
)
from tests.support.market_cases import market, warning

EVERY = np.arange(200)


def on(*days: int, of: int = 200) -> "np.typing.NDArray[np.bool_]":
    return np.isin(np.arange(of), days)


def test_good_days_run_from_the_horizon_to_the_gap_and_the_crisis_itself_is_excluded() -> None:
    found = states(EVERY, market().episodes, warning(gap_days=3))
    assert np.flatnonzero(found == 0).tolist() == list(range(90, 98))
    assert np.flatnonzero(found == EXCLUDED).tolist() == list(range(98, 121))
    assert (found == QUIET).sum() == 200 - 8 - 23


def test_a_day_before_two_crises_belongs_to_the_nearer_one_and_none_within_a_crisis_is_good() -> None:
    near = market(episodes=((100, 103), (109, 115))).episodes
    found = states(EVERY, near, warning())
    assert found[99] == 0
    assert found[104] == 1
    assert set(found[100:104]) == {EXCLUDED}


@pytest.mark.parametrize(
    ("signals", "alarms", "lead"),
    [
        ([95], [Alarm(95, 0)], 5),
        ([90], [Alarm(90, 0)], 10),
        ([89], [Alarm(89, None)], 0),  # a day too early: false, and the crisis is missed
        ([99], [Alarm(99, 0)], 1),
        ([100, 110, 120], [], 0),  # in the crisis: neither credited nor false
        ([121], [Alarm(121, None)], 0),
        ([92, 93, 95, 96], [Alarm(92, 0), Alarm(96, 0)], 8),  # the first one gives the lead
        ([88, 89, 91], [Alarm(88, None)], 0),  # of one alarm that came too early
        ([88, 92], [Alarm(88, None), Alarm(92, 0)], 8),
    ],
)
def test_alarms_and_leads_by_hand(signals: list[int], alarms: list[Alarm], lead: int) -> None:
    record = judge(EVERY, on(*signals), market(), warning())
    assert list(record.alarms) == alarms
    assert record.leads == (lead,)


def test_recall_precision_rate_and_median_lead_by_hand() -> None:
    three = market(episodes=((60, 65), (100, 120), (160, 170)))
    record = judge(EVERY, on(10, 11, 20, 95, 152), three, warning())
    assert [alarm.day for alarm in record.alarms] == [10, 20, 95, 152]
    assert record.leads == (0, 5, 8)
    assert record.recall == pytest.approx(2 / 3)
    assert record.precision == 0.5
    assert record.median_lead == 5  # the missed one counts as 0
    quiet = 200 - 3 * 10 - 6 - 21 - 11
    assert record.years == pytest.approx(quiet / 252)
    assert record.false_alarms == pytest.approx(2 / (quiet / 252))


def test_decisions_every_fifth_day_are_judged_on_their_own_days() -> None:
    days = np.arange(0, 200, 5)
    record = judge(days, days == 95, market(), warning())
    assert record.leads == (5,)
    assert len(record.outcomes) == (states(days, market().episodes, warning()) != EXCLUDED).sum()


def test_a_crisis_before_the_first_decision_could_not_be_warned_of_and_does_not_count() -> None:
    days = np.arange(110, 200)
    assert judge(days, np.ones(90, bool), market(), warning()).events == ()
    assert math.isnan(judge(days, np.ones(90, bool), market(), warning()).recall)


def test_what_is_not_defined_is_nan_and_nothing_else() -> None:
    record = judge(EVERY, on(), market(), warning())
    assert math.isnan(record.precision)
    assert (record.recall, record.median_lead, record.false_alarms) == (0, 0, 0)
    none = judge(EVERY, on(5), market(episodes=()), warning())
    assert math.isnan(none.median_lead)
    assert all(math.isnan(bound) for pair in event_intervals(none, 100, 0.95, 1).values() for bound in pair)
    assert math.isnan(float(usefulness(none.outcomes, 0.5)))


def test_always_has_the_longest_lead_and_no_usefulness() -> None:
    always = judge(EVERY, np.ones(200, bool), market(), warning(cooldown_days=0))
    assert always.leads == (10,)
    assert float(usefulness(always.outcomes, 0.5)) == 0
    assert always.false_alarms == pytest.approx(252)


@pytest.mark.parametrize(
    ("theta", "expected"), [(0.5, 0.5 - 0.5 * 0.25 - 0.5 * 0.1), (0.8, 0.2 - 0.8 * 0.25 - 0.2 * 0.1)]
)
def test_usefulness_by_hand(theta: float, expected: float) -> None:
    good = [[1, 1]] * 3 + [[1, 0]]  # T1 = 1/4
    quiet = [[0, 1]] + [[0, 0]] * 9  # T2 = 1/10
    assert float(usefulness(np.array(good + quiet), theta)) == pytest.approx(expected)


def test_relative_usefulness_by_hand() -> None:
    outcomes = np.array([[1, 1]] * 3 + [[1, 0]] + [[0, 1]] + [[0, 0]] * 9)
    best = min(0.5 * 4 / 14, 0.5 * 10 / 14)
    loss = 0.5 * 4 / 14 * 0.25 + 0.5 * 10 / 14 * 0.1
    assert float(relative_usefulness(outcomes, 0.5)) == pytest.approx((best - loss) / best)
    perfect = np.array([[1, 1]] * 3 + [[0, 0]] * 9)
    assert float(relative_usefulness(perfect, 0.7)) == 1
    assert float(usefulness(perfect, 0.7)) == pytest.approx(0.3)


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.7])
def test_random_alarms_are_worth_nothing_within_noise(rate: float) -> None:
    days = np.arange(0, 4000, 5)
    wide = market(4000, tuple((onset, onset + 100) for onset in range(500, 4000, 700)))
    draw = np.random.default_rng(1)
    found = np.array(
        [
            float(usefulness(judge(days, draw.random(len(days)) < rate, wide, warning(horizon_days=63)).outcomes, 0.5))
            for _ in range(200)
        ]
    )
    noise = found.std(ddof=1) / math.sqrt(len(found))
    assert abs(found.mean()) < 3 * noise


def test_a_foresighted_signal_is_useful_and_its_interval_lies_above_zero() -> None:
    days = np.arange(0, 4000, 5)
    wide = market(4000, tuple((onset, onset + 100) for onset in range(500, 4000, 700)))
    settings = warning(horizon_days=63)
    record = judge(days, states(days, wide.episodes, settings) >= 0, wide, settings)
    assert record.recall == 1
    assert record.precision == 1
    low, high = usefulness_interval(record, settings, 5, 200, 0.95, 1)
    assert 0.4 < low <= high <= 0.5 + 1e-12


def test_intervals_over_crises_hold_the_value_and_one_crisis_alone_has_none_to_speak_of() -> None:
    days = np.arange(4000)
    onsets = range(300, 4000, 400)
    wide = market(4000, tuple((onset, onset + 50) for onset in onsets))
    signals = np.isin(days, [onset - 5 - 10 * (number % 5) for number, onset in enumerate(onsets)])
    record = judge(days, signals, wide, warning(horizon_days=63))
    low, high = event_intervals(record, 1000, 0.95, 1)["median_lead"]
    assert low < record.median_lead < high
    alone = judge(days[:400], signals[:400], wide, warning(horizon_days=63))
    assert event_intervals(alone, 1000, 0.95, 1)["median_lead"] == (5, 5)
