"""Chinese diagnosis: a patient's symptoms -> the likeliest diseases, ranked, each with its ICD-10 code.

A disease of the knowledge graph is seen in several presentations: each shows some of its symptoms, in one of several
phrasings, and may deny one that the disease does not have. The reference names the disease itself first, then those
that list the most of the same symptoms: what a physician would consider next. Presentations of one disease differ in
their symptoms, so a held-out one is a new patient with a known disease.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from heapq import nsmallest
from random import Random
from typing import Literal

from pydantic import Field, field_validator

from r1tailor.domain.base import Domain, answer_of, coverage, written
from r1tailor.domain.declaration import Declaration, ScoredMetric
from r1tailor.domain.entity_names import CODE, Named, named_in
from r1tailor.domain.medical_zh import symptoms_of
from r1tailor.errors import DataError
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.domain import DomainSection, Task

_FEWEST_SYMPTOMS = 3
_RANKS = 3  # diseases that an answer names
_HALF = 0.5  # of the symptoms shown that a disease must list to match them
_DENIED_AMONG = 100  # the most frequent symptoms; a denied one comes from these
_TRIES = 20
_PASSES = 5  # of logistic regression over the training patients


class DiagnosisTask(Task):
    """What is told of a patient."""

    presentations: int = Field(gt=0, le=50, description="Patients that are made of each disease, at most.")
    symptoms_shown: int = Field(ge=2, description="Symptoms that a presentation shows, at most.")
    phrasings: tuple[str, ...] = Field(
        strict=False,
        min_length=1,
        description="How a patient is described, in turn: text with {symptoms}; {denied} is a symptom that is absent.",
    )
    rare: tuple[str, ...] = Field(
        default=(), strict=False, description="Names of rare diseases; those that contain one are measured apart, too."
    )

    @field_validator("phrasings")
    @classmethod
    def _show_symptoms(cls, phrasings: tuple[str, ...]) -> tuple[str, ...]:
        for phrasing in phrasings:
            names = set(re.findall(r"\{(.*?)\}", phrasing))
            if "symptoms" not in names or not names <= {"symptoms", "denied"}:
                raise ValueError(
                    f"{phrasing!r} must hold {{symptoms}}, may hold {{denied}}, and nothing else in braces"
                )
        return phrasings


class DiagnosisZhDomain(DomainSection):
    """Symptoms to ranked diseases, in Chinese."""

    kind: Literal["diagnosis_zh"] = Field(description="diagnosis_zh: diseases with ICD-10 codes from symptoms.")
    task: DiagnosisTask = Field(description="What the model is asked.")


class DiagnosisZh(Domain):
    """Diseases of ``sources/cmekg.py`` that have an ICD-10 code and enough symptoms."""

    settings: DiagnosisZhDomain

    def __init__(self, settings: DiagnosisZhDomain, documents: Sequence[Document]) -> None:
        super().__init__(settings, documents)
        self._coded = [
            document for document in documents if _codes(document) and len(_listed(document)) >= _FEWEST_SYMPTOMS
        ]
        self._symptoms = {document.text: _listed(document) for document in self._coded}
        self._code_of = {document.text: _codes(document)[0] for document in self._coded}
        self._diseases_with: dict[str, list[str]] = {}
        for name, symptoms in self._symptoms.items():
            for symptom in symptoms:
                self._diseases_with.setdefault(symptom, []).append(name)

    def remarks(self) -> Sequence[str]:
        """Say how many diseases are left out, and why."""
        left, few = len(self.documents) - len(self._coded), _FEWEST_SYMPTOMS
        return (f"{left:,} of {len(self.documents):,} diseases have no ICD-10 code or fewer than {few} symptoms",)

    def examples(self) -> Iterator[Example]:
        """Yield the presentations of each disease."""
        task = self.settings.task
        for document in self._coded:
            for number, shown in enumerate(self._presentations(document)):
                phrasing = task.phrasings[number % len(task.phrasings)]
                asked = phrasing.format(symptoms="、".join(shown), denied=self._denied(document, number))
                yield self._example(document, number, asked, shown)

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Score one answer against its reference."""
        answer, fields = answer_of(prediction.generated), example.fields
        ranked = named_in(answer, self._names)[:_RANKS]
        disease, rare = fields["disease"], fields["rare"]
        first = ranked[0] if ranked else Named("", "")
        third = float(any(one.name == disease for one in ranked))
        return {
            "top1_accuracy": float(first.name == disease),
            "top3_accuracy": third,
            **({"top3_accuracy_rare": third} if rare else {}),
            "code_accuracy": float(bool(first.name) and first.code == self._code_of[first.name]),
            "matching_accuracy": float(self._matches(first.name, fields["shown"])),
            **coverage("entity_coverage", fields["considered"], answer),
        }

    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return the diseases that references of the training examples name most often."""
        counted = Counter(name for example in train for name in example.fields["considered"])
        return self._written([name for name, _ in counted.most_common(_RANKS)])

    def plain_answers(self, train: Sequence[Example], items: Sequence[Example]) -> Mapping[str, Sequence[str]]:
        """Return the three likeliest diseases, by two baselines.

        They are those whose training patients together have the most similar set of symptoms (Jaccard), or those that
        logistic regression on symptoms finds likeliest, each disease against all others.
        """
        known: dict[str, set[str]] = {}
        for example in train:
            known.setdefault(example.fields["disease"], set()).update(example.fields["shown"])
        return {
            "nearest_symptom_set": [self._written(_nearest(known, set(item.fields["shown"]))) for item in items],
            "logistic_of_symptoms": [self._written(names) for names in _regressed(train, items)],
        }

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(self._symptoms)

    def _example(self, document: Document, number: int, asked: str, shown: Sequence[str]) -> Example:
        considered = self._considered(document.text, shown)
        task = self.settings.task
        values = {
            "diagnoses": self._written(considered),
            "disease": document.text,
            "code": self._code_of[document.text],
        }
        kept = {
            "disease": document.text,
            "shown": list(shown),
            "considered": considered,
            "rare": any(name in document.text for name in task.rare),
        }
        return Example(f"{document.id}-{number + 1}", task.instruction, asked, written(task, values), fields=kept)

    def _presentations(self, document: Document) -> list[tuple[str, ...]]:
        """Return different sets of symptoms, each in the order of the graph; fewer where a disease has too few."""
        symptoms, task = self._symptoms[document.text], self.settings.task
        size = min(task.symptoms_shown, max(2, len(symptoms) * 2 // 3))
        random, found = Random(document.id), dict[frozenset[str], tuple[str, ...]]()
        for _ in range(_TRIES * task.presentations):
            chosen = sorted(random.sample(range(len(symptoms)), size))
            shown = tuple(symptoms[index] for index in chosen)
            found.setdefault(frozenset(shown), shown)
            if len(found) == task.presentations:
                break
        return list(found.values())

    def _denied(self, document: Document, number: int) -> str:
        """Return a frequent symptom that a disease does not have."""
        absent = [symptom for symptom in self._frequent if symptom not in self._symptoms[document.text]]
        if not absent:
            raise DataError(f"{document.text} ({document.position}) lists every frequent symptom; none is left to deny")
        return Random(f"{document.id} {number}").choice(absent)

    @cached_property
    def _frequent(self) -> list[str]:
        counted = Counter({symptom: len(names) for symptom, names in self._diseases_with.items()})
        return [symptom for symptom, _ in counted.most_common(_DENIED_AMONG)]

    def _considered(self, disease: str, shown: Sequence[str]) -> list[str]:
        """Return the disease, then the others that list most of the symptoms shown (of equals, the most specific)."""
        shared = Counter(name for symptom in shown for name in self._diseases_with[symptom] if name != disease)
        others = sorted(shared, key=lambda name: (-shared[name], len(self._symptoms[name]), name))
        return [disease, *others[: _RANKS - 1]]

    def _matches(self, disease: str, shown: Sequence[str]) -> bool:
        listed = self._symptoms.get(disease, ())
        return sum(symptom in listed for symptom in shown) >= _HALF * len(shown)

    def _written(self, diseases: Sequence[str]) -> str:
        return "\n".join(f"{rank}. {name} {self._code_of[name]}" for rank, name in enumerate(diseases, start=1))


def _nearest(known: Mapping[str, set[str]], shown: set[str]) -> list[str]:
    """Return the diseases with the most similar sets of symptoms, the most similar first."""
    return nsmallest(_RANKS, known, key=lambda name: (-len(known[name] & shown) / len(known[name] | shown), name))


def _regressed(train: Sequence[Example], items: Sequence[Example]) -> list[list[str]]:
    """Return the likeliest diseases of each item, by the symptoms of training patients."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import SGDClassifier

    # Importing scikit-learn takes seconds, which only an evaluation should spend. By stochastic gradient descent the
    # thousands of diseases are fitted in seconds.
    diseases = [example.fields["disease"] for example in train]
    if len(set(diseases)) < 2:
        return [[*{*diseases}] for _ in items]
    features = CountVectorizer(analyzer=list, binary=True)
    model = SGDClassifier(loss="log_loss", max_iter=_PASSES, tol=None, random_state=0)
    model.fit(features.fit_transform([example.fields["shown"] for example in train]), diseases)
    scores = model.decision_function(features.transform([item.fields["shown"] for item in items]))
    if scores.ndim == 1:  # of two diseases, the second against the first
        return [list(model.classes_[::-1] if score > 0 else model.classes_) for score in scores]
    return [[str(model.classes_[place]) for place in row.argsort()[::-1][:_RANKS]] for row in scores]


def _listed(document: Document) -> list[str]:
    """Return the symptoms of a disease without those that give its name away."""
    return [symptom for symptom in symptoms_of(document) if not _gives_away(symptom, document.text)]


def _gives_away(symptom: str, disease: str) -> bool:
    return symptom in disease or disease in symptom


def _codes(document: Document) -> list[str]:
    """Return the ICD-10 codes of a disease; morphology codes and ranges are none."""
    return [code for listed in document.fields.get("codes", ()) if CODE.fullmatch(code := listed.strip())]


DECLARATION = Declaration(
    kind="diagnosis_zh",
    section=DiagnosisZhDomain,
    implementation="r1tailor.domain.diagnosis_zh:DiagnosisZh",
    metrics=(
        ScoredMetric(
            "top1_accuracy",
            "proportion",
            constant_answer=True,
            description="Answers whose first disease is the patient's.",
        ),
        ScoredMetric(
            "top3_accuracy",
            "proportion",
            constant_answer=True,
            description="Answers that name the patient's disease among their first three.",
        ),
        ScoredMetric(
            "top3_accuracy_rare",
            "proportion",
            description="The same over patients with a disease of `task.rare`.",
        ),
        ScoredMetric(
            "code_accuracy",
            "proportion",
            description="Answers whose first disease carries its own ICD-10 code.",
        ),
        ScoredMetric(
            "matching_accuracy",
            "proportion",
            constant_answer=True,
            description="Answers whose first disease lists at least half of the patient's symptoms in the graph.",
        ),
        ScoredMetric(
            "entity_coverage",
            "mean",
            constant_answer=True,
            description="Share of the diseases to consider (`entities`) that an answer names.",
        ),
    ),
)
