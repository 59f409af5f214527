"""Gold labels: more than half decides, an adjudicator breaks ties, every vote stays, and the order means nothing."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor.annotation.adjudicate import Adjudicated, Merge, adjudicate
from r1tailor.annotation.schemes import MEDICAL
from r1tailor.records import Annotation, Labels, Relation, Span
from r1tailor.schema.annotation import OwnScheme, Question
from tests.support.annotated import vote

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
TOPIC = Question(name="topic", values=("x", "y", "z"), multiple=False, definition="Which?")
TAGS = Question(name="tags", values=("x", "y", "z"), multiple=True, definition="Which of them?")
SCHEME = OwnScheme(kind="own", spans=MEDICAL.spans, relations=MEDICAL.relations, questions=(TOPIC, TAGS))
HIGH_FEVER, FEVER, FLU = Span(0, 10, "symptom"), Span(5, 10, "symptom"), Span(12, 15, "disease")
_PROPERTY = settings(deadline=None, derandomize=True, database=None, max_examples=60)


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
