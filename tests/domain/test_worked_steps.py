"""Worked steps arrive at the verified answer."""

from collections.abc import Callable

import pytest

from r1tailor import config, sources
from r1tailor.domain import open_domain
from r1tailor.domain.education import Education, verified
from r1tailor.domain.education_zh import EducationZh
from r1tailor.domain.worked_steps import WORKED
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.settings import Settings
from tests.conftest import ROOT

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
