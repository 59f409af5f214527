"""Each figure on votes counted by hand; the bootstrap resamples raters and items."""

import math

import numpy as np
import pytest

from r1tailor.serving.study.draw import Trial
from r1tailor.serving.study.statistics import Rated, krippendorff_alpha, preferences, sign_test, statistics

LONGER = [1, 1, -1, 0]


def _vote(rater: int, item: int, choice: str, *, swapped: bool = False, repeat: bool = False, **more: object) -> Rated:
    return Rated(rater, Trial(item, swapped, repeat), choice, **more)  # type: ignore[arg-type]


VOTES = [
    _vote(0, 0, "b", satisfaction=(2, 5)),
    _vote(1, 0, "a", swapped=True, satisfaction=(4, 1)),
    _vote(0, 1, "a"),
    _vote(1, 1, "a", swapped=True),
    _vote(0, 2, "tie"),
    _vote(1, 2, "b"),
    _vote(0, 3, "bad"),
    _vote(0, 0, "b", swapped=True, repeat=True),
    _vote(1, 1, "a", swapped=True, repeat=True),
]


def test_every_figure_of_votes_counted_by_hand() -> None:
    found = statistics(VOTES, (2, 4), LONGER, 200, 0.95, 1)
    # items: +1, 0 (one each way), +0.5, 0
    assert found.net.value == pytest.approx(1.5 / 4)
    assert (found.wins, found.losses, found.ties, found.p) == (2, 0, 2, 0.5)
    assert (found.flips.value, found.flips.n) == (0.5, 2)
    assert (found.first_shown.value, found.first_shown.n) == (3 / 5, 5)
    assert (found.longer.value, found.longer.n) == (3 / 5, 5)
    assert [estimate.value for estimate in found.satisfaction] == [1.5, 4.5, 3.0]
    assert found.choices == {"first": 1, "second": 4, "tie": 1, "bad": 1}


def test_a_swapped_page_is_read_for_the_subjects() -> None:
    assert [_vote(0, 0, choice, swapped=True).preference for choice in ("a", "b", "tie", "bad")] == [1, -1, 0, 0]
    assert _vote(0, 0, "a", swapped=True, satisfaction=(5, None)).of_subjects == (None, 5)


def test_repeats_do_not_count_towards_the_preference() -> None:
    many = [*VOTES, *[_vote(0, 3, "a", repeat=True)] * 50]
    found, without = (statistics(votes, (2, 4), LONGER, 200, 0.95, 1) for votes in (many, VOTES))
    assert (found.net, found.p, found.first_shown) == (without.net, without.p, without.first_shown)


def test_nothing_known_is_nan_not_zero() -> None:
    found = statistics([], (2, 4), LONGER, 200, 0.95, 1)
    assert all(math.isnan(one.value) for one in (found.net, found.alpha, found.flips, found.longer))
    assert found.p == 1.0


def test_the_interval_is_wider_where_raters_disagree_than_from_items_alone() -> None:
    """Four raters, each of one mind on every item: resampling items alone would give an interval of width 0."""
    votes = [_vote(rater, item, "b" if rater < 3 else "a") for rater in range(4) for item in range(30)]
    net = statistics(votes, (4, 30), [0] * 30, 1000, 0.95, 1).net
    assert net.value == pytest.approx(0.5)
    assert net.low < 0.1
    assert net.high == pytest.approx(1.0)


def test_alpha_is_that_of_the_library_and_not_defined_for_one_value() -> None:
    agreed = np.array([[2, 0, 0], [0, 0, 2], [0, 2, 0]])
    assert krippendorff_alpha(agreed) == pytest.approx(1.0)
    assert krippendorff_alpha(np.array([[1, 0, 1], [1, 0, 1]])) < 0
    assert math.isnan(krippendorff_alpha(np.array([[0, 0, 2]])))


def test_the_sign_test_leaves_out_ties() -> None:
    assert sign_test(np.array([1.0, 0.5, 0.0, -0.2, float("nan")])) == (2, 1, 1, 1.0)
    assert sign_test(preferences([], (1, 3)))[3] == 1.0
