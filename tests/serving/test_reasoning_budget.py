"""The reasoning of a chat has the budget of evaluation, its answer has not; a request's length is above both."""

from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import config
from r1tailor.serving.reasoning_budget import ReasoningBudget
from tests.support.serving import Scripted, Shelf, gateway

LIMITS = ("evaluation.max_reasoning_tokens=6", "evaluation.max_answer_tokens=4")
THOUGHT, SAID = "r" * 60, "s" * 60  # three characters a token


def _asked(folder: Path, write: Callable[..., str], *, opens: bool = False, **more: object) -> tuple[str, str, str]:
    """Return the reasoning, the content and the reason of the end of one answer."""
    shelf = Shelf(settings=config.load([*LIMITS]))
    shelf.engines[shelf.current] = Scripted(write, opens_reasoning=opens)
    with gateway(folder, shelf=shelf) as harness:
        (choice,) = harness.ask(**more).json()["choices"]
        message = choice["message"]
        return message.get("reasoning") or "", message["content"] or "", choice["finish_reason"]


def test_an_answer_is_as_long_as_the_model_makes_it(tmp_path: Path) -> None:
    assert _asked(tmp_path, lambda _: SAID) == ("", SAID, "stop")
    assert _asked(tmp_path, lambda _: f"rrr</think>{SAID}", opens=True) == ("rrr", SAID, "stop")


def test_reasoning_that_does_not_end_within_its_budget_ends_the_answer(tmp_path: Path) -> None:
    assert _asked(tmp_path, lambda _: THOUGHT, opens=True) == ("r" * 18, "", "length")


def test_reasoning_that_ends_in_time_is_followed_by_its_answer(tmp_path: Path) -> None:
    assert _asked(tmp_path, lambda _: "r" * 10 + "</think>yes", opens=True) == ("r" * 10, "yes", "stop")


def test_a_requests_length_is_above_both_together(tmp_path: Path) -> None:
    assert _asked(tmp_path, lambda _: THOUGHT, opens=True, max_tokens=2) == ("r" * 6, "", "length")


def test_a_text_that_is_continued_has_no_budget(tmp_path: Path) -> None:
    shelf = Shelf(settings=config.load([*LIMITS]))
    shelf.engines[shelf.current] = Scripted(lambda _: SAID)
    with gateway(tmp_path, shelf=shelf) as harness:
        body = {"model": "medical", "prompt": "Once", "max_tokens": 15}
        got = harness.client.post("/v1/completions", json=body, headers=harness.key()).json()
        assert got["choices"][0]["text"] == "s" * 45


@pytest.mark.parametrize(
    ("part", "tokens", "spent"),
    [("start", 99, False), ("reasoning", 6, True), ("reasoning", 5, False), ("content", 99, False)],
)
def test_tokens_count_once_it_is_known_what_they_begin(part: str, tokens: int, spent: bool) -> None:
    assert ReasoningBudget(6).spend(tokens, part, part) is spent


def test_what_began_before_it_was_known_counts_as_what_it_became() -> None:
    budget = ReasoningBudget(6)
    assert not budget.spend(5, "start", "start")
    assert budget.spend(1, "start", "reasoning")
