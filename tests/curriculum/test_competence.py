"""Competence-based pacing."""

import random

import pytest

from r1tailor.curriculum.competence import competence, steps
from r1tailor.curriculum.difficulty import quantiles, scores
from r1tailor.schema.curriculum import Difficulty
from tests.curriculum.test_step_schedule import composed, material, whole_order


@pytest.mark.parametrize(
    ("pacing", "expected"),
    [("linear", [0.1, 0.325, 0.55, 0.775, 1.0, 1.0]), ("root", [0.1, 0.507445, 0.710634, 0.867468, 1.0, 1.0])],
)
def test_pacing_is_the_papers_formula(pacing: str, expected: list[float]) -> None:
    found = [competence(step, 8, 0.1, pacing) for step in (0, 2, 4, 6, 8, 9)]  # type: ignore[arg-type]
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("by", ["length", "loss", "level", "disagreement"])
@pytest.mark.parametrize("pacing", ["linear", "root"])
def test_a_step_draws_only_from_what_its_competence_allows(by: str, pacing: str) -> None:
    settings = composed(
        "curriculum=competence", f"curriculum.difficulty.by={by}", f"curriculum.pacing={pacing}", "trainer.max_epochs=4"
    )
    found, difficulty = material(), Difficulty(by=by, tasks=None)  # type: ignore[arg-type]
    places = quantiles(scores(difficulty, found), settings.seed)
    order = whole_order(settings, found)
    over = 0.7 * len(order)
    for number, step in enumerate(order):
        allowed = max(competence(number, over, 0.05, pacing), 4 / 40)  # type: ignore[arg-type]
        assert max(places[index] for index in step) <= allowed + 1e-9
    assert len({index for step in order for index in step}) > 30, "in the end all may be drawn"
    hardest = [max(places[index] for index in step) for step in order]
    assert hardest[0] < 0.2 < 0.7 < max(hardest[-5:])


def test_turns_of_one_conversation_are_drawn_together_and_as_hard_as_the_hardest() -> None:
    told = ["", *["a"] * 3, "", *["b"] * 3, "", *["c"] * 3]
    places = [(number + 1) / len(told) for number in range(len(told))]
    shares = [min(1.0, 0.1 + number / 150) for number in range(200)]
    made = steps(places, 4, 1, range(200), shares, told)
    for number, step in enumerate(made):
        for name in "abc":
            assert sum(told[index] == name for index in step) in (0, 3)
        assert len(set(step)) == len(step)
        assert 3 <= len(step) <= 5
        assert max(places[index] for index in step) <= max(shares[number], 4 / 12) + 1e-9
    assert {index for step in made for index in step} == set(range(12))


def test_where_all_stand_alone_conversations_change_nothing() -> None:
    places = [((7 * number) % 40 + 1) / 40 for number in range(40)]
    shares = [min(1.0, 0.1 + step / 30) for step in range(40)]
    alone = steps(places, 4, 1, range(40), shares)
    assert alone == steps(places, 4, 1, range(40), shares, [""] * 40)
    assert [len(step) for step in alone] == [4] * 40
    order = sorted(range(40), key=places.__getitem__)
    assert alone[0] == [order[place] for place in random.Random("1/competence/0").sample(range(4), 4)]
