"""Equal candidates over many days: as few are promoted as alpha says, whatever was promoted before them."""

import pytest

from r1tailor.update.alpha_spending import Spending, Try, level
from tests.benchmarks import alpha_spending as simulated


@pytest.mark.parametrize("spending", ["even", "front"])
def test_a_period_spends_alpha_and_no_more(spending: Spending) -> None:
    tries: list[Try] = []
    for _ in range(50):
        tries.append(Try(level(0.05, 50, spending, tries), shown=False))
    assert sum(one.level for one in tries) == pytest.approx(0.05)
    assert level(0.05, 50, spending, tries) == tries[0].level, "the next period begins anew"


def test_a_shown_improvement_hands_its_level_on_and_a_new_period_takes_none() -> None:
    assert level(0.1, 10, "even", [Try(0.03, shown=True)]) == pytest.approx(0.04)
    assert level(0.1, 10, "even", [Try(0.03, shown=True), Try(0.04, shown=False)]) == pytest.approx(0.01)
    assert level(0.1, 2, "even", [Try(0.05, shown=True), Try(0.05, shown=True)]) == pytest.approx(0.05)


@pytest.mark.parametrize("same_items", [False, True])
@pytest.mark.parametrize("honest", [0.0, 0.9])
def test_300_days_of_equal_candidates_promote_one_in_at_most_alpha_of_the_periods(
    same_items: bool, honest: float
) -> None:
    """A sample of ``tests/benchmarks/alpha_spending.py``: 120 periods."""
    assert simulated.family_wise(120, "even", same_items=same_items, honest=honest) <= 0.05 + 3 * (0.05 / 120) ** 0.5


def test_without_spending_nearly_every_period_promotes_an_equal_candidate() -> None:
    assert simulated.naive(20) > 0.95
