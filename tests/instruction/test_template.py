"""The user's turn, the mark of a window's place in it, and the response in R1's style."""

from dataclasses import replace

import pytest

from r1tailor.instruction.template import changed, marker_for, messages, opened, texts
from r1tailor.records import Example, Turn


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


def test_turns_come_before_the_question_without_their_reasoning() -> None:
    turns = (Turn("user", "a"), Turn("assistant", "b", "why", trained=True), Turn("tool", "t", fields={"name": "f"}))
    example = Example("e", "Code it.", "c", "d", turns=turns)
    assert messages(example) == [
        {"role": "user", "content": "Code it.\n\na"},
        {"role": "assistant", "content": "b"},
        {"role": "tool", "content": "t", "name": "f"},
        {"role": "user", "content": "c"},
    ]
    assert messages(replace(example, input="")) == messages(example)[:-1]


@pytest.mark.parametrize(("instruction", "expected"), [("Code it.", ["user: s\n\na"]), ("", ["system: s", "user: a"])])
def test_a_system_turn_takes_the_place_of_the_instruction_or_stays(instruction: str, expected: list[str]) -> None:
    made = opened([Turn("system", "s"), Turn("user", "a")], instruction)
    assert [f"{turn.role}: {turn.content}" for turn in made] == expected


def test_every_text_that_reaches_the_model_is_known() -> None:
    call = {"function": {"name": "f", "arguments": {"k": ["v"]}}}
    example = Example("e", "i", "a", "b", "r", turns=(Turn("user", "u", fields={"x": [call]}),), tool_calls=(call,))
    assert {"i", "a", "b", "r", "u", "f", "k", "v"} <= set(texts(example))
    assert marker_for(replace(example, turns=(Turn("user", "\ufdd0"),))) == "\ufdd0\ufdd0"
    assert changed(call, str.upper) == {"FUNCTION": {"NAME": "F", "ARGUMENTS": {"K": ["V"]}}}
    reasoned = replace(example, turns=(Turn("assistant", "u", "why"),))
    assert "why" in set(texts(reasoned))
    assert [turn.get("reasoning_content") for turn in messages(reasoned, reasoned=True)] == ["why", None]
