"""Near-identical examples: the same window, or texts with the same trigrams."""

from dataclasses import replace

from r1tailor.instruction.likeness import near_identical, questions, repeated
from r1tailor.records import Example
from tests.support.made_examples import text_of


def test_at_full_similarity_texts_are_alike_if_all_their_trigrams_are() -> None:
    texts = ["a b c", "A, b; c", "a b d", "", "?"]
    examples = [Example(str(i), "", text, "x") for i, text in enumerate(texts)]
    assert near_identical(examples[:3], 1.0) == near_identical(examples[:3], 0.9999) == [(0, 1)]
    parts = {"train": examples[1:], "test": examples[:1]}
    assert repeated(parts, "test", 1.0) == repeated(parts, "test", 0.9999) == 1
    assert repeated({"train": examples[:2], "test": examples[2:3]}, "test", 1.0) == 0


def _asking(*pairs: tuple[str, str]) -> list[Example]:
    return [Example(str(number), asked, given, "x") for number, (asked, given) in enumerate(pairs)]


def test_a_question_is_instruction_and_input_without_what_asks_nothing() -> None:
    assert questions(_asking(("task", "a"), ("task", "b"), ("task", ""))) == ["a", "b", ""]
    assert questions(_asking(("why?", ""), ("how?", ""), ("who?", ""))) == ["why?", "how?", "who?"]
    assert questions(_asking(("why?", "passage"), ("how?", "passage"))) == ["why?\npassage", "how?\npassage"]
    templates = _asking(*((f"task {number % 2}", f"text {number}") for number in range(6)), ("own", "text"))
    assert questions(templates) == [*(f"text {number}" for number in range(6)), "own\ntext"]


def test_an_input_that_most_examples_share_is_a_note() -> None:
    asked = [f"question {number}" for number in range(30)]
    assert questions(_asking(*((one, "In one word.") for one in asked))) == asked
    few = _asking(*((one, "passage") for one in asked[:10]))
    assert near_identical([replace(one, input="the long passage " * 9) for one in few], 0.8) != []


def test_questions_in_the_instruction_are_compared_by_it_and_not_by_the_answer() -> None:
    questions_of_one_class = _asking(*((text_of(number), "") for number in range(40)))
    assert near_identical(questions_of_one_class, 0.8) == near_identical(questions_of_one_class, 1.0) == []
    noted = [replace(one, input="Answer with the name alone.") for one in questions_of_one_class]
    assert near_identical(noted, 0.8) == []
