"""Difficulty scores and their quantiles."""

import math

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from r1tailor.batching.tokens import TokenizedExample
from r1tailor.curriculum import Material
from r1tailor.curriculum.difficulty import quantiles, quantiles_among, scores
from r1tailor.errors import DataError
from r1tailor.records import Example
from r1tailor.schema.curriculum import Difficulty
from tests.curriculum.test_step_schedule import TASKS, material


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.integers(0, 3))
@hypothesis_settings(max_examples=60, deadline=None)
def test_quantiles_are_a_permutation_that_respects_the_order(values: list[int], seed: int) -> None:
    places = quantiles([float(value) for value in values], seed)
    assert sorted(places) == [(n + 1) / len(values) for n in range(len(values))]
    for a, place in zip(values, places, strict=True):
        assert all(place < other for b, other in zip(values, places, strict=True) if a < b)
    middle = quantiles_among([float(value) for value in values], [float(value) for value in values])
    assert all(0 < place < 1 for place in middle) or len(set(values)) == 1


def test_the_scores_are_what_they_are_called() -> None:
    found = material(8)
    said = {by: scores(Difficulty(by=by, tasks=None), found) for by in ("length", "loss", "level", "disagreement")}  # type: ignore[arg-type]
    assert said["length"] == [5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0]
    assert said["loss"] == [8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]
    assert said["level"] == [0.0, 1.0, 2.0, 3.0] * 2
    assert said["disagreement"] == [i / 8 for i in range(8)]
    backwards = Difficulty(by="task", tasks=TASKS[::-1])
    assert scores(backwards, found) == [3.0, 2.0, 1.0, 0.0] * 2


@pytest.mark.parametrize(
    ("difficulty", "fields", "said"),
    [
        ({"by": "level", "tasks": None}, {"task": "x"}, "example e1 has no field level, .*It has: task"),
        ({"by": "disagreement", "tasks": None}, {}, "example e1 has no field disagreement, .*It has: none"),
        (
            {"by": "level", "tasks": None},
            {"level": "high"},
            "example e1: its field level = 'high' orders the curriculum: a number",
        ),
        (
            {"by": "level", "tasks": None},
            {"level": math.nan},
            "example e1: its field level = nan orders the curriculum: a number",
        ),
        (
            {"by": "task", "tasks": TASKS},
            {"task": "odd"},
            r"example e1: its task 'odd' is not in difficulty.tasks \(tr",
        ),
    ],
)
def test_a_missing_score_names_the_example_and_the_field(
    difficulty: dict[str, object], fields: dict[str, object], said: str
) -> None:
    tokens = [TokenizedExample("e1", (1,), (2,))]
    found = Material(tokens, {"e1": Example("e1", "", "", "x", fields=fields)})
    with pytest.raises(DataError, match=said):
        scores(Difficulty.model_validate(difficulty), found)
