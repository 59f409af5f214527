"""Votes become tables of ratings: tokens, pairs of spans, answers."""

import numpy as np

from r1tailor.annotation.ratings import MISSING, NOTHING, Ratings, ratings
from r1tailor.annotation.schemes import MEDICAL
from r1tailor.records import Annotation, Document, Relation, Span
from r1tailor.schema.annotation import OwnScheme
from tests.support.annotated import FACTS, TOPIC, vote

SCHEME = OwnScheme(kind="own", spans=MEDICAL.spans, relations=MEDICAL.relations, questions=(TOPIC,))
FEVER, FLU = Span(5, 10, "symptom"), Span(12, 15, "disease")
INDICATES = Relation(FEVER, FLU, "indicates")


def rated(*votes: Annotation) -> dict[str, Ratings]:
    documents = {"d1": Document("d1", "high fever, flu", **FACTS)}
    return {table.aspect: table for table in ratings({"d1": list(votes)}, documents, SCHEME)}


def rows(table: Ratings) -> list[list[str]]:
    return [[("missing" if code == MISSING else table.values[code]) for code in row] for row in table.codes]


def test_spans_are_rated_token_by_token_and_a_token_outside_has_no_label() -> None:
    table = rated(vote("a", FEVER, FLU), vote("b", Span(0, 10, "symptom"), FLU))["spans"]
    # Tokens: high, fever, the comma, flu.
    assert rows(table) == [[NOTHING, "symptom"], ["symptom"] * 2, [NOTHING] * 2, ["disease"] * 2]
    assert (table.documents, set(table.document_of.tolist())) == (("d1",), {0})


def test_a_relation_is_missing_for_an_annotator_who_did_not_draw_both_spans() -> None:
    table = rated(vote("a", FEVER, FLU, relations=[INDICATES]), vote("b", FEVER, FLU), vote("c", FLU))["relations"]
    assert rows(table) == [["indicates", NOTHING]]
    other = rated(vote("a", FEVER, FLU, relations=[INDICATES]), vote("c", Span(0, 4, "symptom"), FLU))["relations"]
    assert rows(other) == [[NOTHING, "missing"][::-1], ["indicates", "missing"]]


def test_several_answers_are_one_value_whatever_their_order() -> None:
    table = rated(vote("a", topic="x y"), vote("b", topic="y x"), vote("c"))["topic"]
    assert table.values == ("x + y",)
    assert (table.codes == np.zeros((1, 2))).all(), "who did not answer has no column"
