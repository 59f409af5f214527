"""Balance within each rater, opposite sides of two raters, repeats far apart."""

from collections import Counter

import pytest

from r1tailor.errors import UserError
from r1tailor.serving.study.draw import Trial, draw


@pytest.mark.parametrize(("items", "raters", "repeats"), [(6, 1, 2), (13, 3, 2), (60, 4, 6), (60, 5, 20)])
def test_each_rater_sees_every_item_once_with_balanced_sides(items: int, raters: int, repeats: int) -> None:
    for pages in draw(items, raters, repeats, seed=1):
        first = [trial for trial in pages if not trial.repeat]
        again = [trial for trial in pages if trial.repeat]
        assert sorted(trial.item for trial in first) == list(range(items))
        assert abs(2 * sum(trial.swapped for trial in first) - items) <= 1
        assert len({trial.item for trial in again}) == len(again) == repeats


def test_repeats_have_the_sides_exchanged_and_lie_far_from_the_first_time() -> None:
    for seed in range(20):
        (pages,) = draw(30, 1, 6, seed)
        for place, trial in enumerate(pages):
            if trial.repeat:
                before = pages.index(Trial(trial.item, not trial.swapped))
                assert place - before >= 30 // 6
        assert abs(sum(trial.swapped for trial in pages if trial.repeat) - 3) <= 2


def test_two_raters_see_opposite_sides_in_orders_of_their_own() -> None:
    one, other = draw(40, 2, 0, seed=3)
    sides = [{trial.item: trial.swapped for trial in pages} for pages in (one, other)]
    assert all(sides[0][item] != sides[1][item] for item in range(40))
    assert [trial.item for trial in one] != [trial.item for trial in other]
    assert {trial.item for trial in one[:10]} == {trial.item for trial in other[:10]}


def test_no_place_in_the_order_tells_the_side() -> None:
    counted = Counter(
        place for seed in range(400) for place, trial in enumerate(draw(12, 1, 0, seed)[0]) if trial.swapped
    )
    assert all(150 < counted[place] < 250 for place in range(12))


def test_a_draw_is_that_of_its_seed() -> None:
    assert draw(12, 2, 2, 5) == draw(12, 2, 2, 5)
    assert draw(12, 2, 2, 5) != draw(12, 2, 2, 6)


def test_too_few_items_or_too_many_repeats_are_refused() -> None:
    with pytest.raises(UserError, match="--items 5: a study needs at least 6 items"):
        draw(5, 1, 0, 1)
    with pytest.raises(UserError, match="4 repeats: at most 3 of 11 items"):
        draw(11, 1, 4, 1)
