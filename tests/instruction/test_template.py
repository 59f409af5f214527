"""The user's turn, the mark of a window's place in it, and the response in R1's style."""

import pytest

from r1tailor.instruction.template import marker_for, messages, response
from r1tailor.records import Example


@pytest.mark.parametrize(
    ("example", "content"),
    [
        (Example("e", "Code it.", "a note", "x"), "Code it.\n\na note"),
        (Example("e", "", "a note", "x"), "a note"),
        (Example("e", "Code it.", "", "x"), "Code it."),
    ],
)
def test_instruction_and_input_are_one_turn_of_the_user(example: Example, content: str) -> None:
    assert messages(example) == [{"role": "user", "content": content}]


def test_a_marker_stands_between_instruction_and_input_and_occurs_in_neither() -> None:
    for runs in range(3):
        example = Example("e", "\ufdd0" * runs, "\ufdd0 and \ufdd0\ufdd0", "x")
        marker = marker_for(example)
        assert set(marker) == {"\ufdd0"}
        assert marker not in example.instruction
        assert marker not in example.input
        (turn,) = messages(example, marker)
        assert turn["content"].split("\n\n")[-2:] == [marker, example.input]


@pytest.mark.parametrize(
    ("reasoning", "prompt", "expected"),
    [
        ("why", "Q", "<think>\nwhy\n</think>\n\nyes"),
        ("", "Q", "yes"),
        ("why", "Q<think>\n", "why\n</think>\n\nyes"),
        ("why", "Q<think>", "\nwhy\n</think>\n\nyes"),
        ("", "Q<think>\n", "\n</think>\n\nyes"),  # an opened block is closed, though it is empty
    ],
)
def test_a_response_continues_the_prompt(reasoning: str, prompt: str, expected: str) -> None:
    assert response("yes", reasoning, prompt) == expected
