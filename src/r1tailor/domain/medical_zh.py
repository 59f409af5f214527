"""Chinese medicine's front desk: symptoms -> the department to see; or a disease -> its symptoms.

Departments are a closed set once synonyms are resolved; a disease that several of them treat makes no clear question
and is left out. Symptoms are scored twice: how many of the reference are named, and how many of those named are right.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from r1tailor.domain.answers import label_in
from r1tailor.domain.base import Domain, answer_of, coverage, written
from r1tailor.domain.declaration import Declaration, ScoredMetric
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.domain import DomainSection, Task

_SEPARATOR = re.compile(r"[、，,；;。\n]+")
_FEWEST_SYMPTOMS = 3


class DiseaseTask(Task):
    """What is asked of a disease."""

    question: Literal["department", "symptoms"] = Field(
        description="department: asked from the symptoms; symptoms: asked from the disease's name."
    )
    largest_departments: int = Field(
        gt=1, description="Departments with the most diseases that make up the closed set, once synonyms are resolved."
    )
    most_symptoms: int = Field(gt=0, description="Symptoms that an example names, at most.")
    synonyms: dict[str, str] = Field(description="Department as the source writes it, and the name that counts.")


class MedicalZhDomain(DomainSection):
    """Chinese diseases: symptoms to department, or name to symptoms."""

    kind: Literal["medical_zh"] = Field(description="medical_zh: department or symptoms of a disease, in Chinese.")
    task: DiseaseTask = Field(description="What the model is asked.")


class MedicalZh(Domain):
    """Diseases of ``sources/cmekg.py``, asked for their department or their symptoms."""

    settings: MedicalZhDomain

    def __init__(self, settings: MedicalZhDomain, documents: Sequence[Document]) -> None:
        super().__init__(settings, documents)
        self._asks_department = settings.task.question == "department"
        self._department_of = {document.id: self._only_department(document) for document in documents}
        counted = Counter(department for department in self._department_of.values() if department)
        self._departments = tuple(name for name, _ in counted.most_common(settings.task.largest_departments))

    def examples(self) -> Iterator[Example]:
        """Yield one example for each disease with enough symptoms and, where that is asked, one of the departments."""
        task = self.settings.task
        for document in self.documents:
            listed = symptoms_of(document)
            department = self._department_of[document.id]
            if len(listed) < _FEWEST_SYMPTOMS or (self._asks_department and department not in self._departments):
                continue
            shown = listed[: task.most_symptoms]
            values = {"disease": document.text, "symptoms": "、".join(shown), "department": department}
            asked = values["symptoms"] if self._asks_department else document.text
            kept = {"department": department, "shown": shown, "symptoms": listed}
            yield Example(document.id, task.instruction, asked, written(task, values), group=document.text, fields=kept)

    def labels(self) -> tuple[str, ...]:
        """Return the departments or the labels of the task; empty where symptoms are asked for."""
        return self.settings.task.labels or (self._departments if self._asks_department else ())

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Score one answer against its reference."""
        answer, fields = answer_of(prediction.generated), example.fields
        if self._asks_department:
            return {
                "department_accuracy": float(self.department_in(answer) == fields["department"]),
                "department_accuracy_ranked": float(prediction.ranked == fields["department"]),
            }
        named = set(_parts(answer))
        right = named.intersection(fields["symptoms"])
        return {
            **coverage("entity_coverage", fields["shown"], answer),
            "symptom_precision": len(right) / len(named) if named else 0.0,
        }

    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return the most frequent department, or the most frequent symptoms, of the training examples."""
        if self._asks_department:
            (answer, _), *_ = Counter(example.output for example in train).most_common(1)
            return answer
        counted = Counter(symptom for example in train for symptom in example.fields["symptoms"])
        return "、".join(symptom for symptom, _ in counted.most_common(self.settings.task.most_symptoms))

    def department_in(self, answer: str) -> str:
        """Return the department that an answer names first (the longest, where two begin together)."""
        names = {**self.settings.task.synonyms, **{name: name for name in self._departments}}
        return names.get(label_in(answer, tuple(names)), "")

    def _only_department(self, document: Document) -> str:
        """Return the one department of a disease; empty if it has none or several."""
        synonyms = self.settings.task.synonyms
        resolved = {synonyms.get(name, name) for names in document.fields["departments"] for name in _parts(names)}
        return resolved.pop() if len(resolved) == 1 else ""


def symptoms_of(document: Document) -> list[str]:
    """Return the symptoms of a disease, each once: the source joins some (``休克、坏死等``) and repeats them alone."""
    joined = (part.removesuffix("等") for names in document.fields["symptoms"] for part in _parts(names))
    return list(dict.fromkeys(part for part in joined if part))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _SEPARATOR.split(text) if part.strip()]


class _MedicalZh(Declaration):
    def measured(self, section: MedicalZhDomain) -> tuple[ScoredMetric, ...]:
        """Return the metrics of the question that is asked."""
        return self.metrics[:2] if section.task.question == "department" else self.metrics[2:]


DECLARATION = _MedicalZh(
    kind="medical_zh",
    section=MedicalZhDomain,
    implementation="r1tailor.domain.medical_zh:MedicalZh",
    metrics=(
        ScoredMetric(
            "department_accuracy",
            "proportion",
            constant_answer=True,
            ranked="department_accuracy_ranked",
            description="Answers that name the right department.",
        ),
        ScoredMetric(
            "department_accuracy_ranked",
            "proportion",
            description="The same, taking the department that the model finds likeliest instead of a free answer.",
        ),
        ScoredMetric(
            "entity_coverage",
            "mean",
            constant_answer=True,
            description="Share of the terms that an answer must mention (`entities`) that it does mention.",
        ),
        ScoredMetric(
            "symptom_precision",
            "mean",
            constant_answer=True,
            description="Share of the symptoms named that the source lists for the disease.",
        ),
    ),
)
