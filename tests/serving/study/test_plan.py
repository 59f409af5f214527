"""A plan states n and its power before the first vote; numbers out of range are refused by the option's name."""

from pathlib import Path

import pytest

from r1tailor.errors import UserError
from r1tailor.serving.study.plan import Assumed, Plan, planned
from tests.support.studies import SUBJECTS, found, write_evaluated


def _plan(root: Path, items: int = 12, raters: int = 2, repeats: float = 0.2, **how: float) -> Plan:
    assumed = Assumed(how.get("ties", 0.3), how.get("win", 0.7))
    return planned(
        "toy-study-1", found(root), SUBJECTS, (items, raters, repeats), how.get("confidence", 0.95), assumed, 7
    )[0]


def test_the_plan_says_what_it_can_find(tmp_path: Path) -> None:
    write_evaluated(tmp_path)
    plan = _plan(tmp_path)
    said = "\n".join(plan.lines())
    assert "items: 12 of the 22 held-out items with different answers (2 more have the same answer twice" in said
    assert "raters: 2; each sees every item once and 2 of them twice" in said
    assert "assuming 30% ties, the sign test at 0.04 finds a win rate of 70% with probability 0." in said
    assert "level: 0.04 for the sign test at the end, 0.01 for stopping early" in said
    assert Plan.of_json(plan.as_json()) == plan


def test_items_are_drawn_by_the_seed(tmp_path: Path) -> None:
    write_evaluated(tmp_path)
    both = found(tmp_path)
    draws = [
        [item.id for item in planned("s", both, SUBJECTS, (12, 1, 0.0), 0.95, Assumed(), seed)[1]] for seed in (1, 1, 2)
    ]
    assert draws[0] == draws[1] != draws[2]
    assert len(set(draws[0])) == 12


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"items": 23}, "--items 23: from 6 to 22"),
        ({"items": 5}, "--items 5: from 6 to 22"),
        ({"raters": 0}, "--raters 0: from 1 to 100"),
        ({"repeats": 0.5}, "--repeats 0.5: a share"),
        ({"confidence": 1.0}, "--confidence 1: above 0.5"),
        ({"ties": 1.0}, "--ties 1: an assumed share"),
        ({"win": 0.5}, "--win 0.5: an assumed share"),
        ({"win": float("nan")}, "--win nan"),
    ],
)
def test_a_number_out_of_range_is_refused(tmp_path: Path, wrong: dict[str, float], message: str) -> None:
    write_evaluated(tmp_path)
    with pytest.raises(UserError, match=message):
        _plan(tmp_path, **wrong)  # type: ignore[arg-type]
