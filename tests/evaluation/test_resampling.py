"""Resampling over rows of statistics, against closed forms."""

import math

import numpy as np
import pytest
from scipy.stats import binom, binomtest, permutation_test
from scipy.stats import bootstrap as scipy_bootstrap

from r1tailor.evaluation.resampling import (
    Array,
    accelerated,
    bootstrap,
    expanded,
    mcnemar,
    paired_bootstrap,
    percentiles,
    permutation,
)


def mean(sums: Array) -> Array:
    return np.asarray(sums[..., 0] / sums[..., 1])


def rows(values: Array) -> Array:
    return np.stack([values, np.ones(len(values))], axis=1)


def test_percentiles_are_of_the_defined_values() -> None:
    values = np.array([*range(101), math.nan, math.nan], dtype=float)
    assert percentiles(values, 0.9) == pytest.approx((5, 95))
    assert all(math.isnan(end) for end in percentiles(np.full(3, math.nan), 0.9))


def test_the_bootstrap_of_a_mean_is_as_wide_as_its_standard_error() -> None:
    values = np.random.default_rng(1).normal(3, 1, 400)
    low, high = bootstrap(rows(values), mean, 2000, 0.95, 1)
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.07)
    assert (low + high) / 2 == pytest.approx(values.mean(), abs=0.02)


def test_resamples_beyond_a_block_are_drawn_too() -> None:
    drawn: list[int] = []

    def counted(sums: Array) -> Array:
        drawn.append(len(sums))
        return mean(sums)

    bootstrap(rows(np.arange(5.0)), counted, 600, 0.95, 1)
    assert drawn == [256, 256, 88]


def test_both_models_of_a_comparison_are_resampled_with_the_same_items() -> None:
    values = np.random.default_rng(2).random(30)
    assert paired_bootstrap(rows(values), rows(values + 2), (mean, mean), 300, 0.95, 1) == pytest.approx((2, 2))


def test_a_permutation_test_of_few_items_is_the_exact_one() -> None:
    """Of four items that all gain the same, 2 of 16 arrangements differ as much."""
    base, tuned = rows(np.zeros(4)), rows(np.ones(4))
    assert permutation(base, tuned, mean, 20_000, 1) == pytest.approx(2 / 16, abs=0.01)


def test_mcnemar_is_a_binomial_test_of_the_discordant_items() -> None:
    base, tuned = np.array([1, 1, 0, 0, 0, 0], bool), np.array([1, 0, 1, 1, 1, 0], bool)
    assert mcnemar(base, tuned) == pytest.approx(binomtest(3, 4).pvalue)


def test_a_difference_that_is_not_defined_is_not_significant() -> None:
    """Two perplexities that overflow differ by inf - inf."""
    endless = rows(np.full(5, math.inf))
    with np.errstate(invalid="ignore"):
        assert permutation(endless, endless, mean, 100, 1) == 1.0


@pytest.mark.parametrize(("lost", "won", "both"), [(5, 15, 40), (1, 9, 0), (12, 12, 3), (0, 6, 50)])
def test_mcnemar_is_the_exact_test_of_the_textbook(lost: int, won: int, both: int) -> None:
    """2 * P(X <= min(b, c)) with X binomial(b + c, 1/2), at most 1: statsmodels' ``mcnemar(exact=True)``."""
    base = np.array([True] * (lost + both) + [False] * won)
    tuned = np.array([False] * lost + [True] * (both + won))
    known = min(1.0, 2 * binom.cdf(min(lost, won), lost + won, 0.5))
    assert mcnemar(base, tuned) == pytest.approx(known)
    assert mcnemar(tuned, base) == pytest.approx(known), "two-sided"


def test_the_permutation_test_is_that_of_scipy() -> None:
    draw = np.random.default_rng(8)
    base, tuned = draw.random(12), draw.random(12) + 0.15

    def difference(first: Array, second: Array, axis: int) -> Array:
        return np.asarray(second.mean(axis=axis) - first.mean(axis=axis))

    outside = permutation_test((base, tuned), difference, permutation_type="samples", n_resamples=np.inf)
    found = permutation(rows(base), rows(tuned), mean, 40_000, 1)
    assert found == pytest.approx(float(outside.pvalue), abs=0.01)


def test_the_bootstrap_interval_is_that_of_scipy() -> None:
    values = np.random.default_rng(9).gamma(2.0, size=80)
    outside = scipy_bootstrap((values,), np.mean, method="percentile", n_resamples=20_000, rng=1).confidence_interval
    assert bootstrap(rows(values), mean, 20_000, 0.95, 1) == pytest.approx(tuple(outside), abs=0.01)


def test_the_accelerated_interval_is_that_of_scipy() -> None:
    values = np.random.default_rng(10).lognormal(0, 1.2, 60)
    outside = scipy_bootstrap((values,), np.mean, method="BCa", n_resamples=20_000, rng=1).confidence_interval
    found = accelerated(rows(values), mean, 20_000, 0.95, 1)
    assert found == pytest.approx(tuple(outside), rel=0.02)
    assert found[0] > bootstrap(rows(values), mean, 20_000, 0.95, 1)[0], "the tail is on the right"
    assert accelerated(rows(np.ones(5)), mean, 200, 0.95, 1) == (1.0, 1.0)
    assert np.isnan(accelerated(np.zeros((0, 2)), mean, 200, 0.95, 1)).all()


def test_percentiles_over_few_clusters_are_wider() -> None:
    assert expanded(0.95, 10) == pytest.approx(0.9829, abs=1e-3)
    assert expanded(0.95, 1000) == pytest.approx(0.95, abs=1e-3)
    assert expanded(0.95, 1) == 0.95
