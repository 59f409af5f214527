"""Clinical notes to diagnoses: a note -> the diagnoses of its admission, the main one first, each with its ICD code.

Notes are those of ``sources/mimic.py``. They are read up to a heading under which the diagnoses themselves stand: who
codes a discharge summary has read them, who predicts must not. Codes are compared as they are written and by their
category, the first three characters.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Literal

from pydantic import Field

from r1tailor.domain.base import Domain, answer_of, written
from r1tailor.domain.declaration import Declaration, ScoredMetric
from r1tailor.domain.named_metrics import precision_recall_f1
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.domain import DomainSection, Task

_CODE = re.compile(r"^\W*(?:\d{1,2}[.)]\s+)?([A-Z]?\d[0-9A-Z]{1,6})\b", re.MULTILINE)
_CATEGORY = 3  # characters of a code
_OF_OLD = "9"  # the ICD version of codes that carry none


class NotesTask(Task):
    """Which notes are read, how far, and what is asked of them."""

    notes: tuple[str, ...] = Field(
        strict=False, min_length=1, description="Categories of notes that become examples, such as Discharge summary."
    )
    icd_versions: tuple[Literal["9", "10"], ...] = Field(
        strict=False, min_length=1, description="ICD versions whose codes count; MIMIC-III has 9 alone."
    )
    diagnoses: int = Field(gt=0, le=40, description="Diagnoses that a reference names, at most; the main one is first.")
    note_characters: int = Field(ge=200, description="Characters of a note that are read, at most; the first ones.")
    until: tuple[str, ...] = Field(
        strict=False, description="Headings before which a note ends, since the diagnoses stand there; case aside."
    )


class CodedNotesDomain(DomainSection):
    """Notes to the diagnoses of their admission."""

    kind: Literal["coded_notes"] = Field(description="coded_notes: clinical notes to coded diagnoses.")
    task: NotesTask = Field(description="What the model is asked.")


class CodedNotes(Domain):
    """Notes with the coded diagnoses of their admission; ``group`` is the patient."""

    settings: CodedNotesDomain

    def __init__(self, settings: CodedNotesDomain, documents: Sequence[Document]) -> None:
        super().__init__(settings, documents)
        self._left = Counter[str]()

    def remarks(self) -> Sequence[str]:
        """Say how many notes are left out, and why."""
        return tuple(f"{count:,} notes are left out: {why}" for why, count in sorted(self._left.items()))

    def examples(self) -> Iterator[Example]:
        """Yield an example for each note of the wanted categories whose admission has a diagnosis."""
        task = self.settings.task
        self._left.clear()
        for document in self.documents:
            diagnoses, text = self._diagnoses(document), self._read(document.text)
            if document.fields["category"] not in task.notes:
                self._left["of another category"] += 1
            elif not diagnoses:
                self._left["their admission has no diagnosis of the wanted ICD versions"] += 1
            elif not text:
                self._left["nothing stands before a heading of task.until"] += 1
            else:
                yield self._example(document, text, diagnoses[: task.diagnoses])

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Score one answer against its reference."""
        given = _codes_in(answer_of(prediction.generated))
        wanted = example.fields["codes"]
        precision, recall, f1 = _compared(wanted, given)
        return {
            "main_code_accuracy": float(given[:1] == wanted[:1]),
            "code_precision": precision,
            "code_recall": recall,
            "code_f1": f1,
            "category_f1": _compared([code[:_CATEGORY] for code in wanted], [code[:_CATEGORY] for code in given])[2],
            "codes_exist": float(bool(given) and all(code in self._titles for code in given)),
        }

    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return the diagnoses that references of the training examples name most often."""
        counted = Counter(code for example in train for code in example.fields["codes"])
        return _lines({code: self._titles[code] for code, _ in counted.most_common(self.settings.task.diagnoses)})

    @cached_property
    def _titles(self) -> dict[str, str]:
        """Title by code of every diagnosis of the documents."""
        return {one["code"]: one["title"] for document in self.documents for one in self._diagnoses(document)}

    def _diagnoses(self, document: Document) -> list[Mapping[str, str]]:
        wanted = self.settings.task.icd_versions
        return [one for one in document.fields["diagnoses"] if one.get("version", _OF_OLD) in wanted]

    def _read(self, text: str) -> str:
        """Return what of a note is read."""
        headings = "|".join(re.escape(heading) for heading in self.settings.task.until)
        found = re.search(rf"^\s*(?:{headings})", text, re.IGNORECASE | re.MULTILINE) if headings else None
        return text[: found.start() if found else None].strip()[: self.settings.task.note_characters]

    def _example(self, document: Document, text: str, diagnoses: Sequence[Mapping[str, str]]) -> Example:
        task, titles = self.settings.task, {one["code"]: one["title"] for one in diagnoses}
        output = written(task, {"diagnoses": _lines(titles)})
        group = document.fields["group"]
        return Example(document.id, task.instruction, text, output, group=group, fields={"codes": list(titles)})


def _lines(titles: Mapping[str, str]) -> str:
    return "\n".join(f"{code} {title}".strip() for code, title in titles.items())


def _codes_in(answer: str) -> list[str]:
    r"""Return the codes with which lines of an answer begin, each once, in order; a dot within does not count.

    >>> _codes_in("1. J18.9 Pneumonia\nV1582 History of tobacco use\nold age 80")
    ['J189', 'V1582']
    """
    return list(dict.fromkeys(_CODE.findall(re.sub(r"(?<=[A-Z0-9]{3})\.(?=[0-9A-Z])", "", answer))))


def _compared(wanted: Sequence[str], given: Sequence[str]) -> tuple[float, float, float]:
    return precision_recall_f1(len({*wanted} & {*given}), len({*given}), len({*wanted}))


DECLARATION = Declaration(
    kind="coded_notes",
    section=CodedNotesDomain,
    implementation="r1tailor.domain.coded_notes:CodedNotes",
    metrics=(
        ScoredMetric(
            "main_code_accuracy",
            "proportion",
            constant_answer=True,
            description="Answers whose first code is that of the admission's main diagnosis.",
        ),
        ScoredMetric("code_precision", "mean", description="Share of an answer's codes that are right."),
        ScoredMetric("code_recall", "mean", description="Share of the reference's codes that an answer has."),
        ScoredMetric("code_f1", "mean", constant_answer=True, description="F1 of the set of codes."),
        ScoredMetric(
            "category_f1",
            "mean",
            constant_answer=True,
            description="F1 of the set of categories, the first three characters of each code.",
        ),
        ScoredMetric(
            "codes_exist", "proportion", description="Answers with codes, all of which occur in the admissions' tables."
        ),
    ),
)
