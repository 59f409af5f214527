"""Anybody's JSONL: one document a line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from r1tailor import store
from r1tailor.errors import DataError
from r1tailor.records import Rejection
from r1tailor.schema.sources import JsonlSource
from r1tailor.sources import read

JSONL = JsonlSource(
    kind="jsonl", name="mine", path="examples.jsonl", licence="own", available_at="2020-01-01", on_damage="stop"
)


def test_a_line_of_jsonl_becomes_a_document(write_jsonl: Callable[..., Path], tmp_path: Path) -> None:
    path = write_jsonl([{"input": "a", "output": "b"}, {"input": "", "output": "c", "entities": ["d"], "group": "g"}])
    first, second = read(JSONL, tmp_path, [])
    assert (first.id, first.text, first.position, first.sha256) == ("mine-1", "a", "line 1", store.sha256_file(path))
    assert first.fields == {"instruction": "", "reasoning": "", "group": "", "entities": [], "output": "b"}
    assert (second.fields["entities"], second.fields["group"]) == (["d"], "g")


def test_a_byte_order_mark_and_empty_lines_are_no_fault_and_lines_keep_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "examples.jsonl").write_bytes(b'\xef\xbb\xbf{"input": "a", "output": "b"}\n\n{"input": 1}\n')
    found = read(JSONL, tmp_path, [])
    assert next(found).id == "mine-1"
    with pytest.raises(DataError, match=r"^examples\.jsonl, line 3: output is missing"):
        next(found)


MESSAGES = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "<think>why</think>b"}]
SYSTEM = {"role": "system", "content": "s"}
PLAIN = {"instruction": "", "reasoning": "why", "group": "", "entities": [], "output": "b"}
ONE_TURN: dict[str, dict[str, Any]] = {  # the same question and answer in every format
    "instruction, input and output": {"instruction": "", "input": "a", "output": "<think>why</think>b"},
    "Alpaca": {"instruction": "a", "output": "<think>why</think>b", "history": []},
    "OpenAI messages": {"messages": MESSAGES},
    "ShareGPT": {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "<think>why</think>b"}]},
    "prompt and completion": {"prompt": "a", "completion": " <think>why</think>b\n"},
}


@pytest.mark.parametrize("shown", ONE_TURN)
def test_a_conversation_of_one_turn_is_the_document_of_a_plain_record(
    shown: str, write_jsonl: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl([ONE_TURN[shown]])
    (document,) = read(JSONL, tmp_path, [])
    if shown == "Alpaca":
        assert (document.text, document.fields) == ("", PLAIN | {"instruction": "a"})
    else:
        assert (document.text, document.fields) == ("a", PLAIN)
    told = "reasoning parsed out of <think> in the answer: 1"
    assert capsys.readouterr().out == f"collect: mine: {shown}, JSON lines (1); {told}\n"


@pytest.mark.parametrize(
    ("record", "format_"),
    [
        ({"messages": [SYSTEM, *MESSAGES, *MESSAGES]}, "messages"),
        (
            {
                "system": "s",
                "conversations": [
                    {"from": "human", "value": "a"},
                    {"from": "gpt", "value": "<think>why</think>b"},
                    {"from": "human", "value": "a"},
                    {"from": "gpt", "value": "<think>why</think>b"},
                ],
            },
            "sharegpt",
        ),
        (
            {
                "instruction": "a",
                "output": "b",
                "reasoning": "why",
                "system": "s",
                "history": [["a", "<think>why</think>b"]],
            },
            "alpaca",
        ),
        ({"prompt": [SYSTEM, *MESSAGES, MESSAGES[0]], "completion": [MESSAGES[1]]}, "prompt_completion"),
    ],
)
def test_several_turns_are_the_same_in_every_format(
    record: dict[str, Any], format_: str, write_jsonl: Callable[..., Path], tmp_path: Path
) -> None:
    write_jsonl([record])
    (found,) = read(JSONL, tmp_path, [])
    (named,) = read(JSONL.model_copy(update={"format": format_}), tmp_path, [])
    answer = {"role": "assistant", "content": "b", "reasoning": "why", "trained": True}
    user = {"role": "user", "content": "a"}
    assert found == named
    assert found.text == "s\n\na\n\nb\n\na\n\nb"
    turns = [SYSTEM, user, answer, user, answer]
    assert found.fields == PLAIN | {"reasoning": "", "turns": turns}


def test_unknown_keys_are_listed_once_and_kept_or_refused(
    write_jsonl: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl([{"input": "a", "output": "b", "ward": 3}, {"input": "c", "output": "d", "ward": 4, "ouput": ""}])
    first, _ = read(JSONL, tmp_path, [])
    assert first.fields["ward"] == 3
    line = "kept in fields: 'ward' (2), 'ouput' (1; did you mean output?)\n"
    assert capsys.readouterr().out.endswith(line)
    with pytest.raises(DataError, match=r"line 1: 'ward' is not a key of a record\. Allowed: input, output"):
        list(read(JSONL.model_copy(update={"unknown_keys": "refuse"}), tmp_path, []))


def test_unknown_keys_of_turns_are_listed_and_kept(
    write_jsonl: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl([{"messages": [SYSTEM, MESSAGES[0] | {"at": 1}, MESSAGES[1]], "id": "x"}])
    (document,) = read(JSONL, tmp_path, [])
    assert (document.fields["of_turns"], document.fields["id"]) == ([{}, {"at": 1}, {}], "x")
    assert capsys.readouterr().out.endswith("kept in fields: 'id' (1), 'at' of a turn (1)\n")


def test_a_record_of_another_format_is_rejected_with_its_line(write_jsonl: Callable[..., Path], tmp_path: Path) -> None:
    write_jsonl([{"input": "a", "output": "b"}, {"messages": MESSAGES}, {"input": "a", "output": "b", "history": []}])
    rejected: list[Rejection] = []
    listed = JSONL.model_copy(update={"on_damage": "list"})
    assert len(list(read(listed, tmp_path, rejected))) == 1
    assert [str(one).partition(". Allowed")[0] for one in rejected] == [
        "examples.jsonl, line 2: messages belongs to another format than instruction",
        "examples.jsonl, line 3: history belongs to another format than instruction",
    ]


def test_a_malformed_block_of_reasoning_is_rejected_with_its_line(
    write_jsonl: Callable[..., Path], tmp_path: Path
) -> None:
    write_jsonl([{"input": "a", "output": "b"}, {"input": "a", "output": "<think>b"}])
    with pytest.raises(DataError, match=r"^examples\.jsonl, line 2: output: a <think> block is not closed \("):
        list(read(JSONL, tmp_path, []))


def test_a_group_may_be_a_number_and_0_is_one(write_jsonl: Callable[..., Path], tmp_path: Path) -> None:
    write_jsonl([{"input": "a", "output": "b", "group": 0}, {"input": "c", "output": "d", "group": True}])
    found = read(JSONL, tmp_path, [])
    assert next(found).fields["group"] == "0"
    with pytest.raises(DataError, match="group must be text, found bool"):
        next(found)
