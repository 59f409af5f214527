"""Files of questions are checked before a model is loaded; a file of answers is continued, never overwritten."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from r1tailor.errors import DataError
from r1tailor.inference.questions import AnswerFile, answer_line, read_questions
from r1tailor.records import Example, Turn


def file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_mappings_bring_ids_and_instructions_or_get_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = '{"input": "a"}\n\n{"id": 7, "input": "b", "instruction": "Do."}\n{"id": "x", "input": "胸痛", "more": 1}\n'
    assert read_questions(file(tmp_path, "q.jsonl", lines), "Code it.") == [
        Example("1", "Code it.", "a", ""),
        Example("7", "Do.", "b", ""),
        Example("x", "Code it.", "胸痛", ""),
    ]
    assert capsys.readouterr().err.endswith(
        "q.jsonl: only id, instruction, and input or a conversation are read; not read: more (1 lines)\n"
    )


def test_a_text_file_holds_a_question_a_line(tmp_path: Path) -> None:
    found = read_questions(file(tmp_path, "q.txt", "\ufeffa\r\n\n  胸痛 \n"), "")
    assert [(one.id, one.input) for one in found] == [("1", "a"), ("3", "胸痛")]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("q.jsonl", '{"input": "a"}\n{"inptu": "b"}\n', r"q.jsonl, line 2: input is missing. Did you mean inptu\?"),
        ("q.jsonl", '{"input": "a"}\n{"input": 5}\n', "line 2: input must be text"),
        ("q.jsonl", '{"input": null}\n', "line 1: input must be text"),
        ("q.jsonl", '{"input": "a", "id": [1]}\n', "line 1: id must be text"),
        ("q.jsonl", '{"input": "a", "instruction": 1}\n', "line 1: instruction must be text"),
        ("q.jsonl", '{"input": "a"}\n{\n', "line 2: not JSON"),
        ("q.jsonl", '{"input": "a", "id": "2"}\n{"input": "b"}\n', "line 2: id 2 is that of line 1, too"),
        ("q.txt", b"a\n\xd0\xd8\n", r"q.txt, line 2: not UTF-8 \(byte 1\)"),
        ("q.txt", "\n", "there is no question in it"),
        ("q.jsonl", "", "there is no question in it"),
    ],
)
def test_a_bad_line_is_named(name: str, content: str | bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        read_questions(file(tmp_path, name, content), "")


@pytest.mark.parametrize("name", ["none.txt", "none.jsonl"])
def test_a_file_that_is_missing_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"{name} does not exist"):
        read_questions(tmp_path / name, "")


MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "My chest hurts."},
    {"role": "assistant", "content": "<think>when</think>Since when?"},
    {"role": "user", "content": "Since noon."},
]
BEFORE = (
    Turn("system", "Be brief."),
    Turn("user", "My chest hurts."),
    Turn("assistant", "Since when?", "when", trained=True),
)
TOOL = {"type": "function", "function": {"name": "rate"}}


def _written(folder: Path, kind: str, rows: list[dict[str, object]]) -> Path:
    if kind == "parquet":
        keys = {key: None for row in rows for key in row}
        pq.write_table(pa.Table.from_pylist([keys | row for row in rows]), folder / "q.parquet")
        return folder / "q.parquet"
    lines = json.dumps(rows) if kind == "json" else "".join(f"{json.dumps(row)}\n" for row in rows)
    return file(folder, f"q.{kind}", lines)


@pytest.mark.parametrize("kind", ["jsonl", "json", "parquet"])
def test_a_conversation_that_waits_for_an_answer_is_a_question_after_its_turns(kind: str, tmp_path: Path) -> None:
    share = [{"from": "human", "value": "My chest hurts."}, {"from": "gpt", "value": "<think>when</think>Since when?"}]
    rows: list[dict[str, object]] = [
        {"messages": MESSAGES},
        {"id": "s", "conversations": [*share, {"from": "human", "value": "Since noon."}], "system": "Be brief."},
    ]
    first, second = read_questions(_written(tmp_path, kind, rows), "Code it.")
    assert first == Example("1", "Code it.", "Since noon.", "", turns=BEFORE)
    assert second == replace(first, id="s")


def test_a_result_of_a_tool_is_answered_too(tmp_path: Path) -> None:
    called = {"role": "assistant", "tool_calls": [{"function": {"name": "rate", "arguments": "{}"}}]}
    turns = [{"role": "user", "content": "rate?"}, called, {"role": "tool", "content": "1.08"}]
    (found,) = read_questions(_written(tmp_path, "jsonl", [{"messages": turns, "tools": [TOOL]}]), "")
    assert (found.input, found.tools) == ("", (TOOL,))
    assert [turn.role for turn in found.turns] == ["user", "assistant", "tool"]


def test_the_answer_to_another_conversation_is_not_taken_for_one_of_this(tmp_path: Path) -> None:
    path = _written(tmp_path, "jsonl", [{"messages": MESSAGES}])
    (asked,) = read_questions(path, "")
    out = file(tmp_path, "a.jsonl", answer_line(asked, "x", "v") + "\n")
    assert AnswerFile(out, [asked], "v").left == []
    with pytest.raises(DataError, match="the answer to another question"):
        AnswerFile(out, [replace(asked, turns=(Turn("user", "My arm hurts."),))], "v")


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        (MESSAGES[:3], "line 1: messages must end with a turn of the user, which is answered"),
        (MESSAGES[:1], "messages must end with a turn of the user"),
        ([], "messages must end with a turn of the user"),
        ("x", "messages is not JSON"),
        ([{"role": "nurse", "content": "x"}], r"messages\[0\].role must be one of"),
        ([MESSAGES[2], MESSAGES[3]], "messages begins with the assistant"),
    ],
)
def test_what_is_no_conversation_to_answer_is_named(messages: object, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        read_questions(_written(tmp_path, "jsonl", [{"messages": messages}]), "")


QUESTIONS = [Example(str(n), "", f"question {n}", "") for n in range(1, 4)]


def test_answers_go_on_after_the_last_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "new" / "answers.jsonl"
    answers = AnswerFile(path, QUESTIONS, "v-1")
    assert answers.left == QUESTIONS
    with answers.open() as out:
        out.write(f"{answer_line(QUESTIONS[0], '胸痛', 'v-1')}\n{answer_line(QUESTIONS[1], 'cut', 'v-1')[:-5]}")
    again = AnswerFile(path, QUESTIONS, "v-1")
    assert again.left == QUESTIONS[1:]
    with again.open() as out:
        for question in again.left:
            out.write(f"{answer_line(question, 'x', 'v-1')}\n")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [(row["id"], row["answer"]) for row in rows] == [("1", "胸痛"), ("2", "x"), ("3", "x")]
    assert rows[0].keys() == {"id", "input", "answer", "version"}
    assert AnswerFile(path, QUESTIONS, "v-1").left == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("my notes", "line 1: this is no answer of r1tailor ask"),
        ('{"id": "1"}', "line 1: this is no answer of r1tailor ask"),
        ('{"id": 1, "input": "question 1", "answer": "", "version": "v-1"}', "line 1: this is no answer"),
        ('{"id": "1", "input": "question 1", "answer": "", "version": "v-0"}', "v-0 answered here, not v-1"),
        ('{"id": "1", "input": "another", "answer": "", "version": "v-1"}', r"answer to another question \(id 1\)"),
        ('{"id": "9", "input": "question 9", "answer": "", "version": "v-1"}', r"another question \(id 9\)"),
    ],
)
def test_a_file_of_something_else_is_left_as_it_is(line: str, said: str, tmp_path: Path) -> None:
    path = file(tmp_path, "answers.jsonl", f"{line}\n")
    with pytest.raises(DataError, match=said):
        AnswerFile(path, QUESTIONS, "v-1")
    assert path.read_text() == f"{line}\n"
