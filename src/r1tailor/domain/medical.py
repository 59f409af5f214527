"""Medical coding: a diagnostic term -> its ICD-10-CM chapter, category code and description.

An answer complies with the coding rules when the code it names exists, is a category (three characters, the
level that was asked for), and is not one that an Excludes1 note forbids together with the reference code.
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
from r1tailor.schema.domain import DomainSection

_CODE = re.compile(r"\b[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?\b")
_WHOLE_CATEGORIES = re.compile(r"^([A-Z]\d[0-9A-Z])(?:\.?-)?(?:-([A-Z]\d[0-9A-Z]))?$")


class MedicalDomain(DomainSection):
    """ICD-10-CM coding of diagnostic terms."""

    kind: Literal["medical"] = Field(description="medical: ICD-10-CM coding of diagnostic terms.")


class Medical(Domain):
    """ICD-10-CM coding over the documents of ``sources/icd10cm.py``."""

    def __init__(self, settings: DomainSection, documents: Sequence[Document]) -> None:
        super().__init__(settings, documents)
        codes = [document for document in documents if document.fields["role"] == "code"]
        self._chapter_of = {document.id: document.fields["chapter"] for document in codes}
        self._title_of = {d.fields["category"]: d.fields["title"] for d in codes}
        self._excludes = {document.id: document.fields["excludes1"] for document in codes}
        self._chapters = tuple(dict.fromkeys(self._chapter_of.values()))

    def examples(self) -> Iterator[Example]:
        """Yield one example for each inclusion term that stands under one category only."""
        terms = [document for document in self.documents if document.fields["role"] == "term"]
        categories: dict[str, set[str]] = {}
        for document in terms:
            categories.setdefault(document.text.casefold(), set()).add(document.fields["category"])
        for document in terms:
            if len(categories.pop(document.text.casefold(), ())) == 1:  # once, and without ambiguity
                yield self._example(document)

    def labels(self) -> tuple[str, ...]:
        """Return the chapter titles, or the labels of the task."""
        return self.settings.task.labels or self._chapters

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Score one answer against its reference."""
        answer = answer_of(prediction.generated)
        code = self._code_in(answer)
        fields = example.fields
        entities = [fields["chapter"], fields["category"], fields["title"]]
        return {
            "category_accuracy": float(code.partition(".")[0] == fields["category"]),
            "chapter_accuracy": float(self._chapter_in(answer, code) == fields["chapter"]),
            "chapter_accuracy_ranked": float(prediction.ranked == fields["chapter"]),
            **coverage("entity_coverage", entities, answer),
            "coding_compliance": float(self._complies(code, fields["code"])),
        }

    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return the most frequent chapter and the most frequent category of the training examples."""
        (chapter, _), *_ = Counter(example.fields["chapter"] for example in train).most_common(1)
        (category, _), *_ = Counter(example.fields["category"] for example in train).most_common(1)
        return f"{chapter} | {category}"

    def _example(self, document: Document) -> Example:
        fields = document.fields
        values = {
            "term": document.text,
            "code": fields["category"],
            "description": fields["title"],
            "chapter": fields["chapter"],
        }
        task = self.settings.task
        output = written(task, values)
        kept = {"code": document.position} | {key: fields[key] for key in ("chapter", "category", "title")}
        return Example(document.id, task.instruction, document.text, output, fields=kept)

    def _code_in(self, answer: str) -> str:
        """Return the first code in an answer, as written; empty if there is none."""
        found = _CODE.search(answer)
        return found.group() if found else ""

    def _chapter_in(self, answer: str, code: str) -> str:
        """Return the chapter an answer names first, or else the one its code belongs to."""
        return label_in(answer, self._chapters) or str(self._chapter_of.get(code, ""))

    def _complies(self, code: str, reference: str) -> bool:
        return code in self._title_of and not any(_covers(note, code) for note in self._excludes[reference])


def _covers(note: str, category: str) -> bool:
    """Whether an Excludes1 reference forbids a whole category (``A05.-``, ``A05`` or ``T61-T62``)."""
    found = _WHOLE_CATEGORIES.match(note)
    if found is None:
        return False
    first, last = found.group(1), found.group(2) or found.group(1)
    return first <= category <= last


DECLARATION = Declaration(
    kind="medical",
    section=MedicalDomain,
    implementation="r1tailor.domain.medical:Medical",
    metrics=(
        ScoredMetric(
            "category_accuracy",
            "proportion",
            constant_answer=True,
            description="Answers whose code lies in the right ICD-10-CM category (three characters).",
        ),
        ScoredMetric(
            "chapter_accuracy",
            "proportion",
            constant_answer=True,
            ranked="chapter_accuracy_ranked",
            description="Answers in the right ICD-10-CM chapter.",
        ),
        ScoredMetric(
            "chapter_accuracy_ranked",
            "proportion",
            description="The same, taking the chapter that the model finds likeliest instead of a free answer.",
        ),
        ScoredMetric(
            "entity_coverage",
            "mean",
            description="Share of the terms that an answer must mention (`entities`) that it does mention.",
        ),
        ScoredMetric(
            "coding_compliance",
            "proportion",
            description="Answers whose code exists, is a category, and is not excluded by an Excludes1 note.",
        ),
    ),
)
