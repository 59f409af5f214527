"""Reasoning and answer of a chat have the budgets of evaluation, and a request's length is above both together."""

from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import config
from r1tailor.serving.budgets import Budgets, longest
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


def test_an_answer_is_cut_at_its_own_budget(tmp_path: Path) -> None:
    assert _asked(tmp_path, lambda _: SAID) == ("", "s" * 12, "length")
    reasoning, content, end = _asked(tmp_path, lambda _: f"rrr</think>{SAID}", opens=True)
    assert (reasoning, content, end) == ("rrr", "s" * 13, "length"), "the tokens of the block are not the answer's"


def test_reasoning_that_does_not_end_within_its_budget_ends_the_answer(tmp_path: Path) -> None:
    assert _asked(tmp_path, lambda _: THOUGHT, opens=True) == ("r" * 18, "", "length")


def test_what_ends_in_time_ends_by_itself(tmp_path: Path) -> None:
    assert _asked(tmp_path, lambda _: "rrr</think>yes", opens=True) == ("rrr", "yes", "stop")
    assert _asked(tmp_path, lambda _: "s" * 12) == ("", "s" * 12, "stop"), "as long as the budget"
    assert _asked(tmp_path, lambda _: "r" * 10 + "</think>yes", opens=True) == ("r" * 10, "yes", "stop")


def test_a_requests_length_is_above_both_together(tmp_path: Path) -> None:
    assert _asked(tmp_path, lambda _: THOUGHT, opens=True, max_tokens=2) == ("r" * 6, "", "length")
    shelf = Shelf(settings=config.load([*LIMITS]))
    with gateway(tmp_path / "all", shelf=shelf) as harness:
        harness.ask(max_completion_tokens=1000)
        assert harness.engine.asked[-1].sampling.max_answer_tokens == 10


def test_a_text_that_is_continued_has_no_budgets(tmp_path: Path) -> None:
    shelf = Shelf(settings=config.load([*LIMITS]))
    shelf.engines[shelf.current] = Scripted(lambda _: SAID)
    with gateway(tmp_path, shelf=shelf) as harness:
        body = {"model": "medical", "prompt": "Once", "max_tokens": 15}
        got = harness.client.post("/v1/completions", json=body, headers=harness.key()).json()
        assert got["choices"][0]["text"] == "s" * 45


@pytest.mark.parametrize(
    ("part", "tokens", "spent"), [("start", 99, False), ("reasoning", 6, True), ("content", 3, False)]
)
def test_tokens_count_once_it_is_known_what_they_begin(part: str, tokens: int, spent: bool) -> None:
    wanted = config.load([*LIMITS]).evaluation
    assert longest(wanted) == 10
    budgets = Budgets(wanted)
    assert budgets.spend(tokens, part, part) is spent
    assert budgets.spend(1, part, "content") is (part != "reasoning"), "99 + 1, or 3 + 1; the end of a block is its own"
