"""Agreement equals the published worked examples; the gate stops what is planted below it and says what to do."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from r1tailor import schema, store
from r1tailor.annotation import Gold, annotate, prodigy, settle
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
from r1tailor.annotation.label_studio_tasks import tasks
from r1tailor.annotation.ratings import MISSING, ratings
from r1tailor.annotation.schemes import MEDICAL
from r1tailor.errors import DataError
from r1tailor.records import Annotation, Document, Labels, Relation, Span, write_records
from r1tailor.schema import AgreementGate, LabelStudioExport, OwnScheme, ProdigyExport, Question, RecordsExport

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
TOPICS = ("cardiac", "renal", "neural")
TOPIC = Question(name="topic", values=TOPICS, multiple=False, definition="Which organ?")
ASKED = OwnScheme(kind="own", spans=(), relations=(), questions=(TOPIC,))
GATE = AgreementGate(kappa=0.80, lower_bound=0.67, items=50, resamples=100, confidence=0.95)
SETTINGS = schema.Annotation(scheme=ASKED, exports=(), gate=GATE, merge="exact", adjudication=None)
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
    return {table.aspect: agreement(table, by_document, 200, 0.95, 1) for table in tables}


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


@pytest.fixture
def annotated(tmp_path: Path) -> Callable[..., Gold]:
    """Write votes as an export of a tool and run the stage on them."""

    def run(votes: Sequence[Annotation], settings_: schema.Annotation = SETTINGS, kind: str = "label_studio") -> Gold:
        ids = list(dict.fromkeys(vote.document for vote in votes))
        documents = [Document(id_, f"text of {id_}", **FACTS) for id_ in ids]
        export: schema.Export
        if kind == "label_studio":
            rows = tasks(documents, annotations=votes)
            for number, annotation in enumerate(chain.from_iterable(row["annotations"] for row in rows)):
                annotation["id"] = number
            written = json.dumps([row | {"id": number} for number, row in enumerate(rows)])
            export = LabelStudioExport(kind="label_studio", path="votes")
        else:
            written = "".join(f"{json.dumps(row)}\n" for row in prodigy.tasks(documents, ASKED, annotations=votes))
            export = ProdigyExport(kind="prodigy", path="votes")
        (tmp_path / "votes").write_text(written, encoding="utf-8")
        return annotate(documents, settings_.model_copy(update={"exports": (export,)}), tmp_path, seed=1)

    return run


def _settled(gold: Gold, folder: Path, **exports: object) -> str:
    with pytest.raises(DataError) as refusal:
        settle(gold, SETTINGS.model_copy(update=exports), folder)
    return str(refusal.value).replace(str(folder), "annotate")


def test_without_exports_documents_pass_through(tmp_path: Path) -> None:
    gold = annotate(iter([Document("d", "x", **FACTS)]), SETTINGS, tmp_path, seed=1)
    settle(gold, SETTINGS, tmp_path)
    assert [document.fields for document in gold.documents] == [{}]
    assert gold.summary == "no exports in domain.annotation.exports, documents pass through"
    assert store.read_json(tmp_path / "report.json") == {"exports": 0}


def test_planted_disagreement_at_0_7_is_stopped_with_what_to_do_next(
    annotated: Callable[..., Gold], tmp_path: Path
) -> None:
    votes = [*_planted(0.8, 200), _vote("once", "a", topic="renal")]
    gold = annotated(votes)
    (found,) = gold.agreement
    assert found.kappa == pytest.approx(0.70, abs=0.03)
    exports = (LabelStudioExport(kind="label_studio", path="x"), ProdigyExport(kind="prodigy", path="y"))
    said = _settled(gold, tmp_path, exports=exports).splitlines()
    split = sum(share > 0 for share in found.disagreement.values())
    first, second, third = found.confusions
    assert said[0] == "annotation: people do not agree well enough to train on their labels (domain.annotation.gate)"
    assert said[1].startswith(f"  topic: Cohen's kappa {found.kappa:.2f} [")
    assert said[1].endswith(
        f"Cohen's kappa is {found.kappa:.2f}, 0.80 is needed; its lower bound is {found.low:.2f}, 0.67 is needed"
    )
    assert "over 200 documents (two annotators rated every unit); raw agreement 0." in said[1]
    assert said[2] == "what the guideline should settle:"
    assert said[3] == (
        f"  {first.first} / {first.second} ({first.pairs} pairs of votes): "
        "say which of the two holds where both seem to, with an example of each"
    )
    files = "annotate/next_round/prodigy.jsonl and annotate/next_round/label_studio.json"
    assert said[6] == f"the next annotation round, {split + 1} documents, is in {files}"
    assert said[7].startswith("  first come d")
    assert "(disagreement 1.00)" in said[7]
    assert said[8] == (
        "what to do: settle the guideline; let two or more people label the next round by it; "
        "add their export to domain.annotation.exports; run again: of each person the newest labels count"
    )
    assert len(said) == 9
    written = store.read_json(tmp_path / "next_round" / "label_studio.json")
    assert [task["meta"]["reason"] for task in written] == ["disagreement 1.00"] * split + ["labelled once"]
    assert {key for task in written for key in ("predictions", "annotations") if task[key]} == set()  # nobody's votes
    assert len((tmp_path / "next_round" / "prodigy.jsonl").read_text("utf-8").splitlines()) == split + 1
    assert (tmp_path / "next_round" / "label_studio.xml").is_file()
    assert first.pairs + second.pairs + third.pairs == split


def test_planted_agreement_at_0_85_passes(annotated: Callable[..., Gold], tmp_path: Path) -> None:
    gold = annotated(_planted(0.9, 200))
    (found,) = gold.agreement
    assert found.kappa == pytest.approx(0.85, abs=0.03)
    settle(gold, SETTINGS, tmp_path)
    assert not (tmp_path / "next_round").exists()
    assert gold.again == {}
    report = store.read_json(tmp_path / "report.json")
    assert report["agreement"][0]["misses"] == []
    assert report["labelled_twice_or_more"] == report["documents"] == 200
    assert sum(report["rules"]["topic"].values()) == 200


def test_few_documents_are_no_proof_however_well_people_agree(annotated: Callable[..., Gold], tmp_path: Path) -> None:
    said = _settled(annotated(_planted(1.0, 49)), tmp_path)
    assert said.splitlines()[1].endswith(": 49 documents labelled twice or more, 50 are needed")
    assert said.splitlines()[2] == (
        "what to do: let two or more people label further documents, until 50 are labelled twice; "
        "add their export to domain.annotation.exports; run again: of each person the newest labels count"
    )
    settle(annotated(_planted(1.0, 50)), SETTINGS, tmp_path)


def test_a_high_value_with_a_low_bound_is_stopped(annotated: Callable[..., Gold], tmp_path: Path) -> None:
    sure = SETTINGS.model_copy(update={"gate": GATE.model_copy(update={"lower_bound": 0.99})})
    gold = annotated(_planted(0.9, 60), sure)
    with pytest.raises(DataError, match=r": its lower bound is 0\.\d\d, 0\.99 is needed\n"):
        settle(gold, sure, tmp_path)


def test_a_change_of_annotators_calls_for_fleiss_and_missing_cells_for_krippendorff(
    annotated: Callable[..., Gold],
) -> None:
    three = _planted(0.95, 60, "abc")
    pairs = [vote for number, vote in enumerate(three) if number % 3 != (number // 3) % 3]
    assert annotated(three).agreement[0].coefficient == "Fleiss' kappa"
    assert annotated(pairs).agreement[0].coefficient == "Fleiss' kappa"
    assert annotated(three[:-1]).agreement[0].coefficient == "Krippendorff's alpha"


def test_the_newest_labels_of_a_person_count_whatever_the_order(annotated: Callable[..., Gold]) -> None:
    old = _planted(0.5, 60)
    new = [replace(vote, created_at="2026-02-01T00:00:00+00:00") for vote in _planted(1.0, 60)]
    for votes in (old + new, new + old):
        gold = annotated(votes, kind="prodigy")
        assert gold.agreement[0].kappa == pytest.approx(1.0)
        assert gold.report["superseded"] == 120


def test_cancelled_votes_count_for_nothing(annotated: Callable[..., Gold]) -> None:
    votes = _planted(1.0, 60)
    skipped = [replace(vote, annotator="c", answer="ignore", labels=Labels()) for vote in votes[::2]]
    gold = annotated([*votes, *skipped])
    assert gold.agreement[0].coefficient == "Cohen's kappa"
    assert (gold.report["cancelled"], gold.report["votes_by_annotator"]) == (60, {"a": 60, "b": 60})


def test_confused_labels_get_their_definitions_side_by_side(tmp_path: Path) -> None:
    documents = [Document(f"d{n}", "high fever, flu", **FACTS) for n in range(4)]
    disease = replace(FEVER, label="disease")
    votes = [_vote(d.id, a, FLU, FEVER if a == "a" or d.id == "d0" else disease) for d in documents for a in "ab"]
    write_records(tmp_path / "votes.jsonl", votes)
    own = SETTINGS.model_copy(
        update={
            "scheme": schema.ShippedScheme(kind="shipped", name="medical"),
            "exports": (RecordsExport(kind="records", path="votes.jsonl"),),
        }
    )
    gold = annotate(documents, own, tmp_path, seed=1)
    with pytest.raises(DataError) as refusal:
        settle(gold, own, tmp_path)
    assert (
        "  disease / symptom (3 pairs of votes): disease is a named condition that explains symptoms, confirmed or "
        "not; symptom is what is reported or found: a complaint, a sign, a value: say which of the two holds"
    ) in str(refusal.value)
    assert "high fever" not in str(refusal.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spans": (), "relations": (), "questions": ()}, "a scheme needs spans or questions"),
        ({"relations": ({"name": "r", "head": "symptom", "tail": "x", "definition": ""},)}, "must be among the spans"),
        ({"questions": (TOPIC.model_dump(), TOPIC.model_dump())}, "a label stands twice in one list"),
    ],
)
def test_an_incoherent_scheme_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        OwnScheme.model_validate(MEDICAL.model_dump() | changes)
