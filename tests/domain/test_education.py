"""Education: worked steps that arrive at the verified answer, and Chinese problems within their syllabus."""

from collections.abc import Callable, Iterator
from fractions import Fraction

import pytest

from r1tailor import config, sources
from r1tailor.domain import open_domain
from r1tailor.domain.education import Education, verified
from r1tailor.domain.education_zh import EducationZh, numbers
from r1tailor.domain.worked_steps import WORKED
from r1tailor.errors import DataError
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.settings import Settings
from tests.conftest import ROOT

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
TASKS = [f"{{name: {task}, levels: [0, 1, 2], size: 60}}" for task in ("chain_sum", "gcd", "prime_factorization")]
TASKS += [f"{{name: {task}, levels: [0], size: 120}}" for task in ("simple_equations", "gsm_symbolic")]


@pytest.fixture(scope="module")
def generated() -> list[Document]:
    composed = config.load(["domain=education", f"domain.sources.0.tasks=[{', '.join(TASKS)}]"])
    return list(sources.read(composed.domain.sources[0], ROOT, []))


@pytest.fixture
def education(settings: Callable[..., Settings], generated: list[Document]) -> Education:
    domain = open_domain(settings("domain=education").domain, generated)
    assert isinstance(domain, Education)
    return domain


def test_every_reasoning_ends_in_the_verified_answer(education: Education, generated: list[Document]) -> None:
    examples = list(education.examples())
    assert len(generated) - len(examples) <= 1  # the generator also makes "0 = 0"
    assert {example.fields["task"] for example in examples} == set(WORKED)
    for example in examples:
        last = example.reasoning.splitlines()[-1].rpartition("=")[2].strip()
        assert verified(last, example.fields), (example.input, example.reasoning)
        whole = f"<think>\n{example.reasoning}\n</think>\n\n{example.output}"
        assert _scores(education, example, whole) == {"verified_accuracy": 1, "step_coverage": 1}


@pytest.mark.parametrize(
    ("task", "metadata", "problem", "reasoning"),
    [
        ("chain_sum", {"expression": "60 + 93 - 160"}, "60 + 93 - 160", "60 + 93 = 153\n153 - 160 = -7"),
        (
            "simple_equations",
            {"equation": "1190 - 34*z = 2040", "variable": "z"},
            "1190 - 34*z = 2040",
            "-34*z = 2040 - 1190 = 850\nz = 850 / -34 = -25",
        ),
        ("simple_equations", {"equation": "k - 7 = 2", "variable": "k"}, "k - 7 = 2", "1*k = 2 + 7 = 9\nk = 9 / 1 = 9"),
        ("gcd", {"numbers": [12, 30]}, "12, 30", "30 = 2 * 12 + 6\n12 = 2 * 6 + 0\nGCD = 6"),
        ("prime_factorization", {"number": 639}, "639", "639 / 3 = 213\n213 / 3 = 71\n639 = 3 × 3 × 71"),
        ("gsm_symbolic", {"answer_cot": "2 + 2 = 4\n#### 4"}, "How many?", "2 + 2 = 4\nThe result = 4"),
    ],
)
def test_the_steps_are_those_a_teacher_would_write(
    task: str, metadata: dict[str, object], problem: str, reasoning: str
) -> None:
    question = "How many? Give the result as your final answer. Do not include units."
    worked = WORKED[task](question, metadata)
    assert (worked.problem, worked.reasoning) == (problem, reasoning)


def _scores(domain: Education | EducationZh, example: Example, answer: str) -> dict[str, float]:
    return domain.score(example, Prediction(example.id, answer, -1.0, 1, ""))


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("1,156", 1),
        ("1156.0", 1),
        ("The answer is 1156.", 1),
        ("<think>\n1156\n</think>\n\n1157", 0),
        ("1156 or 1157", 0),
        ("-1156", 0),
        ("eleven hundred", 0),
        ("", 0),
    ],
)
def test_an_answer_is_verified_by_its_generator(answer: str, right: int, education: Education) -> None:
    entry = {"task": "chain_sum", "level": 0, "answer": "1156", "metadata": {}}
    example = Example("e", "", "1000 + 156", "1156", "1000 + 156 = 1156", fields=entry)
    assert _scores(education, example, answer)["verified_accuracy"] == right


@pytest.mark.parametrize("task", sorted(WORKED))
@pytest.mark.parametrize("answer", ["", "\x00�", "×", "9" * 5000, "1/0", "nan", "[1, 2]"])
def test_no_answer_stops_its_generator(task: str, answer: str, education: Education) -> None:
    example = next(example for example in education.examples() if example.fields["task"] == task)
    assert _scores(education, example, answer)["verified_accuracy"] == 0


def test_a_task_without_worked_steps_is_refused(settings: Callable[..., Settings]) -> None:
    fields = {"task": "dice", "level": 0, "answer": "1", "metadata": {}}
    domain = open_domain(settings("domain=education").domain, [Document("d", "?", **FACTS, fields=fields)])
    with pytest.raises(
        DataError, match=r"^domain education: no worked steps are written for dice; there are chain_sum, "
    ):
        list(domain.examples())


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
    assert _scores(education_zh, example, answer) == {"verified_accuracy": right, "within_syllabus": within}


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
