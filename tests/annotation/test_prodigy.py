"""Prodigy: token indices become spans, answers become votes, and what is damaged is refused by line."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor.annotation import prodigy
from r1tailor.annotation.expected import Expected
from r1tailor.annotation.schemes import MEDICAL
from r1tailor.annotation.suggest import Suggestion
from r1tailor.errors import DataError
from r1tailor.records import Annotation, Document, Labels, Relation, Span
from r1tailor.schema.annotation import OwnScheme
from tests.external.label_studio import DOCUMENTS, SAID, SCHEME

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
TEXT = "😀 high fever 发热 of flu"
DOCUMENT = Document("d1", TEXT, **FACTS)
EXPECTED = Expected({"d1": DOCUMENT}, SCHEME)
FEVER, FLU = Span(2, 12, "symptom"), Span(19, 22, "disease")
_PROPERTY = settings(deadline=None, derandomize=True, database=None, max_examples=60)

# As `prodigy db-out` writes the relations view: token_end is inclusive, head and child are last tokens.
ROW: dict[str, Any] = {
    "text": TEXT,
    "meta": {"document": "d1"},
    "_input_hash": -400334998,
    "_task_hash": 1861007191,
    "tokens": [
        {"text": "😀", "start": 0, "end": 1, "id": 0, "ws": True, "disabled": True},
        {"text": "high", "start": 2, "end": 6, "id": 1, "ws": True, "disabled": False},
        {"text": "fever", "start": 7, "end": 12, "id": 2, "ws": True, "disabled": False},
        {"text": "发热", "start": 13, "end": 15, "id": 3, "ws": True, "disabled": False},
        {"text": "of", "start": 16, "end": 18, "id": 4, "ws": True, "disabled": False},
        {"text": "flu", "start": 19, "end": 22, "id": 5, "ws": False, "disabled": False},
    ],
    "spans": [
        {"text": "high fever", "start": 2, "end": 12, "token_start": 1, "token_end": 2, "label": "symptom"},
        {"start": 19, "end": 22, "token_start": 5, "token_end": 5, "type": "span", "label": "disease"},
    ],
    "relations": [
        {
            "head": 2,
            "child": 5,
            "head_span": {"start": 2, "end": 12, "token_start": 1, "token_end": 2, "label": "symptom"},
            "child_span": {"start": 19, "end": 22, "token_start": 5, "token_end": 5, "label": "disease"},
            "color": "#ffd882",
            "label": "indicates",
        }
    ],
    "_view_id": "relations",
    "answer": "accept",
    "_timestamp": 1767323045,
    "_annotator_id": "round1-ann",
    "_session_id": "round1-ann",
}


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[Annotation]]:
    """Read rows as an export file."""

    def read_(rows: list[Any], expected: Expected = EXPECTED) -> list[Annotation]:
        path = tmp_path / "export.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        try:
            return prodigy.read(path, expected)
        except DataError as error:
            raise DataError(str(error).replace(str(path), "export.jsonl")) from None

    return read_


def test_an_accepted_task_is_a_vote(read: Callable[..., list[Annotation]], tmp_path: Path) -> None:
    (vote,) = read([ROW])
    assert vote.labels == Labels((FEVER, FLU), (Relation(FEVER, FLU, "indicates"),))
    assert (vote.annotator, vote.created_at) == ("round1-ann", "2026-01-02T03:04:05+00:00")
    assert (vote.position, vote.lead_seconds) == (f"{tmp_path}/export.jsonl, line 1", None)


def test_a_relation_without_spans_of_its_own_is_resolved_by_its_tokens(read: Callable[..., list[Annotation]]) -> None:
    bare = {"head": 1, "child": 5, "label": "indicates"}  # any token of a span stands for it
    (vote,) = read([ROW | {"relations": [bare]}])
    assert vote.labels.relations == (Relation(FEVER, FLU, "indicates"),)


@pytest.mark.parametrize("answer", ["reject", "ignore"])
def test_only_accepted_labels_count(answer: str, read: Callable[..., list[Annotation]]) -> None:
    (vote,) = read([ROW | {"answer": answer}])
    assert (vote.answer, vote.cancelled, vote.labels) == (answer, True, Labels())


@pytest.mark.parametrize(
    ("chosen", "answers"),
    [
        ({"accept": ["confirmed"], "options": [{"id": "confirmed"}]}, {"certainty": ("confirmed",)}),
        ({"accept": []}, {}),
        ({"label": "suspected", "_view_id": "classification"}, {"certainty": ("suspected",)}),
    ],
)
def test_a_choice_answers_the_schemes_question(
    chosen: dict[str, Any], answers: dict[str, tuple[str, ...]], read: Callable[..., list[Annotation]]
) -> None:
    (vote,) = read([ROW | chosen])
    assert vote.labels.answers == answers


def test_the_session_says_who_it_was_where_the_annotator_is_not_named(read: Callable[..., list[Annotation]]) -> None:
    (vote,) = read([ROW | {"_annotator_id": None, "_session_id": "s", "_timestamp": None}])
    assert (vote.annotator, vote.created_at) == ("s", "")


SPAN, RELATION = ("spans", 0), ("relations", 0)
MALFORMED = [
    (("text",), None, "text is missing"),
    (("meta",), None, "meta is missing"),
    (("meta", "document"), "d2", "document 'd2' is not among the clean documents"),
    (("answer",), "yes", "answer must be 'accept', 'reject' or 'ignore'"),
    (("tokens", 0, "start"), "0", "tokens.0.start must be an integer"),
    ((*SPAN, "end"), 99, "span 0: start and end must be 0 <= start < end <= 22"),
    ((*SPAN, "start"), 12, "span 0: start and end must be 0 <= start < end <= 22"),
    ((*SPAN, "text"), "fever", "span 0: text[2:12] is not its text"),
    ((*SPAN, "token_end"), 3, "span 0: tokens 1 to 3 (inclusive) cover 2 to 15, not 2 to 12"),
    ((*SPAN, "token_end"), 9, "span 0: there is no token 9; tokens are 0 to 5"),
    ((*SPAN, "label"), None, "spans.0.label is missing"),
    (
        (*SPAN, "label"),
        "Symptom",
        "relation 0, head: 0 labelled spans lie over token 2; there must be one",
    ),
    ((*RELATION, "head"), 4, "relation 0, head: 0 labelled spans lie over token 4; there must be one"),
    ((*RELATION, "child"), -1, "relation 0, child: there is no token -1; tokens are 0 to 5"),
    (
        (*RELATION, "label"),
        "treats",
        "'symptom treats disease' is no relation of the scheme. Allowed: symptom indicates "
        "disease, treatment treats disease. Did you mean symptom indicates disease?",
    ),
    (("accept",), ["sure"], "'sure' is no answer to certainty of the scheme. Allowed: confirmed, suspected."),
    (("accept",), [1], "accept.0 must be a string"),
    (("_timestamp",), 1e300, "_timestamp must be less than 100000000000"),
]


@pytest.mark.parametrize(("path", "value", "message"), MALFORMED)
def test_a_malformed_export_is_refused_by_line(
    path: tuple[str | int, ...], value: object, message: str, read: Callable[..., list[Annotation]]
) -> None:
    damaged: Any = copy.deepcopy(ROW)
    holder = damaged
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value
    if value is None:
        del holder[path[-1]]
    with pytest.raises(DataError) as refusal:
        read([ROW, damaged])
    assert str(refusal.value) in (f"export.jsonl, line 2: {message}", f"export.jsonl, line 2, {message}")


def test_what_names_nobody_or_answers_what_is_not_asked_is_refused(read: Callable[..., list[Annotation]]) -> None:
    with pytest.raises(DataError, match=r"line 1: neither _annotator_id nor _session_id names the annotator$"):
        read([ROW | {"_annotator_id": None, "_session_id": None}])
    with pytest.raises(DataError, match=r"line 1: it answers a question; the scheme has 0, Prodigy asks one$"):
        read([ROW | {"accept": ["confirmed"]}], Expected({"d1": DOCUMENT}, MEDICAL))


def test_overlapping_spans_over_a_relations_token_need_its_spans(read: Callable[..., list[Annotation]]) -> None:
    inner = {"start": 7, "end": 12, "token_start": 2, "token_end": 2, "label": "symptom"}
    overlapping = ROW | {"spans": [*ROW["spans"], inner]}
    (vote,) = read([overlapping])
    assert vote.labels.relations == (Relation(FEVER, FLU, "indicates"),)
    with pytest.raises(DataError, match=r"relation 0, head: 2 labelled spans lie over token 2; there must be one$"):
        read([overlapping | {"relations": [{"head": 2, "child": 5, "label": "indicates"}]}])


def test_votes_written_for_prodigy_come_back(read: Callable[..., list[Annotation]]) -> None:
    said = {document: replace(labels, comments={}) for document, labels in SAID.items()}  # Prodigy has no text areas
    votes = [Annotation(d, "ann", "accept", said[d], "2026-01-02T03:04:05+00:00", None, "") for d in said]
    votes.append(Annotation("en", "bob", "reject", Labels(), "", None, ""))
    rows = list(prodigy.tasks(DOCUMENTS, SCHEME, annotations=votes))
    assert [row["meta"]["document"] for row in rows] == ["en", "en", "zh", "two-lines", "unlabelled"]
    again = read(rows[:-1], Expected({document.id: document for document in DOCUMENTS}, SCHEME))
    assert sorted((replace(vote, position="") for vote in again), key=lambda v: (v.document, v.annotator)) == sorted(
        votes, key=lambda v: (v.document, v.annotator)
    )


def test_a_task_shows_suggestions_on_tokens() -> None:
    suggested = Suggestion("d1", "terms", 0.8, Labels((FEVER, FLU), (Relation(FEVER, FLU, "indicates"),)))
    (task,) = prodigy.tasks([DOCUMENT], SCHEME, [suggested], reasons={"d1": "labelled once"})
    assert [token["text"] for token in task["tokens"]] == ["😀", "high", "fever", "发", "热", "of", "flu"]
    assert [token["ws"] for token in task["tokens"]] == [True, True, True, False, True, True, False]
    (relation,) = task["relations"]
    assert (relation["head"], relation["child"], relation["head_span"]["token_start"]) == (2, 6, 1)
    assert task["options"] == [{"id": "confirmed", "text": "confirmed"}, {"id": "suspected", "text": "suspected"}]
    assert task["meta"] == {"document": "d1", "reason": "labelled once"}
    several = OwnScheme(kind="own", spans=MEDICAL.spans, relations=(), questions=())
    assert "options" not in next(prodigy.tasks([DOCUMENT], several))


@_PROPERTY
@given(st.text(st.sampled_from("ab发热𠮷😀 .\n"), min_size=1, max_size=12), st.data())
def test_a_span_of_any_shape_lies_on_whole_tokens(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    span = Span(start, data.draw(st.integers(start + 1, len(text))), "symptom")
    document = Document("d1", text, **FACTS)
    (task,) = prodigy.tasks([document], SCHEME, [Suggestion("d1", "m", 1.0, Labels((span,)))])
    (written,) = task["spans"]
    tokens = task["tokens"]
    assert tokens[written["token_start"]]["start"] == span.start
    assert tokens[written["token_end"]]["end"] == span.end
    assert all(text[token["start"] : token["end"]] == token["text"] for token in tokens)
