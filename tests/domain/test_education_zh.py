"""Chinese problems: answers are right by their numbers and stay within the syllabus."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from r1tailor.domain import open_domain
from r1tailor.domain.education_zh import EducationZh, numbers
from r1tailor.errors import DataError
from r1tailor.records import Document
from r1tailor.schema.settings import Settings
from tests.support.domain_runs import evaluated, scores_of

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}


def _problem(id_: str, grade: int, answer: str, values: list[str], solution: str) -> Document:
    kept = {"archetype": "at", "difficulty": 1, "grade": grade, "answer": answer, "solution": solution}
    return Document(id_, "题", **FACTS, fields={**kept, "values": values})


def _limits() -> Iterator[Document]:
    given = [("integer", 1, 10), ("integer", 2, 100), ("decimal", 3, 2), ("fraction", 4, 0)]
    for kind, grade, largest in given:
        fields = {"limit": kind, "grade": grade, "largest": largest}
        yield Document(f"{kind}-{grade}", "", **FACTS, fields=fields)


PROBLEMS = [
    _problem("kept", 1, "7个", ["7"], "3+4=7"),
    _problem("several", 4, "1/2、0.5", ["1/2", "0.50"], "各一半"),
    _problem("another", 1, "8", ["7"], "3+4=7"),  # answer and value differ
    _problem("open", 1, "略", [], "略"),
    _problem("beyond", 1, "7", ["7"], "17-10=7"),
]


@pytest.fixture
def education_zh(settings: Callable[..., Settings]) -> EducationZh:
    domain = open_domain(settings("domain=education_zh").domain, [*PROBLEMS, *_limits()])
    assert isinstance(domain, EducationZh)
    return domain


def test_problems_with_a_checked_answer_within_their_syllabus_become_examples(education_zh: EducationZh) -> None:
    first, second = education_zh.examples()
    assert (first.id, first.output, first.reasoning, first.group) == ("kept", "7个", "3+4=7", "at")
    assert (second.id, numbers(second.output)) == ("several", [Fraction(1, 2)] * 2)
    assert education_zh.majority_answer([first, first, second]) == "7个"


@pytest.mark.parametrize(
    ("answer", "right", "within"),
    [
        ("<think>\n3+4=7\n</think>\n\n7", 1, 1),
        ("7.0个", 1, 0),  # decimals come in grade 3
        ("答：14/2", 1, 0),  # so do fractions, in grade 4
        ("<think>\n17-10=7\n</think>\n\n7", 1, 0),
        ("8", 0, 1),
        ("7、7", 0, 1),
        ("不知道", 0, 0),
    ],
)
def test_an_answer_is_right_by_its_numbers_and_keeps_to_what_the_grade_has_learnt(
    answer: str, right: int, within: int, education_zh: EducationZh
) -> None:
    example = next(education_zh.examples())
    assert scores_of(education_zh, example, answer) == {"verified_accuracy": right, "within_syllabus": within}


@pytest.mark.parametrize(
    ("text", "grade", "within"),
    [("10", 1, True), ("11", 1, False), ("99.5", 2, False), ("99.55", 3, True), ("9.555", 6, False), ("1/2", 4, True)],
)
def test_a_grade_has_learnt_what_it_and_those_before_it_introduced(
    text: str, grade: int, within: bool, education_zh: EducationZh
) -> None:
    assert education_zh.within_syllabus(text, grade) == within


def test_without_limits_there_is_no_syllabus(settings: Callable[..., Settings]) -> None:
    with pytest.raises(
        DataError, match=r"^domain education_zh: no source says when numbers are introduced \(integer\)$"
    ):
        open_domain(settings("domain=education_zh").domain, PROBLEMS)


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
def test_the_domain_goes_from_raw_material_to_an_evaluated_model(tmp_path: Path) -> None:
    metrics = evaluated("education_zh", tmp_path, 1)
    assert 0 <= metrics["models"]["tuned"]["within_syllabus"]["value"] <= 1
    assert "verified_accuracy" in metrics["comparisons"]
