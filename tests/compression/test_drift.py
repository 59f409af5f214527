"""Drift of distributions, against figures computed by hand."""

import math

import pytest

from r1tailor.compression.drift import drift

_HALVES = {1: math.log(0.5), 2: math.log(0.25)}
_OTHER = {1: math.log(0.25), 2: math.log(0.5)}


def test_equal_distributions_do_not_drift() -> None:
    assert drift([_HALVES] * 3, [_HALVES] * 3) == {"positions": 3, "top1": 1.0, "kl": 0.0, "largest": 0.0, "mean": 0.0}


def test_divergence_counts_listed_tokens_and_the_rest_as_one() -> None:
    found = drift([_HALVES, _HALVES], [_OTHER, _HALVES])
    by_hand = 0.5 * math.log(2) + 0.25 * math.log(0.5)  # the rest has 0.25 on both sides
    assert found["kl"] == pytest.approx(by_hand / 2)
    assert found["top1"] == 0.5
    assert found["largest"] == pytest.approx(math.log(2))
    assert 0 < found["mean"] < found["largest"]
