"""A dialogue about a worked problem: the first step, the pupil's mistake or question, the verified step, the answer."""

import pytest

from r1tailor.domain.tutoring import Stage, Taught, dialogue
from r1tailor.domain.worked_steps import WorkedProblem
from r1tailor.records import Turn

WORKED = WorkedProblem("Add up.", "3 + 4 + 5 + 6", "3 + 4 = 7\n7 + 5 = 12\n12 + 6 = 18")
SEEDS = [str(number) for number in range(40)]


def made(worked: WorkedProblem = WORKED, answer: str = "18", seed: str = "1") -> list[Turn | Taught]:
    return dialogue(worked, "chain_sum", answer, lambda text: answer in text.replace("?", " ").split(), seed)


def stages(turns: list[Turn | Taught]) -> list[Stage]:
    return [turn.stage for turn in turns if isinstance(turn, Taught)]


def test_the_pupil_errs_or_asks_why_and_both_occur() -> None:
    assert {tuple(stages(made(seed=seed))) for seed in SEEDS} == {
        ("hint", "correction", "result"),
        ("hint", "reason", "result"),
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_the_tutor_gives_the_first_step_then_the_verified_one_and_the_answer_last(seed: str) -> None:
    begin, hint, asks, second, tries, result = made(seed=seed)
    assert isinstance(begin, Turn)
    assert begin.content.startswith("What is 3 + 4 + 5 + 6? ")
    assert isinstance(hint, Taught)
    assert (hint.turn.content, hint.steps) == ("3 + 4 = 7\nWhat is the next step?", ("3 + 4 = 7",))
    assert isinstance(second, Taught)
    assert isinstance(result, Taught)
    assert "18" not in hint.turn.content + second.turn.content
    assert result.turn.content.endswith("12 + 6 = 18\nThe answer is 18.")
    attempt = asks if second.stage == "correction" else tries
    assert isinstance(attempt, Turn)
    assert "7 + 5 = " in attempt.content
    assert "7 + 5 = 12" not in attempt.content.replace("7 + 5 = 122", ""), "the pupil's step is wrong"
    corrected = second if second.stage == "correction" else result
    assert corrected.turn.content.startswith("Not quite.\n7 + 5 = 12")
    assert corrected.steps[0] == "7 + 5 = 12"
    assert all(turn.turn.reasoning == WORKED.reasoning and turn.turn.trained for turn in (hint, second, result))


def test_a_seed_gives_one_dialogue_and_others_give_others() -> None:
    assert made(seed="7") == made(seed="7")
    assert len({str(made(seed=seed)) for seed in SEEDS}) > 10


@pytest.mark.parametrize(
    ("worked", "answer"),
    [
        (WorkedProblem("", "3 + 4", "3 + 4 = 7"), "7"),  # one step
        (WorkedProblem("", "3 + 4 - 3 + 18", "3 + 4 = 7\n7 - 3 = 4\n4 + 14 = 18"), "18"),  # in the problem
        (WorkedProblem("", "9 + 9 - 0", "9 + 9 = 18\n18 - 0 = 18"), "18"),  # in the first step
        (WorkedProblem("", "a and b", "a is one\nb is two"), "two"),  # no number to get wrong
    ],
)
def test_a_problem_whose_answer_cannot_be_kept_back_makes_no_dialogue(worked: WorkedProblem, answer: str) -> None:
    assert made(worked, answer) == []
