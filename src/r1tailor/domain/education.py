"""Education: a generated problem -> reasoning, then an answer that the generator itself verifies.

The answer is what follows ``</think>``. Words around its number cost nothing: where the whole answer does not score,
its last number is tried.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Literal

from pydantic import Field

from r1tailor.domain.base import Domain, answer_of, coverage, written
from r1tailor.domain.declaration import Declaration, ScoredMetric
from r1tailor.domain.worked_steps import WORKED, WorkedProblem
from r1tailor.errors import DataError
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.domain import DomainSection

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


class EducationDomain(DomainSection):
    """Generated problems: reasoning, then a verified answer."""

    kind: Literal["education"] = Field(description="education: generated problems with verified answers.")


class Education(Domain):
    """Problems of ``sources/generated.py``, each with worked steps as its reasoning."""

    def examples(self) -> Iterator[Example]:
        """Yield one example for each problem whose worked steps arrive at the verified answer.

        ``fields`` hold ``task`` and ``level``, by which accuracy can be told apart. With ``reasoning: distil`` problems
        need no worked steps: the teacher's take their place once their answer is verified.

        Raises:
            DataError: no worked steps are written for a task.
        """
        task = self.settings.task
        for document in self.documents:
            kept = {name: document.fields[name] for name in ("task", "level", "answer", "metadata")}
            output = written(task, {"answer": kept["answer"]})
            if kept["task"] not in WORKED and task.reasoning == "distil":
                yield Example(document.id, task.instruction, document.text, output, fields=kept)
                continue
            worked = worked_of(document, self.settings.kind)
            if not verified(worked.answer, kept):
                continue
            instruction = f"{task.instruction} {worked.instruction}".strip()
            reasoning = worked.reasoning if task.keeps_reasoning else ""
            yield Example(document.id, instruction, worked.problem, output, reasoning, fields=kept)

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Score one answer by its generator, and the steps before it by those of the reference."""
        answer = answer_of(prediction.generated)
        tried = [answer, *_NUMBER.findall(answer)[-1:]]
        return {
            "verified_accuracy": float(any(verified(given, example.fields) for given in tried)),
            **coverage("step_coverage", list(filter(str.strip, example.reasoning.splitlines())), prediction.generated),
        }

    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return the most frequent answer of the training examples."""
        (answer, _), *_ = Counter(example.output for example in train).most_common(1)
        return answer


def worked_of(document: Document, domain: str) -> WorkedProblem:
    """Return the worked steps of a generated problem.

    Raises:
        DataError: no worked steps are written for its task.
    """
    task = document.fields["task"]
    if task not in WORKED:
        distil = "; with task.reasoning: distil a teacher writes them" if domain == "education" else ""
        known = ", ".join(WORKED)
        raise DataError(f"domain {domain}: no worked steps are written for {task}; there are {known}{distil}")
    return WORKED[task](document.text, document.fields["metadata"])


def verified(answer: str, entry: Mapping[str, Any]) -> bool:
    """Whether the generator of an entry (task, answer, metadata) accepts an answer as fully right."""
    try:
        return _scorer(entry["task"])(answer, entry) == 1.0
    except (ValueError, TypeError, ArithmeticError):  # some generators expect an answer that can be parsed
        return False


@cache
def _scorer(task: str) -> Callable[[str, Mapping[str, Any]], float]:
    from r1tailor.sources.generated import gym  # a declaration imports no readers

    scorer: Callable[[str, Mapping[str, Any]], float] = gym().get_score_answer_fn(task)
    return scorer


DECLARATION = Declaration(
    kind="education",
    section=EducationDomain,
    implementation="r1tailor.domain.education:Education",
    metrics=(
        ScoredMetric(
            "verified_accuracy",
            "proportion",
            constant_answer=True,
            description="Answers whose result is verified as right, however it is written.",
        ),
        ScoredMetric("step_coverage", "mean", description="Share of the reference's steps that the answer writes."),
    ),
)
