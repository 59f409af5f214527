"""The stationary bootstrap keeps what follows each other together."""

import math

import numpy as np
import pytest

from r1tailor.evaluation.market.blocks import block_interval, stationary
from r1tailor.evaluation.resampling import Array


def test_blocks_have_the_mean_length_and_run_on_at_the_beginning() -> None:
    drawn = np.concatenate(list(stationary(500, 20, 200, 1)))
    assert drawn.shape == (200, 500)
    continued = (np.diff(drawn, axis=1) % 500) == 1
    assert 1 / (1 - continued.mean()) == pytest.approx(20, rel=0.1)
    assert ((drawn[:, 1:] == 0) & (drawn[:, :-1] == 499)).any()
    assert np.bincount(drawn.ravel()).std() < 0.1 * 200, "every row is drawn about as often"


def test_blocks_of_one_row_are_the_plain_bootstrap() -> None:
    values = np.random.default_rng(1).normal(size=400)
    low, high = block_interval(values, mean, 1.0, 2000, 0.95, 1)
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.07)


def test_dependent_values_have_a_wider_interval_in_blocks() -> None:
    values = np.repeat(np.random.default_rng(1).normal(size=40), 10)
    alone, together = (block_interval(values, mean, block, 500, 0.95, 1) for block in (1.0, 20.0))
    assert together[1] - together[0] > 2 * (alone[1] - alone[0])


def test_resamples_without_a_value_do_not_count() -> None:
    values = np.arange(5.0)
    found = block_interval(values, lambda rows: np.where(mean(rows) > 2, math.nan, mean(rows)), 1.0, 200, 0.9, 1)
    assert found[1] <= 2
    assert all(math.isnan(end) for end in block_interval(values, lambda rows: mean(rows) * math.nan, 1, 10, 0.9, 1))


def mean(rows: Array) -> Array:
    return np.asarray(rows.mean(axis=1))
