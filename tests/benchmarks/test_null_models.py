"""A seeded sample of the null simulations: equal models are rarely called better, and intervals cover."""

import numpy as np
import pytest

from tests.benchmarks.null_models import (
    CONFIDENCE,
    accuracy,
    coverage,
    equal_pairs,
    items_of,
    measured,
    perplexity,
    share,
)


@pytest.mark.parametrize(("count", "groups"), [(90, 0), (0, 60)])
def test_equal_models_are_called_better_in_one_of_twenty_pairs_at_most(count: int, groups: int) -> None:
    found = equal_pairs(accuracy, 120, count, groups)
    assert found.better <= 0.05
    assert found.different <= 0.09
    assert found.learnt <= 0.02, "it has to beat the best of two baselines as well"


def test_items_of_groups_taken_one_by_one_show_what_is_not_there() -> None:
    """The simulation can fail: without the groups, equal models differ far too often."""
    assert equal_pairs(share, 100, 0, 60, grouped=False).different > 0.1


@pytest.mark.parametrize("measure", [accuracy, share, perplexity])
def test_intervals_of_groups_cover(measure: object) -> None:
    alone, paired = coverage(measure, 60, 0, 30)  # type: ignore[arg-type]
    assert 0.88 <= alone <= 1
    assert 0.88 <= paired <= 1


def test_intervals_that_ignore_groups_do_not_cover() -> None:
    true = measured(accuracy, items_of(np.random.default_rng(1), 400_000, 80_000)).value
    hits = []
    for draw in range(200):
        low, high = measured(accuracy, items_of(np.random.default_rng(draw), 0, 40), grouped=False).bounds(
            0, CONFIDENCE, 0
        )
        hits.append(low <= true <= high)
    assert np.mean(hits) < 0.9
