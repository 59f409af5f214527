"""Messages of every form become turns, and what is none is refused with its place."""

from typing import Any

import pytest

from r1tailor.sources.conversations import Fault, answered, conversation, exchanges

USER, ANSWER = {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}
CALL = {"id": "c1", "type": "function", "function": {"name": "rate", "arguments": '{"of": "EUR"}'}}
TRAINED = {"role": "assistant", "content": "b", "reasoning": "", "trained": True}


def test_roles_of_every_form_are_one() -> None:
    messages = [{"role": "developer", "content": "s"}, {"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]
    made = conversation(messages, "conversations")
    assert made.turns == [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}, TRAINED]
    assert not made.plain
    assert conversation([USER, ANSWER], "messages").plain


def test_reasoning_stands_in_a_block_or_in_a_key_of_its_own() -> None:
    block = {"role": "assistant", "content": "<think>why</think>b"}
    key = {"role": "assistant", "content": "b", "reasoning_content": "why"}
    both = {"role": "assistant", "content": "<think>why</think>b", "reasoning_content": "other"}
    first, second = (conversation([USER, message], "messages") for message in (block, key))
    assert first.turns == second.turns == [USER, TRAINED | {"reasoning": "why"}]
    assert (first.parsed, second.parsed) == (1, 0)
    with pytest.raises(Fault, match=r"^messages\[1\]\.content holds reasoning in a <think> block, and the record"):
        conversation([USER, both], "messages")


def test_a_weight_of_0_makes_an_answer_history() -> None:
    made = conversation([USER, ANSWER | {"weight": 0}, USER, ANSWER | {"weight": 1}], "messages")
    assert [turn.get("trained") for turn in made.turns] == [None, False, None, True]
    with pytest.raises(Fault, match="no turn of the assistant is trained"):
        conversation([USER, ANSWER | {"weight": 0}], "messages")


def test_calls_of_tools_and_their_results_keep_what_templates_read() -> None:
    result = {"role": "tool", "tool_call_id": "c1", "content": "1.08"}
    made = conversation(
        [USER, {"role": "assistant", "content": None, "tool_calls": [CALL]}, result, ANSWER], "messages"
    )
    call = {"id": "c1", "type": "function", "function": {"name": "rate", "arguments": {"of": "EUR"}}}
    assert made.turns[1] == {**TRAINED, "content": "", "fields": {"tool_calls": [call]}}
    assert made.turns[2] == {"role": "tool", "content": "1.08", "fields": {"tool_call_id": "c1"}}
    written = [{"from": "human", "value": "a"}, {"from": "function_call", "value": '{"name": "f", "arguments": {}}'}]
    (_, called) = conversation(written, "conversations").turns
    assert called["fields"] == {"tool_calls": [{"type": "function", "function": {"name": "f", "arguments": {}}}]}


def test_parts_of_text_are_one_text_and_unknown_keys_are_kept_by_turn() -> None:
    parts = {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "at": "9:00"}
    made = conversation([parts, ANSWER], "messages")
    assert made.turns[0] == {"role": "user", "content": "ab"}
    assert made.unknown == [{"at": "9:00"}, {}]
    assert made.plain


def test_turns_after_the_last_answer_are_counted() -> None:
    made = conversation([USER, ANSWER, USER], "messages", system="s")
    assert (len(made.turns), made.unanswered, len(made.unknown)) == (3, 1, 3)


def test_what_the_assistant_says_before_anybody_asked_is_left_out_and_counted() -> None:
    made = conversation([ANSWER, ANSWER, USER, ANSWER], "messages", system="s")
    assert ([turn["role"] for turn in made.turns], made.opening) == (["system", "user", "assistant"], 2)
    assert len(made.unknown) == 3
    assert conversation([USER, ANSWER], "messages").opening == 0


def test_an_alpaca_history_comes_before_its_question() -> None:
    made = exchanges([["a", "b"]], "c", "d", "s")
    assert [turn["content"] for turn in made.turns] == ["s", "a", "b", "c", "d"]
    for history in ([["a"]], [["a", "b", "c"]], ["a"], [{"a": "b"}]):
        with pytest.raises(Fault, match=r"^history\[0\] must be a pair of question and answer$"):
            exchanges(history, "c", "d", None)
    with pytest.raises(Fault, match=r"^history must be a list, found dict$"):
        exchanges({"a": "b"}, "c", "d", None)


@pytest.mark.parametrize(
    ("messages", "fault"),
    [
        ("text", "messages is not JSON"),
        ({"role": "user"}, "messages must be a list, found dict"),
        ([], "messages holds no turn of an assistant: there is nothing to learn from it"),
        ([USER], "messages holds no turn of an assistant: there is nothing to learn from it"),
        ([ANSWER], "messages begins with the assistant, which answers nobody"),
        ([USER, "b"], r"messages\[1\] must be a mapping, found str"),
        ([USER, {"content": "b"}], r"messages\[1\].role must be one of system, developer, user, human, "),
        ([USER, {"role": "narrator", "content": "b"}], r"messages\[1\].role must be one of system"),
        ([USER, {"role": "assistant"}], r"messages\[1\].content must be text, found NoneType"),
        ([USER, {"role": "assistant", "content": " "}], r"messages\[1\].content is empty"),
        ([USER, {"role": "assistant", "content": 7}], r"messages\[1\].content must be text, found int"),
        ([USER, {"role": "assistant", "content": "<think>a"}], r"messages\[1\].content: a <think> block is not closed"),
        ([USER, {"role": "assistant", "content": "<think>a</think>"}], "is empty after its reasoning"),
        ([USER, ANSWER | {"weight": 2}], r"messages\[1\].weight must be 0 or 1"),
        (
            [{"role": "user", "content": [{"type": "image_url"}]}, ANSWER],
            r"messages\[0\].content holds a part that is no",
        ),
        ([USER, {"role": "assistant", "tool_calls": [{"function": {"name": "f"}}]}], "must have a name and arguments"),
        (
            [USER, {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}],
            r"messages\[1\].tool_calls\[0\].arguments is not JSON",
        ),
    ],
)
def test_what_is_no_conversation_is_refused_with_its_place(messages: Any, fault: str) -> None:  # noqa: ANN401
    with pytest.raises(Fault, match=fault):
        conversation(messages, "messages")


def test_an_answer_says_whether_its_reasoning_was_parsed() -> None:
    assert answered("<think>why</think>b", "", "output") == ("b", "why", True)
    assert answered("<think>why</think>b", "why", "output") == ("b", "why", True)
    assert answered("b", "why", "output") == ("b", "why", False)
