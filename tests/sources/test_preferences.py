"""Rejected answers next to answers, in every format: the same document in each, and faults that say what is wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from r1tailor.errors import DataError
from r1tailor.sources import read
from tests.sources.test_jsonl import JSONL

ASKED, SAID, NOT = {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, "<think>hm</think>c"
WRONG = {"role": "assistant", "content": "c", "reasoning": "hm"}
GIVEN: dict[str, dict[str, Any]] = {
    "next to the answer": {"input": "a", "output": "b", "rejected_output": NOT},
    "in place of the answer": {"input": "a", "chosen": "b", "rejected": NOT},
    "after a prompt": {"prompt": "a", "chosen": "b", "rejected": NOT},
    "after a prompt, as messages": {"prompt": [ASKED], "chosen": [SAID], "rejected": [WRONG]},
    "next to a completion": {"prompt": "a", "completion": "b", "rejected_output": NOT},
    "as whole conversations": {"chosen": [ASKED, SAID], "rejected": [ASKED, WRONG]},
    "next to messages": {"messages": [ASKED, SAID], "rejected_output": WRONG},
    "after ShareGPT's turns": {
        "conversations": [{"from": "human", "value": "a"}],
        "chosen": {"from": "gpt", "value": "b"},
        "rejected": {"from": "gpt", "value": NOT},
    },
}


@pytest.mark.parametrize("form", GIVEN)
def test_a_rejected_answer_is_read_in_every_format(
    form: str, write_jsonl: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl([GIVEN[form]])
    (document,) = read(JSONL, tmp_path, [])
    assert (document.text, document.fields["output"]) == ("a", "b")
    reasoning, answer = document.fields["rejected_output"].removeprefix("<think>").split("</think>")
    assert (reasoning.strip(), answer.strip()) == ("hm", "c")
    assert "with a rejected answer: 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ({"input": "a", "output": "b", "rejected_output": " b "}, "the rejected answer is the answer itself"),
        ({"input": "a", "output": "b", "rejected_output": 3}, "rejected_output must be text, found int"),
        ({"input": "a", "output": "b", "rejected_output": " "}, "rejected_output is empty: nothing was rejected"),
        ({"chosen": "b", "rejected": "c"}, "chosen and rejected need what was asked"),
        (
            {"chosen": [ASKED, SAID], "rejected": [{"role": "user", "content": "z"}, WRONG]},
            "chosen and rejected differ before their last turn",
        ),
        ({"prompt": "a", "chosen": "b", "rejected": [ASKED, WRONG]}, "rejected must be one answer"),
        (
            {"messages": [ASKED, SAID, ASKED, SAID | {"weight": 0}], "rejected_output": "c"},
            r"the last answer is not trained \(weight 0\)",
        ),
        (
            {"input": "a", "chosen": "b", "rejected": "c", "rejected_output": "c"},
            "rejected_output and rejected both stand there",
        ),
    ],
)
def test_what_is_wrong_with_a_pair_is_said(
    record: dict[str, Any], fault: str, write_jsonl: Callable[..., Path], tmp_path: Path
) -> None:
    write_jsonl([record])
    with pytest.raises(DataError, match=f"^examples.jsonl, line 1: {fault}"):
        list(read(JSONL, tmp_path, []))


def test_a_key_called_rejected_alone_is_a_key_like_any_other(write_jsonl: Callable[..., Path], tmp_path: Path) -> None:
    write_jsonl([{"input": "a", "output": "b", "rejected": True}])
    (document,) = read(JSONL, tmp_path, [])
    assert document.fields["rejected"] is True
    assert "rejected_output" not in document.fields
