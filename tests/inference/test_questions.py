"""Files of questions are checked before a model is loaded; a file of answers is continued, never overwritten."""

import json
from pathlib import Path

import pytest

from r1tailor.errors import DataError
from r1tailor.inference.questions import AnswerFile, answer_line, read_questions
from r1tailor.records import Example


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
        "q.jsonl: only id, instruction and input are read; not read: more (1 lines)\n"
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
