"""Chinese medication advice: a disease and a fact of the patient -> the drug that suits both, with the reason.

Each item offers a few drugs of the knowledge graph. One is indicated for the disease and its stated contraindications
do not forbid it for the patient; at least one is indicated and forbidden; the others are not indicated. Advice complies
when the drug that it names first is indicated and not forbidden. Drugs whose leaflets state no contraindications are
never offered: silence is no safety. The graph cuts indications out of sentences ("nephritis" next to "pyelonephritis"),
so an indication within another of the same drug does not count, and what is offered as not indicated shares no
indication with the right drug.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from random import Random
from typing import Literal

from pydantic import Field

from r1tailor.domain.base import Domain, answer_of, written
from r1tailor.domain.contraindications import (
    FACT,
    FACTS,
    forbidden,
    is_stated,
    is_topical,
    of_class,
    of_most,
    substance,
)
from r1tailor.domain.declaration import Declaration, ScoredMetric
from r1tailor.domain.entity_names import named_in
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.domain import DomainSection, Task

_NOT_INDICATED = 20  # drugs that are tried for a place in an offer


class MedicationTask(Task):
    """What is offered to a patient."""

    offered: int = Field(ge=3, le=10, description="Drugs to choose from.")
    items_of_a_pair: int = Field(gt=0, le=20, description="Items of one disease and one fact, at most.")
    question: str = Field(description="The patient and the offer: text with {disease}, {fact} and {drugs}.")


class MedicationZhDomain(DomainSection):
    """Drugs that are indicated and not contraindicated, in Chinese."""

    kind: Literal["medication_zh"] = Field(description="medication_zh: the drug for a disease and a patient.")
    task: MedicationTask = Field(description="What the model is asked.")


class MedicationZh(Domain):
    """Drugs of the reader ``cmekg_drugs`` that state contraindications."""

    settings: MedicationZhDomain

    def __init__(self, settings: MedicationZhDomain, documents: Sequence[Document]) -> None:
        super().__init__(settings, documents)
        stated = [document for document in documents if is_stated(document.fields["contraindications"])]
        self._forbidden = _forbidden(documents)
        self._indications = {document.text: _whole(document) for document in stated}
        self._related = {document.text: frozenset(document.fields["indications"]) for document in stated}
        self._drugs = tuple(self._indications)

    def remarks(self) -> Sequence[str]:
        """Say how many drugs are offered, and why the others are not."""
        return (
            f"{len(self._drugs):,} of {len(self.documents):,} drugs state contraindications; no others are offered",
        )

    def examples(self) -> Iterator[Example]:
        """Yield the items of each disease and fact for which some indicated drugs are forbidden and some are not."""
        for disease, indicated in self._indicated_for.items():
            for fact in (fact for fact in FACTS if fact.fits(disease)):
                traps = [drug for drug in indicated if fact.name in self._forbidden[drug]]
                suited = [drug for drug in indicated if fact.name not in self._forbidden[drug]]
                if traps and suited:
                    yield from self._items(disease, fact.name, suited, traps)

    def labels_of(self, example: Example) -> tuple[str, ...]:
        """Return the drugs that an item offers."""
        return tuple(example.fields["offered"])

    def score(self, example: Example, prediction: Prediction) -> dict[str, float]:
        """Score one piece of advice."""
        fields, answer = example.fields, answer_of(prediction.generated)
        named = named_in(answer, fields["offered"]) or named_in(answer, self._drugs)
        drug = named[0].name if named else ""
        indicated = fields["disease"] in self._indications.get(drug, ())
        allowed = bool(drug) and fields["fact"] not in self._forbidden[drug]
        return {
            "medication_compliance": float(indicated and allowed),
            "medication_compliance_ranked": float(prediction.ranked == fields["drug"]),
            "indicated": float(indicated),
            "not_contraindicated": float(allowed),
        }

    def majority_answer(self, train: Sequence[Example]) -> str:
        """Return the drug that is right most often in training."""
        return Counter(str(example.fields["drug"]) for example in train).most_common(1)[0][0]

    def plain_answers(self, train: Sequence[Example], items: Sequence[Example]) -> Mapping[str, Sequence[str]]:
        """Return one of the drugs offered, by three baselines.

        It is the one that is right most often in training, the one that is right for the most similar disease, or the
        one that logistic regression on drug, disease and fact finds likeliest.
        """
        right = Counter(str(example.fields["drug"]) for example in train)
        diseases: dict[str, set[str]] = {}
        for example in train:
            diseases.setdefault(example.fields["drug"], set()).add(example.fields["disease"])

        def nearest(item: Example) -> str:
            def likeness(drug: str) -> tuple[float, int]:
                known = (_likeness(item.fields["disease"], other) for other in diseases.get(drug, ()))
                return max(known, default=0.0), right[drug]

            return str(max(item.fields["offered"], key=likeness))

        return {
            "most_frequent_offered": [max(item.fields["offered"], key=right.__getitem__) for item in items],
            "nearest_indication": [nearest(item) for item in items],
            "logistic_of_offers": _regressed(train, items),
        }

    @cached_property
    def _indicated_for(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for drug, diseases in self._indications.items():
            for disease in sorted(diseases):
                found.setdefault(disease, []).append(drug)
        return found

    def _items(self, disease: str, fact: str, suited: Sequence[str], traps: Sequence[str]) -> Iterator[Example]:
        made = set[tuple[str, ...]]()
        for number in range(self.settings.task.items_of_a_pair):
            random = Random(f"{disease} {fact} {number}")
            right = random.choice(suited)
            offered = self._offered(disease, right, traps, random)
            if len(offered) == self.settings.task.offered and (key := tuple(sorted(offered))) not in made:
                made.add(key)
                yield self._example(disease, fact, right, offered, number)

    def _offered(self, disease: str, right: str, traps: Sequence[str], random: Random) -> list[str]:
        """Return the right drug, one or two traps and others that are not indicated; no name holds another."""
        chosen = random.sample(traps, min(2, len(traps)))
        others = random.sample(self._drugs, min(_NOT_INDICATED, len(self._drugs)))
        offered = [right]
        for drug in (*chosen, *(other for other in others if self._has_nothing_for(other, disease, right))):
            apart = all(drug not in other and other not in drug for other in offered)
            if apart and len(offered) < self.settings.task.offered:
                offered.append(drug)
        holds_a_trap = any(trap in offered for trap in chosen)
        random.shuffle(offered)
        return offered if holds_a_trap else []

    def _has_nothing_for(self, drug: str, disease: str, right: str) -> bool:
        """Whether no indication of a drug is the disease, part of it, or one of the right drug's."""
        related = self._related[drug]
        near = any(disease in one or one in disease for one in related)
        return not near and related.isdisjoint(self._related[right])

    def _example(self, disease: str, fact: str, right: str, offered: Sequence[str], number: int) -> Example:
        task, told = self.settings.task, FACT[fact].told
        asked = task.question.format(disease=disease, fact=told, drugs="、".join(offered))
        values = {"drug": right, "disease": disease, "fact": told}
        kept = {"disease": disease, "fact": fact, "drug": right, "offered": list(offered)}
        pair = f"{disease}-{fact}"
        return Example(f"{pair}-{number + 1}", task.instruction, asked, written(task, values), group=pair, fields=kept)


def _regressed(train: Sequence[Example], items: Sequence[Example]) -> list[str]:
    """Return the offered drug that is likeliest to be right, by offers of the training examples."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    # Importing scikit-learn takes seconds, which only an evaluation should spend.
    offers = [(example, drug) for example in train for drug in example.fields["offered"]]
    features = DictVectorizer()
    rows = features.fit_transform([_features(example, drug) for example, drug in offers])
    right = [drug == example.fields["drug"] for example, drug in offers]
    model = LogisticRegression(C=10.0, tol=1e-3, max_iter=1000).fit(rows, right)
    answers = []
    for item in items:
        offered = item.fields["offered"]
        scores = model.decision_function(features.transform([_features(item, drug) for drug in offered]))
        answers.append(str(offered[int(scores.argmax())]))
    return answers


def _features(example: Example, drug: str) -> dict[str, float]:
    """Return what may tell whether a drug suits: its name, alone and with the disease; its characters with the fact."""
    fact, disease = example.fields["fact"], example.fields["disease"]
    pairs = (f"{fact} {drug[place : place + 2]}" for place in range(len(drug) - 1))
    return dict.fromkeys((drug, f"{fact} {drug}", f"{disease} {drug}", *pairs), 1.0)


def _likeness(disease: str, other: str) -> float:
    """Return the Jaccard index of the characters of two diseases."""
    return len({*disease} & {*other}) / len({*disease} | {*other})


def _whole(drug: Document) -> set[str]:
    """Return the diseases of a drug's indications that are no part of another of its indications."""
    listed = drug.fields["indications"]
    return {one for one in drug.fields["diseases"] if not any(one != other and one in other for other in listed)}


def _forbidden(drugs: Sequence[Document]) -> dict[str, frozenset[str]]:
    """Return for each drug the facts that forbid it.

    What the leaflet of a preparation says holds for all of its substance that go the same way into the body, and so
    does what most of their classes and generic names say; what else its name holds (glucose) is its own.
    """
    said: dict[tuple[str, bool], set[str]] = {}
    filed: dict[tuple[str, bool], list[str]] = {}
    for drug in drugs:
        said.setdefault(_kind(drug), set()).update(forbidden(drug.fields["contraindications"]))
        filed.setdefault(_kind(drug), []).extend((*drug.fields["generic_names"], *drug.fields["classes"]))
    of_kind = {
        (name, topical): said[name, topical] | of_class(name, topical=topical) | of_most(classes, topical=topical)
        for (name, topical), classes in filed.items()
    }
    return {
        drug.text: frozenset(of_kind[_kind(drug)] | of_class(drug.text, topical=is_topical(drug.text)))
        for drug in drugs
    }


def _kind(drug: Document) -> tuple[str, bool]:
    return substance(drug.text), is_topical(drug.text)


DECLARATION = Declaration(
    kind="medication_zh",
    section=MedicationZhDomain,
    implementation="r1tailor.domain.medication_zh:MedicationZh",
    metrics=(
        ScoredMetric(
            "medication_compliance",
            "proportion",
            constant_answer=True,
            ranked="medication_compliance_ranked",
            description="Answers whose drug is indicated for the disease and not contraindicated for the patient.",
        ),
        ScoredMetric(
            "medication_compliance_ranked",
            "proportion",
            description="The same, taking the offered drug that the model finds likeliest instead of a free answer.",
        ),
        ScoredMetric(
            "indicated",
            "proportion",
            constant_answer=True,
            description="Answers whose drug is indicated for the disease.",
        ),
        ScoredMetric(
            "not_contraindicated",
            "proportion",
            constant_answer=True,
            description="Answers that name a drug which is not contraindicated for the patient.",
        ),
    ),
)
