"""The verdict in words: kept, not shown, lost, and what makes a share say little."""

from typing import Any

from r1tailor.evaluation.ability.words import lines


def told(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a result of two languages."""
    share = {"value": 0.5, "low": 0.47, "high": 0.53}
    change = {"difference": -0.004, "low": -0.02, "high": 0.012}
    parts = ("ability", "ability_en", "ability_zh", "ability_mmlu")
    return {
        "n": 1000,
        "too_long": [],
        "chance": dict.fromkeys(parts, 0.25),
        "models": {name: dict.fromkeys(parts, share) for name in ("base", "tuned")},
        "comparisons": dict.fromkeys(parts, change),
        "letters": {"base": [0.3, 0.3, 0.4], "tuned": [0.3, 0.3, 0.4]},
        "verdict": {"non_inferior": True, "margin": 0.03, "why": "", **change},
        **changes,
    }


def test_what_is_kept_is_said_with_the_change_in_each_language() -> None:
    assert lines(told()) == [
        "general ability: kept: a loss of 3 points is ruled out over 1,000 questions. "
        "all 0.500 -> 0.500 (-0.4 points [-2.0, +1.2]); English 0.500 -> 0.500 (-0.4 points [-2.0, +1.2]); "
        "Chinese 0.500 -> 0.500 (-0.4 points [-2.0, +1.2])"
    ]


def test_what_is_not_shown_is_no_loss_and_a_loss_is_called_one() -> None:
    open_ = {"non_inferior": False, "margin": 0.03, "why": "", "low": -0.05, "high": 0.01}
    assert "not shown to be kept: 1,000 questions do not rule out a loss of 3 points." in lines(told(verdict=open_))[0]
    lost = open_ | {"high": -0.01}
    assert "lost: the tuned model is worse" in lines(told(verdict=lost))[0]
    guesses = open_ | {"why": "the base model guesses"}
    assert "not shown to be kept: the base model guesses." in lines(told(verdict=guesses))[0]


def test_one_letter_for_everything_and_questions_left_out_are_said() -> None:
    said = lines(told(letters={"base": [0.95, 0.05], "tuned": [0.0, 0.0, 1.0]}, too_long=["a-1", "a-2", "a-3", "a-4"]))
    assert said[1:] == [
        "general ability: base picks the A of 95 % of the questions: its share says little",
        "general ability: tuned picks the C of 100 % of the questions: its share says little",
        "general ability: 4 questions are longer than the model reads: a-1, a-2, a-3",
    ]


def test_a_language_that_the_base_guesses_in_is_named() -> None:
    result = told()
    result["chance"]["ability_zh"] = 0.5
    assert lines(result)[0].endswith("where the base model is not shown to do better than guessing")
    assert lines(result)[0].count("guessing") == 1


def test_one_language_is_told_once_and_without_a_margin_nothing_is_judged() -> None:
    result = told()
    del result["comparisons"]["ability_zh"], result["verdict"]
    assert lines(result) == [
        "general ability: 1,000 questions, no margin is set. English 0.500 -> 0.500 (-0.4 points [-2.0, +1.2])"
    ]
