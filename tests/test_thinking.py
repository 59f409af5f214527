"""A block of reasoning at the head of an answer is taken apart; anything else that looks like one is refused."""

import pytest

from r1tailor.thinking import parted


@pytest.mark.parametrize(
    ("answer", "reasoning", "rest"),
    [
        ("neurology", "", "neurology"),
        ("<think>\nLeft hand.\n</think>\n\nneurology", "Left hand.", "neurology"),
        ("  <think>a</think>b\n", "a", "b"),
        ("<think>\n\n</think>\n\nneurology", "", "neurology"),  # as templates write it that were told not to think
        ("Left hand.\n</think>\n\nneurology", "Left hand.", "neurology"),  # R1's own: the prompt opened the block
        ("a < b and </thinking> c", "", "a < b and </thinking> c"),
    ],
)
def test_reasoning_and_answer_are_parted(answer: str, reasoning: str, rest: str) -> None:
    assert parted(answer, strict=True) == (reasoning, rest)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ("<think>a neurology", "a <think> block is not closed"),
        ("<think>a<think>b</think>c", "a <think> block is not closed"),
        ("<think>a<think>b</think></think>c", "nested or repeated"),
        ("<think>a</think>b<think>c</think>d", "nested or repeated"),
        ("a</think>b</think>c", "nested or repeated"),
        ("neurology <think>a</think>", "text stands before <think>"),
        ("</think><think>a", "text stands before <think>"),
    ],
)
def test_a_malformed_block_is_refused(answer: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        parted(answer, strict=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>\na\n</think>\n\nb ", ("a", "b")),
        ("a</think>b", ("a", "b")),  # the template opened it
        ("<think>a</think><think>c</think> b", ("ac", "b")),
        ("b", ("", "b")),
        ("<think> the options are cardiology, neurology", ("the options are cardiology, neurology", "")),
    ],
)
def test_what_a_model_wrote_is_parted_however_it_wrote_it(text: str, expected: tuple[str, str]) -> None:
    assert parted(text) == expected
