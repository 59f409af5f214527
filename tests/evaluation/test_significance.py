"""Intervals and paired tests of metrics: which of them a metric's class chooses, and what they find."""

import json
import math

import numpy as np
import pytest
from scipy.stats import kstest

from r1tailor.evaluation.metrics import Mean, Perplexity, Proportion
from r1tailor.evaluation.significance import compare, interval


def scored(kind: type[Mean], scores: "list[float] | list[float | None]") -> Mean:
    metric = kind()
    metric.update(scores)
    return metric


def test_a_resample_without_any_item_of_a_metric_does_not_count() -> None:
    rare = scored(Mean, [0.5, *[None] * 9])  # (9/10)^10: in a third of the resamples it is not drawn
    assert interval(rare, 300, 0.95, 1).as_dict() == {"value": 0.5, "low": 0.5, "high": 0.5}
    found = compare(rare, scored(Mean, [0.75, *[None] * 9]), 300, 0.95, 1)
    assert (found.difference, found.low, found.high) == (0.25, 0.25, 0.25)


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [(8, 10, 0.4901625, 0.9433178), (0, 10, 0.0, 0.2775328), (10, 10, 0.7224672, 1.0), (50, 100, 0.4038315, 0.5961685)],
)
def test_a_proportion_has_wilsons_interval(right: int, n: int, low: float, high: float) -> None:
    found = interval(scored(Proportion, [1.0] * right + [0.0] * (n - right)), 100, 0.95, seed=1)
    assert (found.value, found.low, found.high) == pytest.approx((right / n, low, high), abs=1e-6)


def test_the_bootstrap_interval_covers_a_known_mean() -> None:
    generator = np.random.default_rng(4)
    covered = 0
    for seed in range(100):
        found = interval(scored(Mean, generator.beta(2, 5, size=60).tolist()), 400, 0.95, seed)
        assert found.low < found.value < found.high
        covered += found.low <= 2 / 7 <= found.high
    assert covered >= 90


def test_intervals_and_comparisons_follow_the_seed() -> None:
    first, second = (scored(Mean, np.random.default_rng(seed).random(50).tolist()) for seed in (1, 2))
    assert interval(first, 300, 0.9, 5) == interval(first, 300, 0.9, 5) != interval(first, 300, 0.9, 6)
    assert compare(first, second, 300, 0.9, 5) == compare(first, second, 300, 0.9, 5)


def test_mcnemar_counts_the_items_that_one_model_alone_gets_right() -> None:
    base = scored(Proportion, [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    tuned = scored(Proportion, [1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0])  # 7 gained, 1 lost
    assert compare(base, tuned, 100, 0.95, 1).p == pytest.approx(2 * (1 + 8) / 2**8)
    assert compare(tuned, base, 100, 0.95, 1).p == pytest.approx(2 * (1 + 8) / 2**8)
    assert compare(base, base, 100, 0.95, 1).p == 1.0


def test_permutation_p_is_uniform_when_there_is_nothing_to_find() -> None:
    generator = np.random.default_rng(11)
    ps = []
    for seed in range(200):
        base, tuned = (scored(Mean, generator.random(30).tolist()) for _ in range(2))
        ps.append(compare(base, tuned, 200, 0.95, seed).p)
    assert kstest(ps, "uniform").pvalue > 0.01
    assert sum(p <= 0.05 for p in ps) <= 20


def test_permutation_p_is_small_for_a_real_effect_and_never_zero() -> None:
    generator = np.random.default_rng(12)
    before = generator.random(80)
    after = (before + 0.2 + 0.1 * generator.random(80)).tolist()
    base, tuned = scored(Mean, before.tolist()), scored(Mean, after)
    found = compare(base, tuned, 999, 0.95, 1)
    assert found.p == pytest.approx(1 / 1000)
    assert 0.2 < found.low < found.difference < found.high < 0.3, "tuned minus base"
    back = compare(tuned, base, 999, 0.95, 1)
    assert (back.difference, back.low, back.high) == pytest.approx((-found.difference, -found.high, -found.low))


def test_items_are_paired_in_the_difference() -> None:
    spread = np.linspace(0, 1, 50)
    found = compare(scored(Mean, spread.tolist()), scored(Mean, (spread + 0.01).tolist()), 500, 0.95, 1)
    assert (found.low, found.high) == pytest.approx((0.01, 0.01)), "what items share cancels"


def test_perplexities_are_compared_too() -> None:
    base, tuned = Perplexity(), Perplexity()
    base.update([-3.0 - i % 3 for i in range(40)], [2] * 40)
    tuned.update([-1.0 - i % 3 for i in range(40)], [2] * 40)
    found = compare(base, tuned, 500, 0.95, 1)
    assert found.difference == pytest.approx(tuned.value - base.value)
    assert found.high < 0
    assert found.p == pytest.approx(1 / 501)


def test_a_metric_of_one_item_still_has_an_interval() -> None:
    assert interval(scored(Mean, [0.5]), 100, 0.95, 1).as_dict() == {"value": 0.5, "low": 0.5, "high": 0.5}


def test_what_is_not_defined_is_null_and_has_no_p_value() -> None:
    """Trap 54: NaN sorts first, and had the smallest p-value."""
    nothing, some = scored(Mean, [None, None]), scored(Mean, [1.0, 0.0])
    found = compare(nothing, some, 200, 0.95, 1)
    assert math.isnan(found.p)
    assert found.as_dict() == {"difference": None, "low": None, "high": None, "p": None}
    assert interval(nothing, 200, 0.95, 1).as_dict() == {"value": None, "low": None, "high": None}
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False))["p"] is None
