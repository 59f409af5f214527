"""Medical triples: a text -> which symptom indicates which disease, and which treatment treats it.

Gold triples come from people's labels (relations between spans, see ``annotation/schemes.py``), or from the Chinese
knowledge graph, of whose diseases, symptoms and treatments texts are written by templates. Such a text also names a
symptom that the patient denies and a disease of the past, which belong to no triple. A reference has a line for each
relation and disease: ``indicates | pneumonia | fever; cough``.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from random import Random
from typing import Any, Literal, NamedTuple

from pydantic import Field, model_validator

from r1tailor.domain.answers import folded
from r1tailor.domain.base import Domain, answer_of, written
from r1tailor.domain.declaration import Declaration, ScoredMetric
from r1tailor.domain.entity_names import named_in
from r1tailor.domain.medical_zh import symptoms_of
from r1tailor.domain.named_metrics import precision_recall_f1
from r1tailor.errors import DataError
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.domain import DomainSection, Task

INDICATES, TREATS = "indicates", "treats"
_NAMES = {"symptoms", "disease", "treatments", "denied", "past"}
_LONGEST_TREATMENT = 12  # characters; what the graph has beyond is a sentence
_FREQUENT = 100  # symptoms; a denied one comes from these
_LIKE = 0.5  # Jaccard index of characters from which two terms are the same, relaxed


class Triple(NamedTuple):
    """What one term is to another."""

    relation: str
    head: str
    tail: str


class TriplesTask(Task):
    """How triples are written, and texts of the graph."""

    relations: dict[str, str] = Field(
        min_length=1, description="Relation as the annotation scheme calls it, and how an answer does."
    )
    texts: int = Field(gt=0, le=20, description="Texts that are written of each disease of the graph.")
    symptoms_shown: int = Field(gt=0, le=20, description="Symptoms that such a text names, at most.")
    treatments_shown: int = Field(gt=0, le=20, description="Treatments that such a text names, at most.")
    phrasings: tuple[str, ...] = Field(
        strict=False,
        description="How a text is written, in turn: {symptoms}, {disease} and {treatments}; it may hold {denied}, a "
        "symptom that is absent, and {past}, a disease of the past.",
    )

    @model_validator(mode="after")
    def _can_be_read_back(self) -> "TriplesTask":
        if len(set(self.relations.values())) < len(self.relations):
            raise ValueError("relations: two of them are called the same in an answer")
        for phrasing in self.phrasings:
            names = set(re.findall(r"\{(.*?)\}", phrasing))
            if not {"symptoms", "disease", "treatments"} <= names <= _NAMES:
                raise ValueError(
                    f"phrasings: {phrasing!r} must hold {{symptoms}}, {{disease}} and {{treatments}}, may hold "
                    "{denied} and {past}, and nothing else in braces"
                )
        return self


class MedicalTriplesDomain(DomainSection):
    """Texts to triples of symptom, disease and treatment."""

    kind: Literal["medical_triples"] = Field(description="medical_triples: symptom - disease - treatment from texts.")
    task: TriplesTask = Field(description="What the model is asked.")


class MedicalTriples(Domain):
    """Labelled documents, or diseases of the reader ``cmekg_treatments``."""

    settings: MedicalTriplesDomain

    def remarks(self) -> Sequence[str]:
        """Say how many documents are left out, and why."""
        left = sum(not document.fields.get("gold") and not _treatments(document) for document in self.documents)
        return (f"{left:,} of {len(self.documents):,} documents have no gold labels and no treatments",)

    def examples(self) -> Iterator[Example]:
        """Yield an example for each labelled document, and those of each disease of the graph.

        Raises:
            DataError: there is neither, or a relation of the labels is none of ``task.relations``.
        """
        found = False
        for document in self.documents:
            if gold := document.fields.get("gold"):
                found = True
                if "undecided" not in gold["rules"].values():
                    group = document.fields.get("group") or ""
                    yield self._example(document.id, document.text, self._labelled(document, gold), group)
            elif _treatments(document) and self._listed[document.text]:
                found = True
                yield from self._written_of(document)
        if self.documents and not found:
            raise DataError(
                f"domain {self.settings.name}: no document has gold labels (domain.annotation.exports), and none comes "
                "from the graph with symptoms and treatments"
            )

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Score one answer against its reference, all triples and each relation apart."""
        wanted = [Triple(*triple) for triple in example.fields["triples"]]
        given = self.triples_in(answer_of(prediction.generated))
        scores: dict[str, float] = {}
        for scope in ("triple", INDICATES, TREATS):
            pair = [[one for one in side if scope in ("triple", one.relation)] for side in (wanted, given)]
            if pair[0] or pair[1]:
                scores |= _scores(scope, *pair)
        return scores

    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return the triple that references of the training examples name most often."""
        counted = Counter(Triple(*triple) for example in train for triple in example.fields["triples"])
        return self._lines([counted.most_common(1)[0][0]]) if counted else ""

    def plain_answers(self, train: Sequence[Example], items: Sequence[Example]) -> Mapping[str, Sequence[str]]:
        """Return the pairs of terms that stand in a text, by the relations which the terms have in training."""
        heads: dict[str, dict[str, None]] = {}
        tails: dict[str, None] = {}
        for example in train:
            for relation, head, tail in example.fields["triples"]:
                heads.setdefault(relation, {})[head] = None
                tails[tail] = None
        known = {relation: list(terms) for relation, terms in heads.items()}
        return {"known_terms": [self._lines(_paired(item.input, known, list(tails))) for item in items]}

    def triples_in(self, answer: str) -> list[Triple]:
        """Return the triples of an answer, each once; a line that is none counts as one that is wrong."""
        called = {folded(name): relation for relation, name in self.settings.task.relations.items()}
        found: dict[Triple, None] = {}
        for line in filter(str.strip, answer.splitlines()):
            relation, *rest = [part.strip() for part in re.split(r"[|｜]", line)]
            if len(rest) == 2 and folded(relation) in called:
                heads = [head.strip() for head in re.split("[;；]", rest[1]) if head.strip()]
                found |= dict.fromkeys(Triple(called[folded(relation)], head, rest[0]) for head in heads)
            else:
                found[Triple("", line, "")] = None
        return list(found)

    def _lines(self, triples: Iterable[Triple]) -> str:
        heads: dict[tuple[str, str], list[str]] = {}
        for triple in triples:
            heads.setdefault((triple.relation, triple.tail), []).append(triple.head)
        called = self.settings.task.relations
        return "\n".join(
            f"{called[relation]} | {tail} | {'; '.join(terms)}" for (relation, tail), terms in heads.items()
        )

    def _example(self, id_: str, text: str, triples: Sequence[Triple], group: str) -> Example:
        task = self.settings.task
        output = written(task, {"triples": self._lines(triples)})
        return Example(id_, task.instruction, text, output, group=group, fields={"triples": [list(t) for t in triples]})

    def _labelled(self, document: Document, gold: Mapping[str, Any]) -> list[Triple]:
        task = self.settings.task

        def surface(span: Mapping[str, Any]) -> str:
            return " ".join(document.text[span["start"] : span["end"]].split())

        if strange := sorted({one["label"] for one in gold["relations"]} - task.relations.keys()):
            raise DataError(f"{document.id}: the relation {strange[0]!r} is none of task.relations")
        triples = [Triple(one["label"], surface(one["head"]), surface(one["tail"])) for one in gold["relations"]]
        return list(dict.fromkeys(triples))

    def _written_of(self, document: Document) -> Iterator[Example]:
        """Yield the texts of a disease of the graph."""
        task, disease = self.settings.task, document.text
        for number in range(task.texts):
            random = Random(f"{document.id} {number}")
            symptoms = _some(self._listed[disease], task.symptoms_shown, random)
            treatments = _some(_treatments(document), task.treatments_shown, random)
            told = {
                "symptoms": "、".join(symptoms),
                "disease": disease,
                "treatments": "、".join(treatments),
                "denied": random.choice([one for one in self._frequent if one not in self._listed[disease]]),
                "past": random.choice([name for name in self._listed if name not in disease and disease not in name]),
            }
            text = task.phrasings[number % len(task.phrasings)].format(**told)
            pairs = ((INDICATES, symptoms), (TREATS, treatments))
            triples = [Triple(relation, head, disease) for relation, heads in pairs for head in heads]
            yield self._example(f"{document.id}-{number + 1}", text, triples, disease)

    @cached_property
    def _listed(self) -> dict[str, list[str]]:
        """The symptoms of each disease of the graph."""
        return {one.text: symptoms_of(one) for one in self.documents if "symptoms" in one.fields}

    @cached_property
    def _frequent(self) -> list[str]:
        counted = Counter(symptom for listed in self._listed.values() for symptom in listed)
        return [symptom for symptom, _ in counted.most_common(_FREQUENT)]


def _treatments(document: Document) -> list[str]:
    listed = dict.fromkeys(one.strip() for one in document.fields.get("treatments", ()))
    return [one for one in listed if 1 < len(one) <= _LONGEST_TREATMENT and not re.search("[;；|｜、，。]", one)]


def _some(terms: Sequence[str], most: int, random: Random) -> list[str]:
    return [terms[place] for place in sorted(random.sample(range(len(terms)), min(most, len(terms))))]


def _paired(text: str, heads: Mapping[str, Sequence[str]], tails: Sequence[str]) -> list[Triple]:
    diseases = [one.name for one in named_in(text, tails)]
    return [
        Triple(relation, one.name, disease)
        for relation, terms in heads.items()
        for one in named_in(text, terms)
        for disease in diseases[:1]
    ]


def _scores(scope: str, wanted: Sequence[Triple], given: Sequence[Triple]) -> dict[str, float]:
    scores: dict[str, float] = {}
    for suffix, same in (("", _equal), ("_relaxed", _alike)):
        right = _matched(wanted, given, same)
        values = precision_recall_f1(right, len(given), len(wanted))
        scores |= {f"{scope}_{name}{suffix}": value for name, value in zip(_MEASURES, values, strict=True)}
    return scores


def _matched(wanted: Sequence[Triple], given: Sequence[Triple], same: Any) -> int:  # noqa: ANN401 - of two triples
    """Return how many triples of an answer are matched with one of the reference each."""
    left = list(given)
    for one in wanted:
        if (found := next((other for other in left if same(one, other)), None)) is not None:
            left.remove(found)
    return len(given) - len(left)


def _equal(one: Triple, other: Triple) -> bool:
    return one.relation == other.relation and all(
        folded(mine) == folded(yours) for mine, yours in zip(one[1:], other[1:], strict=True)
    )


def _alike(one: Triple, other: Triple) -> bool:
    """Whether the terms of two triples overlap: one holds the other, or they share half of their characters."""
    pairs = [(folded(mine), folded(yours)) for mine, yours in zip(one[1:], other[1:], strict=True)]
    return one.relation == other.relation and all(_overlap(mine, yours) for mine, yours in pairs)


def _overlap(mine: str, yours: str) -> bool:
    if not mine or not yours:
        return False
    return mine in yours or yours in mine or len({*mine} & {*yours}) >= _LIKE * len({*mine} | {*yours})


_MEASURES = ("precision", "recall", "f1")
_SCOPES = {"triple": "all triples", INDICATES: "symptoms that indicate diseases", TREATS: "treatments of diseases"}
_MATCHES = {"": "equal terms, case aside", "_relaxed": "terms that overlap: one holds the other, or half is shared"}
DECLARATION = Declaration(
    kind="medical_triples",
    section=MedicalTriplesDomain,
    implementation="r1tailor.domain.medical_triples:MedicalTriples",
    metrics=tuple(
        ScoredMetric(
            f"{scope}_{measure}{suffix}",
            "mean",
            constant_answer=measure == "f1",
            description=f"{measure.capitalize()} over {told}; {match}.",
        )
        for suffix, match in _MATCHES.items()
        for scope, told in _SCOPES.items()
        for measure in _MEASURES
    ),
    readers={"cmekg_treatments": "r1tailor.sources.cmekg:read_treatments"},
)
