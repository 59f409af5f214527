"""Reasoning and answer within their budgets, token by token."""

import pytest

from r1tailor import config
from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.domain.base import answer_of
from r1tailor.inference.answerer import Answer
from r1tailor.inference.budgets import Writing
from r1tailor.inference.sampling import Sampling
from r1tailor.instruction.reasoning import Blocks
from r1tailor.model import load

OPEN, PLAIN = "Name it.<think>\n", "Name it."


@pytest.fixture(scope="module")
def tokenizer() -> ChatTokenizer:
    settings = config.load(["model=tiny_llama"])
    return load.load_tokenizer(settings.model, config.ROOT)


def written(tokenizer: ChatTokenizer, prompt: str, text: str, sampling: Sampling, room: int = 1000) -> Answer:
    """Return what comes of a model that would write a text, a byte a token, and then end its turn."""
    writing = Writing(tokenizer, tokenizer.ids(prompt), sampling, room)
    model = iter((*(token for letter in text for token in tokenizer.ids(letter)), *[tokenizer.end] * 100))
    while not writing.done:
        writing.take(next(model) if writing.forced is None else writing.forced)
    return writing.answer()


def test_a_block_and_an_answer_within_their_budgets(tokenizer: ChatTokenizer) -> None:
    found = written(tokenizer, OPEN, "so\n</think>\n\nred", Sampling(8, max_reasoning_tokens=20))
    assert found == Answer("so\n</think>\n\nred", "so", "red", 11, 5, "")
    assert found.tagged == "<think>\nso\n</think>\n\nred"
    own = written(tokenizer, PLAIN, "<think>so</think>red", Sampling(8, max_reasoning_tokens=20))
    assert (own.reasoning, own.answer, own.reasoning_tokens, own.answer_tokens) == ("so", "red", 17, 3)
    assert own.tagged == own.text
    assert written(tokenizer, PLAIN, "red", Sampling(8, max_reasoning_tokens=20)) == Answer("red", "", "red", 0, 3, "")


def test_cut_reasoning_is_no_answer_though_it_names_one(tokenizer: ChatTokenizer) -> None:
    """Trap 37."""
    said = "the options are cardiology, neurology"
    for prompt, text in ((OPEN, said), (PLAIN, f"<think>{said}")):
        found = written(tokenizer, prompt, f"{text}, and much more\n</think>\n\nneurology",
                        Sampling(8, max_reasoning_tokens=len(text)))  # fmt: skip
        assert (found.truncated, found.answer, found.reasoning_tokens) == ("reasoning", "", len(text))
        assert answer_of(found.tagged) == "", "what domains score"
    ended = written(tokenizer, OPEN, said, Sampling(8, max_reasoning_tokens=99))
    assert (ended.truncated, ended.answer) == ("reasoning", ""), "the turn ended in the middle of its block"


def test_a_block_that_does_not_end_is_closed_where_this_is_asked_for(tokenizer: ChatTokenizer) -> None:
    how = Sampling(5, max_reasoning_tokens=4, close_reasoning=True)
    found = written(tokenizer, OPEN, "aaaabbbbbbbb", how)
    assert found == Answer(f"aaaa{Blocks('opened').closing}bbbbb", "aaaa", "bbbbb", 4, 5, "reasoning")
    early = written(tokenizer, OPEN, "aa", how)
    assert early.text == "aa\n</think>", "the end of the turn gives way to the end of the block"
    assert (early.truncated, early.reasoning_tokens) == ("reasoning", 2)


def test_an_answer_is_cut_at_its_own_budget(tokenizer: ChatTokenizer) -> None:
    found = written(tokenizer, OPEN, "so</think>abcdefgh", Sampling(5, max_reasoning_tokens=20))
    assert (found.answer, found.answer_tokens, found.truncated) == ("abcde", 5, "answer")
    whole = written(tokenizer, OPEN, "so</think>abcdefgh", Sampling(12))
    assert (whole.text, whole.truncated) == ("so</think>ab", "answer"), "without a budget of its own: all of it"
    full = written(tokenizer, PLAIN, "abcdefgh", Sampling(20, max_reasoning_tokens=20), room=3)
    assert (full.answer, full.truncated) == ("abc", "answer"), "the context is full"
    thinking = written(tokenizer, OPEN, "abcdefgh", Sampling(20, max_reasoning_tokens=20, close_reasoning=True), room=3)
    assert (thinking.answer, thinking.truncated) == ("", "reasoning"), "no room to close it and to answer"


@pytest.mark.parametrize("text", ["<b>red</b>", "<thinking>red", " \n red", "<thin"])
def test_what_only_begins_like_a_block_is_an_answer(tokenizer: ChatTokenizer, text: str) -> None:
    found = written(tokenizer, PLAIN, text, Sampling(20, max_reasoning_tokens=5))
    assert (found.text, found.reasoning, found.truncated) == (text.strip(), "", "")
