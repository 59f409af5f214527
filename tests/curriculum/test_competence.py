"""Competence-based pacing."""

import pytest

from r1tailor.curriculum.competence import competence
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
