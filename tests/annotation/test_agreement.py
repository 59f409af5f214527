"""Agreement equals the published worked examples, for questions, spans and relations."""

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor.annotation.agreement import (
    Agreement,
    agreement,
    choose,
    fleiss_kappa,
    gwet_ac1,
    raw_agreement,
    value,
    value_counts,
)
from r1tailor.annotation.ratings import MISSING, ratings
from r1tailor.annotation.schemes import MEDICAL
from r1tailor.records import Annotation, Document, Labels, Relation, Span
from r1tailor.schema.annotation import OwnScheme, Question

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
TOPICS = ("cardiac", "renal", "neural")
TOPIC = Question(name="topic", values=TOPICS, multiple=False, definition="Which organ?")
ASKED = OwnScheme(kind="own", spans=(), relations=(), questions=(TOPIC,))
_PROPERTY = settings(deadline=None, derandomize=True, database=None, max_examples=25)

# Fleiss 1971, Psychological Bulletin 76: 30 patients, 6 psychiatrists, 5 diagnoses, in any order within a patient.
FLEISS = """444444 222555 233335 555555 222444 113333 333355 113334 114444 555555 144444 124444 222333 144444 224445
333335 111455 111112 224444 133555 555555 244444 224555 114444 144445 222224 111155 224444 133333 555555"""
# Krippendorff 2011, Computing Krippendorff's Alpha-Reliability: 4 observers, 12 units, a dot where a value is missing.
KRIPPENDORFF = "1233214 12...", "1233224 125.3", ".333234 2251.", "1233244 1251."
# Gwet 2002, Inter-Rater Reliability: Dependency on Trait Prevalence: 2 raters, 125 units, one value prevails.
GWET = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], [118, 5, 2, 0], axis=0)


def _ones(codes: np.ndarray) -> np.ndarray:
    return np.ones(len(codes), np.int64)


def _krippendorff() -> np.ndarray:
    rows = [[MISSING if c == "." else int(c) - 1 for c in row.replace(" ", "")] for row in KRIPPENDORFF]
    return np.array(rows).T


def test_fleiss_kappa_is_the_published_one() -> None:
    codes = np.array([[int(value) - 1 for value in patient] for patient in FLEISS.split()])
    assert choose(codes) == ("Fleiss' kappa", "every unit has 6 ratings, by more than two annotators in all")
    assert value("Fleiss' kappa", codes, _ones(codes)) == pytest.approx(0.430, abs=5e-4)
    assert raw_agreement(value_counts(codes, 5)) == pytest.approx(0.556, abs=5e-4)


def test_krippendorffs_alpha_and_ac1_take_missing_cells_as_published() -> None:
    codes = _krippendorff()
    twice = codes[(codes != MISSING).sum(1) >= 2]
    coefficient, why = choose(twice)
    assert (coefficient, why[:27]) == ("Krippendorff's alpha", "units have 2 to 4 ratings, ")
    assert value(coefficient, twice, _ones(twice)) == pytest.approx(0.743, abs=5e-4)
    counts = value_counts(codes, 5)  # with the unit that is rated once: Gwet 2014, table 5.4 of the same ratings
    assert raw_agreement(counts) == pytest.approx(0.8182, abs=5e-5)
    assert gwet_ac1(counts) == pytest.approx(0.7754, abs=5e-5)


def test_kappa_collapses_where_one_value_prevails_and_ac1_does_not_as_published() -> None:
    assert choose(GWET) == ("Cohen's kappa", "two annotators rated every unit")
    assert value("Cohen's kappa", GWET, _ones(GWET)) == pytest.approx(-0.0234, abs=5e-5)
    assert gwet_ac1(value_counts(GWET, 2)) == pytest.approx(0.9408, abs=5e-5)


@_PROPERTY
@given(st.lists(st.lists(st.integers(0, 2), min_size=3, max_size=3), min_size=2, max_size=20), st.data())
def test_counting_a_unit_twice_is_having_it_twice(rows: list[list[int]], data: st.DataObject) -> None:
    codes = np.array(rows)
    times = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows))))
    repeated = np.repeat(codes, times, axis=0)
    for coefficient, columns in (("Cohen's kappa", 2), ("Fleiss' kappa", 3), ("Krippendorff's alpha", 3)):
        weighted = value(coefficient, codes[:, :columns], times)  # type: ignore[arg-type]
        plain = value(coefficient, repeated[:, :columns], _ones(repeated))  # type: ignore[arg-type]
        assert weighted == pytest.approx(plain, nan_ok=True)


@_PROPERTY
@given(st.lists(st.lists(st.integers(0, 2), min_size=4, max_size=4), min_size=3, max_size=20))
def test_fleiss_kappa_is_alpha_without_its_correction_for_small_samples(rows: list[list[int]]) -> None:
    codes = np.array(rows)
    ratings_ = codes.size
    if len(set(codes.ravel().tolist())) > 1:
        kappa = fleiss_kappa(value_counts(codes, 3), _ones(codes))
        alpha = value("Krippendorff's alpha", codes, _ones(codes))
        assert alpha == pytest.approx(kappa + (1 - kappa) / ratings_)


def _vote(
    document: str, annotator: str, *spans: Span, relations: Sequence[Relation] = (), **answers: str
) -> Annotation:
    labels = Labels(tuple(sorted(spans)), tuple(relations), {name: (said,) for name, said in answers.items()})
    return Annotation(document, annotator, "accept", labels, "2026-01-01T00:00:00+00:00", None, "")


def _agreements(votes: Sequence[Annotation], scheme: OwnScheme, text: str = "high fever, flu") -> dict[str, Agreement]:
    by_document: dict[str, list[Annotation]] = {}
    for vote in votes:
        by_document.setdefault(vote.document, []).append(vote)
    documents = {id_: Document(id_, text, **FACTS) for id_ in by_document}
    tables = ratings(by_document, documents, scheme)
    return {table.aspect: agreement(table, by_document, 100, 0.95, 1) for table in tables}


HIGH_FEVER, FEVER, FLU = Span(0, 10, "symptom"), Span(5, 10, "symptom"), Span(12, 15, "disease")
INDICATES = Relation(FEVER, FLU, "indicates")


def test_spans_agree_by_the_token_and_exactly() -> None:
    # Tokens: high, fever, the comma, flu. One annotator leaves "high" out.
    votes = [_vote("d1", "a", HIGH_FEVER, FLU), _vote("d1", "b", FEVER, FLU)]
    found = _agreements(votes, MEDICAL)["spans"]
    assert (found.units, found.items, found.raw, found.exact_f1) == (4, 1, 0.75, 0.5)
    assert found.kappa == pytest.approx((0.75 - 0.3125) / (1 - 0.3125))
    assert [(c.first, c.second, c.pairs) for c in found.confusions] == [("no label", "symptom", 1)]
    assert found.disagreement == {"d1": pytest.approx(1 / 3)}  # of the three tokens that anybody labelled


def test_a_relation_is_rated_by_those_who_drew_both_spans() -> None:
    votes = [
        _vote("d1", "a", FEVER, FLU, relations=[INDICATES]),
        _vote("d1", "b", FEVER, FLU),
        _vote("d1", "c", HIGH_FEVER, FLU),
        _vote("d2", "a", FEVER, FLU, relations=[INDICATES]),
        _vote("d2", "b", FEVER, FLU, relations=[INDICATES]),
    ]
    found = _agreements(votes, MEDICAL)["relations"]
    assert (found.units, found.items, found.raw) == (2, 2, 0.5)
    assert [(c.first, c.second, c.pairs) for c in found.confusions] == [("indicates", "no label", 1)]
    assert found.exact_f1 == 0.5  # in d1 a stands alone, in d2 both say the same
    assert found.coefficient == "Cohen's kappa"


@pytest.mark.parametrize("said", ["cardiac", None])
def test_agreement_is_undefined_where_nothing_was_told_apart(said: str | None) -> None:
    answers = {"topic": said} if said else {}
    found = _agreements([_vote(d, a, **answers) for d in ("d1", "d2") for a in "ab"], ASKED)["topic"]
    assert (found.kappa, found.low, found.high) == (None, None, None)
    assert found.raw == (1.0 if said else None)


def test_the_interval_depends_on_the_seed_alone_and_holds_the_value() -> None:
    votes = _planted(0.8, 40)
    first, again = (_agreements(votes, ASKED)["topic"] for _ in range(2))
    assert first == again
    assert first.low is not None
    assert first.high is not None
    assert first.kappa is not None
    assert first.low < first.kappa < first.high


def _planted(agreeing: float, documents: int, annotators: str = "ab") -> list[Annotation]:
    """Each annotator after the first says what the first says with probability ``agreeing``, else another topic."""
    chance = random.Random(7)
    votes = []
    for number in range(documents):
        truth = chance.choice(TOPICS)
        for annotator in annotators:
            keeps = annotator == annotators[0] or chance.random() < agreeing
            said = truth if keeps else chance.choice([topic for topic in TOPICS if topic != truth])
            votes.append(_vote(f"d{number}", annotator, topic=said))
    return votes
