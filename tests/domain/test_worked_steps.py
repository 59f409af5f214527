"""Worked steps arrive at the verified answer."""

import pytest

from r1tailor.domain.education import Education, verified
from r1tailor.domain.worked_steps import WORKED
from r1tailor.records import Document
from tests.support.domain_runs import scores_of


def test_every_reasoning_ends_in_the_verified_answer(education: Education, generated: list[Document]) -> None:
    examples = list(education.examples())
    assert len(generated) - len(examples) <= 1  # the generator also makes "0 = 0"
    assert {example.fields["task"] for example in examples} == set(WORKED)
    for example in examples:
        last = example.reasoning.splitlines()[-1].rpartition("=")[2].strip()
        assert verified(last, example.fields), (example.input, example.reasoning)
        whole = f"<think>\n{example.reasoning}\n</think>\n\n{example.output}"
        assert scores_of(education, example, whole) == {"verified_accuracy": 1, "step_coverage": 1}


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
