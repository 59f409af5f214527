"""Chinese primary-school mathematics: a problem -> its solution as reasoning, then the answer.

An answer is verified when the numbers in it are those of the reference, in their order. It stays within the syllabus
when no number in solution or answer lies beyond what the textbooks have introduced by the problem's grade: integers
too large, too many decimal places, fractions before they were taught.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Literal

from pydantic import Field

from r1tailor.domain.base import Domain, answer_of, written
from r1tailor.domain.declaration import Declaration, ScoredMetric
from r1tailor.errors import DataError
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.domain import DomainSection

_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:/[1-9]\d*)?")
_LIMITS = ("integer", "decimal", "fraction")


class EducationZhDomain(DomainSection):
    """Chinese primary-school problems: the solution, then the answer."""

    kind: Literal["education_zh"] = Field(description="education_zh: Chinese primary-school problems.")


class EducationZh(Domain):
    """Problems of ``sources/chalkbase.py`` with the number ranges of each grade."""

    def __init__(self, settings: DomainSection, documents: Sequence[Document]) -> None:
        super().__init__(settings, documents)
        self._problems = [document for document in documents if "limit" not in document.fields]
        self._limits: dict[str, list[tuple[int, int]]] = {kind: [] for kind in _LIMITS}
        for document in documents:
            if "limit" in document.fields:
                limit = document.fields
                self._limits[limit["limit"]].append((limit["grade"], limit["largest"]))
        missing = [kind for kind, limits in self._limits.items() if not limits]
        if missing:
            raise DataError(f"domain {settings.name}: no source says when numbers are introduced ({missing[0]})")

    def examples(self) -> Iterator[Example]:
        """Yield one example for each problem whose answer holds the numbers it amounts to, and within its syllabus.

        The variants of one archetype are one group.
        """
        task = self.settings.task
        for document in self._problems:
            fields = document.fields
            values = _plain(fields["values"])
            written_out = f"{fields['solution']} {fields['answer']}"
            if (
                not values
                or numbers(fields["answer"]) != values
                or not self.within_syllabus(written_out, fields["grade"])
            ):
                continue
            output = written(task, {"answer": fields["answer"]})
            reasoning = fields["solution"] if task.keeps_reasoning else ""
            kept = {name: fields[name] for name in ("grade", "difficulty")}
            yield Example(document.id, task.instruction, document.text, output, reasoning, fields["archetype"], kept)

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Score one answer by its numbers, and the whole text by the syllabus of the grade; empty text is no answer."""
        said = numbers(answer_of(prediction.generated))
        within = self.within_syllabus(prediction.generated, example.fields["grade"])
        return {
            "verified_accuracy": float(said == numbers(example.output)),
            "within_syllabus": float(bool(said) and within),
        }

    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return the most frequent answer of the training examples."""
        (answer, _), *_ = Counter(example.output for example in train).most_common(1)
        return answer

    def within_syllabus(self, text: str, grade: int) -> bool:
        """Whether no number in a text lies beyond what has been introduced by the end of a grade (1 to 6)."""
        integer, places = self._largest("integer", grade), self._largest("decimal", grade)
        fractions = any(introduced <= grade for introduced, _ in self._limits["fraction"])
        for number in _NUMBER.findall(text):
            whole, _, decimals = number.partition("/")[0].partition(".")
            if int(whole) > integer or len(decimals) > places or ("/" in number and not fractions):
                return False
        return True

    def _largest(self, kind: str, grade: int) -> int:
        return max((largest for introduced, largest in self._limits[kind] if introduced <= grade), default=0)


def numbers(text: str) -> list[Fraction]:
    """Return the numbers in a text in order, by value: ``0.50`` and ``1/2`` are one."""
    return [Fraction(number) for number in _NUMBER.findall(text)]


def _plain(values: Sequence[str]) -> list[Fraction]:
    """Return an answer's values as numbers; empty if one of them is none."""
    whole = [value for value in values if _NUMBER.fullmatch(value)]
    return [Fraction(value) for value in whole] if len(whole) == len(values) else []


DECLARATION = Declaration(
    kind="education_zh",
    section=EducationZhDomain,
    implementation="r1tailor.domain.education_zh:EducationZh",
    metrics=(
        ScoredMetric(
            "verified_accuracy",
            "proportion",
            constant_answer=True,
            description="Answers whose result is verified as right, however it is written.",
        ),
        ScoredMetric(
            "within_syllabus",
            "proportion",
            description="Answers with numbers that use only ranges of numbers that the grade has met.",
        ),
    ),
)
