"""The file of a teacher's texts: whole lines are kept, all others and those of other questions are not."""

from dataclasses import replace
from pathlib import Path

from r1tailor.records import Turn
from r1tailor.teaching.answers import AnswerFile, Text, question_of
from tests.support.taught import example

QUESTIONS = {name: question_of(example(name), "drawn") for name in ("a", "b")}
TEXTS = [Text("t" * 64, QUESTIONS[name], name, sample, f"text {name} {sample}\n") for name in "ab" for sample in (0, 1)]


def opened(path: Path, teacher: str = "t" * 64) -> AnswerFile:
    return AnswerFile(path, teacher, QUESTIONS)


def test_texts_are_added_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    file = opened(path)
    file.add(TEXTS[:2])
    first = path.read_bytes()
    file.add(TEXTS[2:])
    assert path.read_bytes().startswith(first), "it is only added to"
    assert opened(path).texts == file.texts == {(text.id, text.sample): text.text for text in TEXTS}


def test_a_text_that_was_cut_is_kept_as_none_and_not_asked_for_again(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    file = opened(path)
    file.add([replace(TEXTS[0], cut=True), TEXTS[1]])
    assert opened(path).texts == file.texts == {("a", 0): None, ("a", 1): TEXTS[1].text}
    path.write_text(path.read_text("utf-8").replace(', "cut": true', ""), encoding="utf-8")
    assert opened(path).texts[("a", 0)] == TEXTS[0].text, "as an earlier release wrote it"


def test_an_unfinished_line_and_what_answers_something_else_are_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    others = [replace(TEXTS[0], teacher="u" * 64), replace(TEXTS[0], question="other"), replace(TEXTS[0], id="unknown")]
    opened(path).add([*TEXTS[:2], *others])
    whole = path.read_bytes()
    path.write_bytes(
        whole + b'{"teacher": "t", "question": [1], "id": "a", "sample": 1, "text": "x"}\n[]\n' + whole[:50]
    )
    assert opened(path).texts.keys() == {("a", 0), ("a", 1)}
    assert len(path.read_bytes().splitlines()) == 2
    assert opened(path, "u" * 64).texts == {}


def test_what_is_asked_and_how_it_is_drawn_are_the_question() -> None:
    asked = {question_of(example("a"), "drawn"), question_of(example("a"), "otherwise")}
    asked |= {question_of(example("a", **change), "drawn") for change in ({"input": "x"}, {"instruction": "x"})}
    asked |= {question_of(example("a", series=((1.0,),)), "drawn"), question_of(example("b"), "drawn")}
    turns = (Turn("user", "x"),)
    asked |= {question_of(example("a", turns=turns), "drawn"), question_of(example("a", tools=({"a": 1},)), "drawn")}
    assert len(asked) == 8
    assert question_of(example("a", output="blue"), "drawn") in asked, "the reference is not asked"
