"""The confidence sequence holds at every number of items at once, and closes in."""

from itertools import pairwise

import numpy as np
import pytest

from r1tailor.serving.study.sequential import confidence_sequence


def test_it_rarely_ever_leaves_out_the_true_mean() -> None:
    generator = np.random.default_rng(2)
    runs = [generator.choice([-1.0, 0.0, 0.5], 150, p=[0.3, 0.3, 0.4]) for _ in range(600)]
    mean = -0.3 + 0.2
    left_out = [
        not low - 1e-9 <= mean <= high + 1e-9 for low, high in (confidence_sequence(run.tolist(), 0.05) for run in runs)
    ]
    assert sum(left_out) <= 0.05 * 600


def test_it_finds_a_clear_difference_and_narrows() -> None:
    generator = np.random.default_rng(2)
    values = generator.choice([-1.0, 0.0, 1.0], 200, p=[0.1, 0.2, 0.7]).tolist()
    widths = [high - low for low, high in (confidence_sequence(values[:n], 0.05) for n in (10, 50, 200))]
    assert widths == sorted(widths, reverse=True)
    assert confidence_sequence(values, 0.05)[0] > 0
    assert confidence_sequence([-value for value in values], 0.05)[1] < 0


def test_what_it_once_left_out_stays_out() -> None:
    for seed in range(30):
        values = np.random.default_rng(seed).uniform(-1, 1, 60).tolist()
        ends = [confidence_sequence(values[:n], 0.05) for n in range(1, 61)]
        assert all(a[0] <= b[0] <= b[1] <= a[1] for a, b in pairwise(ends))


def test_one_item_excludes_little() -> None:
    low, high = confidence_sequence([1.0], 0.05)
    assert low < 0 < high == pytest.approx(1.0)
