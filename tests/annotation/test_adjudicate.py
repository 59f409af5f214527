"""Gold labels: more than half decides, an adjudicator breaks ties, every vote stays, and the order means nothing."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor import store
from r1tailor.annotation import annotate, settle
from r1tailor.annotation.adjudicate import Adjudicated, Merge, adjudicate
from r1tailor.annotation.schemes import MEDICAL
from r1tailor.errors import DataError
from r1tailor.records import Annotation, Document, Labels, Relation, Span, read_annotations, write_records
from r1tailor.schema.annotation import AgreementGate, OwnScheme, Question, RecordsExport
from r1tailor.schema.annotation import Annotation as AnnotationSettings

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
TOPIC = Question(name="topic", values=("x", "y", "z"), multiple=False, definition="Which?")
TAGS = Question(name="tags", values=("x", "y", "z"), multiple=True, definition="Which of them?")
SCHEME = OwnScheme(kind="own", spans=MEDICAL.spans, relations=MEDICAL.relations, questions=(TOPIC, TAGS))
HIGH_FEVER, FEVER, FLU = Span(0, 10, "symptom"), Span(5, 10, "symptom"), Span(12, 15, "disease")
_PROPERTY = settings(deadline=None, derandomize=True, database=None, max_examples=60)


def vote(
    annotator: str,
    *spans: Span,
    relations: Sequence[Relation] = (),
    document: str = "d1",
    **answers: str,
) -> Annotation:
    labels = Labels(
        tuple(sorted(spans)), tuple(relations), {name: tuple(values.split()) for name, values in answers.items()}
    )
    return Annotation(document, annotator, "accept", labels, "2026-01-01T00:00:00+00:00", 3.0, "by hand")


def decided(*votes: Annotation, merge: Merge = "exact", decision: Annotation | None = None) -> Adjudicated:
    return adjudicate(votes, decision, SCHEME, merge)


@pytest.mark.parametrize(
    ("votes", "merge", "spans", "rule"),
    [
        ([[FEVER, FLU], [FEVER, FLU]], "exact", [FEVER, FLU], "unanimous"),
        ([[FEVER, FLU], [FEVER], [FEVER, FLU]], "exact", [FEVER, FLU], "majority"),
        ([[FEVER, FLU], [FEVER], [FEVER]], "exact", [FEVER], "majority"),
        ([[FEVER]], "exact", [FEVER], "one vote"),
        ([[], []], "exact", [], "unanimous"),
        ([[FEVER], [HIGH_FEVER]], "exact", [], "undecided"),
        ([[FEVER], [HIGH_FEVER]], "overlap", [HIGH_FEVER], "unanimous"),
        ([[FEVER], [HIGH_FEVER], [FEVER]], "overlap", [FEVER], "unanimous"),
        ([[FEVER], [replace(FEVER, label="disease")], [HIGH_FEVER]], "overlap", [HIGH_FEVER], "majority"),
        ([[Span(0, 4, "symptom"), FEVER], [HIGH_FEVER], []], "overlap", [HIGH_FEVER], "majority"),
        ([[Span(0, 4, "symptom")], [Span(4, 8, "symptom")]], "overlap", [], "undecided"),  # they touch, no more
    ],
)
def test_spans_are_settled_by_more_than_half(
    votes: list[list[Span]], merge: Merge, spans: list[Span], rule: str
) -> None:
    found = decided(*(vote(f"a{n}", *drawn) for n, drawn in enumerate(votes)), merge=merge)
    assert (found.labels.spans, found.rules["spans"]) == (tuple(spans), rule)


@pytest.mark.parametrize(
    ("answers", "gold", "rule"),
    [
        (["x", "x"], "x", "unanimous"),
        (["x", "x", "y"], "x", "majority"),
        (["x", "y"], "", "undecided"),
        (["x", "y", "z"], "", "undecided"),
        (["x", "x", "y", "z"], "", "undecided"),  # half is not more than half
        (["y"], "y", "one vote"),
    ],
)
def test_one_answer_needs_more_than_half(answers: list[str], gold: str, rule: str) -> None:
    found = decided(*(vote(f"a{n}", topic=answer) for n, answer in enumerate(answers)))
    assert (" ".join(found.labels.answers["topic"]), found.rules["topic"]) == (gold, rule)


def test_several_answers_are_settled_each_for_itself() -> None:
    found = decided(vote("a", tags="x y"), vote("b", tags="x z"), vote("c", tags="x y"), vote("d"))
    assert (found.labels.answers["tags"], found.rules["tags"]) == (("x", "y"), "majority")
    assert "topic" not in found.rules  # nobody answered it


@pytest.mark.parametrize("merge", ["exact", "overlap"])
def test_relations_hold_between_gold_spans(merge: Merge) -> None:
    exact = vote("a", FEVER, FLU, relations=[Relation(FEVER, FLU, "indicates")])
    other = vote("b", HIGH_FEVER, FLU, relations=[Relation(HIGH_FEVER, FLU, "indicates")])
    found = decided(exact, other, replace(exact, annotator="c"), merge=merge)
    assert found.labels.relations == (Relation(FEVER, FLU, "indicates"),)
    assert found.rules["relations"] == ("majority" if merge == "exact" else "unanimous")


def test_a_tie_goes_to_the_adjudicator_and_relations_go_with_their_spans() -> None:
    votes = [vote("a", FEVER, FLU, topic="x"), vote("b", HIGH_FEVER, FLU, topic="x")]
    said = vote("chief", HIGH_FEVER, FLU, relations=[Relation(HIGH_FEVER, FLU, "indicates")], topic="y")
    undecided, found = decided(*votes), decided(*votes, decision=said)
    assert undecided.rules == {"spans": "undecided", "relations": "undecided", "topic": "unanimous"}
    assert (undecided.undecided, undecided.labels) == (True, Labels(answers={"topic": ("x",)}))
    assert found.rules == {"spans": "adjudicated", "relations": "adjudicated", "topic": "unanimous"}
    assert found.labels == Labels(said.labels.spans, said.labels.relations, {"topic": ("x",)})  # a clear vote stands
    assert (found.votes, found.decision) == (tuple(votes), said)


def test_a_tied_relation_alone_is_adjudicated_alone() -> None:
    related = vote("a", FEVER, FLU, relations=[Relation(FEVER, FLU, "indicates")])
    found = decided(related, vote("b", FEVER, FLU), decision=replace(related, annotator="chief"))
    assert found.rules == {"spans": "unanimous", "relations": "adjudicated"}
    assert found.labels.relations == related.labels.relations


_SPANS = st.builds(Span, st.integers(0, 3), st.integers(4, 7), st.sampled_from(["symptom", "disease"]))


@_PROPERTY
@given(
    st.lists(st.sets(_SPANS, max_size=3), min_size=1, max_size=5),
    st.sampled_from(["exact", "overlap"]),
    st.randoms(use_true_random=False),
)
def test_the_order_of_votes_means_nothing(drawn: list[set[Span]], merge: Merge, chance: object) -> None:
    votes = [vote(f"a{number}", *spans) for number, spans in enumerate(drawn)]
    shuffled = list(votes)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert decided(*shuffled, merge=merge) == decided(*votes, merge=merge)
    voted = set().union(*drawn)
    assert set(decided(*votes, merge=merge).labels.spans) <= voted


def _stage(tmp_path: Path, votes: Sequence[Annotation], decisions: Sequence[Annotation] = ()) -> AnnotationSettings:
    write_records(tmp_path / "votes.jsonl", votes)
    write_records(tmp_path / "chief.jsonl", decisions)
    return AnnotationSettings(
        scheme=SCHEME.model_copy(update={"spans": (), "relations": (), "questions": (TOPIC,)}),
        exports=(RecordsExport(kind="records", path="votes.jsonl"),),
        gate=AgreementGate(kappa=0.1, lower_bound=0.0, items=2, resamples=100, confidence=0.9),
        merge="exact",
        adjudication=RecordsExport(kind="records", path="chief.jsonl") if decisions else None,
    )


DOCUMENTS = [Document(f"d{number}", "text", **FACTS) for number in range(12)]
ANSWERS = [("x", "x"), ("y", "y"), ("z", "z")] * 3 + [("x", "y")]


def _votes() -> list[Annotation]:
    return [
        vote(annotator, document=f"d{number}", topic=answer)
        for number, answers in enumerate(ANSWERS)
        for annotator, answer in zip("ab", answers, strict=True)
    ]


def test_gold_labels_reach_the_documents_and_every_vote_is_kept(tmp_path: Path) -> None:
    own = _stage(tmp_path, _votes())
    gold = annotate(DOCUMENTS, own, tmp_path, seed=1)
    settle(gold, own, tmp_path / "annotate")
    fields = {document.id: document.fields.get("gold") for document in gold.documents}
    said = {"spans": [], "relations": [], "answers": {"topic": ["x"]}, "rules": {"topic": "unanimous"}}
    assert fields["d0"] == said | {"disagreement": 0.0}
    assert fields["d9"]["disagreement"] == 1.0
    assert fields["d9"]["rules"] == {"topic": "undecided"}
    assert (fields["d10"], fields["d11"]) == (None, None)
    assert gold.summary == "gold labels for 10 documents, 1 wait for an adjudicator; topic Cohen's kappa 0.85"
    lines = [json.loads(line) for line in (tmp_path / "annotate" / "gold.jsonl").read_text("utf-8").splitlines()]
    assert [(v["annotator"], v["labels"]["answers"]["topic"]) for v in lines[9]["votes"]] == [
        ("a", ["x"]),
        ("b", ["y"]),
    ]
    assert lines[9]["votes"][0]["created_at"] == "2026-01-01T00:00:00+00:00"
    assert store.read_json(tmp_path / "annotate" / "report.json")["undecided"] == ["d9"]


def test_ties_go_out_to_the_adjudicator_with_the_votes_and_come_back(tmp_path: Path) -> None:
    own = _stage(tmp_path, _votes())
    settle(annotate(DOCUMENTS, own, tmp_path, seed=1), own, tmp_path / "annotate")
    (task,) = store.read_json(tmp_path / "annotate" / "adjudication" / "label_studio.json")
    assert (task["data"]["document"], task["meta"]) == ("d9", {"reason": "votes are tied"})
    assert [prediction["model_version"] for prediction in task["predictions"]] == ["a", "b"]
    said = [
        vote("chief", document="d9", topic="z"),
        replace(vote("chief", document="d9", topic="y"), created_at="2026-02-01"),
    ]
    settled = annotate(DOCUMENTS, _stage(tmp_path, _votes(), said), tmp_path, seed=1)
    assert settled.decided[9].labels.answers == {"topic": ("y",)}  # the newest word
    assert settled.decided[9].rules == {"topic": "adjudicated"}
    assert settled.decided[9].decision is not None
    assert settled.decided[9].decision.annotator == "chief"
    assert settled.summary.startswith("gold labels for 10 documents; ")


def test_the_same_votes_give_the_same_bytes(tmp_path: Path) -> None:
    for name, votes in (("one", _votes()), ("two", _votes()[::-1])):
        own = _stage(tmp_path, votes)
        gold = annotate(DOCUMENTS, own, tmp_path, seed=1)
        settle(replace(gold, decided=[_unplaced(one) for one in gold.decided]), own, tmp_path / name)
    for file in ("gold.jsonl", "report.json", "adjudication/label_studio.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def _unplaced(one: Adjudicated) -> Adjudicated:
    return replace(one, votes=tuple(replace(each, position="") for each in one.votes))


RECORDS = [
    ({"document": "dx"}, "document 'dx' is not among the clean documents"),
    ({"created_at": "soon"}, "created_at must be an ISO date and time"),
    ({"labels": Labels((Span(0, 9, "symptom"),))}, "a span must have 0 <= start < end <= 4"),
    (
        {"labels": Labels((), (Relation(FEVER, FLU, "indicates"),))},
        "the head and the tail of a relation must be among the spans",
    ),
    ({"labels": Labels(answers={"topic": ("w",)})}, "'w' is no answer to topic of the scheme. Allowed: x, y, z."),
]


@pytest.mark.parametrize(("changes", "message"), RECORDS)
def test_a_record_of_another_tool_is_checked_like_any_export(
    changes: dict[str, object], message: str, tmp_path: Path
) -> None:
    damaged = replace(_votes()[0], **changes)  # type: ignore[arg-type]
    own = _stage(tmp_path, [damaged])
    with pytest.raises(DataError) as refusal:
        annotate(DOCUMENTS, own, tmp_path, seed=1)
    assert str(refusal.value) == f"{tmp_path}/votes.jsonl, annotation 1: {message}"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"answer": "maybe"}, "answer must be 'accept', 'reject' or 'ignore'"),
        ({"labels": 3}, "labels must be a mapping"),
        ({"lead_seconds": "3"}, "lead_seconds must be a number"),
    ],
)
def test_a_line_that_is_no_annotation_is_refused(line: dict[str, object], message: str, tmp_path: Path) -> None:
    path = tmp_path / "votes.jsonl"
    path.write_text(json.dumps(asdict(_votes()[0]) | line), encoding="utf-8")
    with pytest.raises(DataError) as refusal:
        read_annotations(path)
    assert str(refusal.value) == f"{path}, line 1: {message}"
