"""Label Studio: what a real one exported is read as it was said; what is damaged is refused by task and region."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from r1tailor.annotation import label_studio
from r1tailor.annotation.expected import Expected
from r1tailor.annotation.label_studio.tasks import labelling_config, tasks
from r1tailor.annotation.offsets import fitting
from r1tailor.errors import DataError
from r1tailor.records import Annotation, Document, Labels, Relation, Span
from r1tailor.schema.annotation import OwnScheme, Question
from tests.external.label_studio import DOCUMENTS, SAID, SCHEME, WITHOUT_RELATIONS, compare

REAL = Path(__file__).parents[1] / "data"
FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
TEXT = "😀 fever and 𠮷 flu, flu"
DOCUMENT = Document("d1", TEXT, **FACTS)
EXPECTED = Expected({"d1": DOCUMENT}, SCHEME)
_PROPERTY = settings(deadline=None, derandomize=True, database=None, max_examples=60)


def region(id_: str, start: int, end: int, text: str, label: str) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": text, "labels": [label]}
    return {"id": id_, "type": "labels", "from_name": "label", "to_name": "text", "value": value}


def relation(from_id: str, to_id: str, label: str = "indicates", direction: str = "right") -> dict[str, Any]:
    return {"type": "relation", "from_id": from_id, "to_id": to_id, "direction": direction, "labels": [label]}


FEVER, FLU = region("a", 2, 7, "fever", "symptom"), region("b", 14, 17, "flu", "disease")


def export(*result: dict[str, Any], **changes: object) -> list[dict[str, Any]]:
    annotation = {
        "id": 12,
        "completed_by": 3,
        "was_cancelled": False,
        "result": list(result),
        "created_at": "2026-01-02T03:04:05.678901Z",
        "lead_time": 2.5,
        **changes,
    }
    return [{"id": 7, "data": {"document": "d1", "text": TEXT}, "annotations": [annotation], "drafts": [{"result": 1}]}]


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[Annotation]]:
    """Read a value as an export file."""

    def read_(value: object, expected: Expected = EXPECTED) -> list[Annotation]:
        path = tmp_path / "export.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
        try:
            return label_studio.read(path, expected)
        except DataError as error:
            raise DataError(str(error).replace(str(path), "export.json")) from None

    return read_


def test_a_real_export_comes_back_as_it_was_said() -> None:
    compare(REAL / "label_studio.json", REAL / "label_studio_min.json")


def test_a_real_export_written_again_says_the_same(read: Callable[..., list[Annotation]]) -> None:
    expected = Expected({document.id: document for document in DOCUMENTS}, SCHEME)
    first = label_studio.read(REAL / "label_studio.json", expected)
    written = tasks(DOCUMENTS, annotations=first)
    for number, task in enumerate(written):
        task["id"] = number
        for annotation in task["annotations"]:
            annotation["id"] = number
    again = read(written, expected)
    by_vote = {(vote.document, vote.annotator): replace(vote, position="") for vote in again}
    assert by_vote == {(vote.document, vote.annotator): replace(vote, position="") for vote in first}
    assert len(again) == len(first) == 6
    assert {vote.document: vote.labels for vote in again if not vote.cancelled} == SAID


def test_an_annotation_says_who_when_and_where(read: Callable[..., list[Annotation]], tmp_path: Path) -> None:
    (vote,) = read(export(FEVER, FLU, relation("a", "b")))
    fever, flu = Span(2, 7, "symptom"), Span(14, 17, "disease")
    assert vote.labels == Labels((fever, flu), (Relation(fever, flu, "indicates"),))
    assert (vote.annotator, vote.answer, vote.lead_seconds) == ("3", "accept", 2.5)
    assert vote.created_at == "2026-01-02T03:04:05.678901+00:00"
    assert vote.position == f"{tmp_path}/export.json, task 7, annotation 12"


@pytest.mark.parametrize(("direction", "pairs"), [("right", ["ab"]), ("left", ["ba"]), ("bi", ["ab", "ba"])])
def test_the_direction_of_a_relation_is_kept(
    direction: str, pairs: list[str], read: Callable[..., list[Annotation]]
) -> None:
    both = SCHEME.relations[0].model_copy(update={"head": "disease", "tail": "symptom"})
    scheme = SCHEME.model_copy(update={"relations": (*SCHEME.relations, both)})
    (vote,) = read(export(FEVER, FLU, relation("a", "b", direction=direction)), Expected({"d1": DOCUMENT}, scheme))
    name = {2: "a", 14: "b"}
    assert [name[r.head.start] + name[r.tail.start] for r in vote.labels.relations] == sorted(pairs)


@pytest.mark.parametrize("offset", [0, 1], ids=["code points", "UTF-16 units"])
def test_offsets_are_read_in_the_unit_that_the_file_proves(offset: int, read: Callable[..., list[Annotation]]) -> None:
    # The emoji and the rare character count two each in UTF-16. The second "flu" alone would fit either way.
    regions = [
        region("a", 2 + offset, 7 + offset, "fever", "symptom"),
        region("b", 19 + 2 * offset, 22 + 2 * offset, "flu", "disease"),
    ]
    (vote,) = read(export(*regions))
    assert vote.labels.spans == (Span(2, 7, "symptom"), Span(19, 22, "disease"))


@pytest.mark.parametrize("offset", [0, 1], ids=["code points", "UTF-16 units"])
def test_a_region_that_fits_in_both_units_follows_the_others(
    offset: int, read: Callable[..., list[Annotation]]
) -> None:
    document = Document("d1", "😀痛痛痛,发热", **FACTS)
    value = export(
        region("a", 2 + offset, 3 + offset, "痛", "symptom"), region("b", 5 + offset, 7 + offset, "发热", "symptom")
    )
    value[0]["data"]["text"] = document.text
    (vote,) = read(value, Expected({"d1": document}, SCHEME))
    assert vote.labels.spans == (Span(2, 3, "symptom"), Span(5, 7, "symptom"))


@_PROPERTY
@given(st.text(st.sampled_from("aé发𠮷😀 \n"), min_size=1, max_size=12), st.data())
def test_every_span_survives_both_units(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    units = [len(text[:offset].encode("utf-16-le")) // 2 for offset in (start, end)]
    for places in ((start, end), units):
        found = fitting((text, *places, text[start:end]))
        assert (start, end) in found.values()


def test_a_line_end_that_the_editor_writes_as_backslash_n_is_a_line_end(read: Callable[..., list[Annotation]]) -> None:
    document = Document("d1", "no\nfever", **FACTS)
    value = export(region("a", 1, 5, "o\\nfe", "symptom"))
    value[0]["data"]["text"] = document.text
    (vote,) = read(value, Expected({"d1": document}, SCHEME))
    assert vote.labels.spans == (Span(1, 5, "symptom"),)


def test_what_is_cancelled_counts_for_nothing_and_drafts_and_predictions_are_no_annotations(
    read: Callable[..., list[Annotation]],
) -> None:
    value = export(FEVER, was_cancelled=True)
    value[0]["predictions"] = [{"result": [FLU]}]
    (vote,) = read(value)
    assert (vote.answer, vote.cancelled, vote.labels) == ("ignore", True, Labels())
    assert (
        read(export({"no": "region"}, was_cancelled=True, completed_by={"id": 4, "email": "x@y"}))[0].annotator == "x@y"
    )


def test_answers_and_comments_are_read(read: Callable[..., list[Annotation]]) -> None:
    choice = {"type": "choices", "from_name": "certainty", "value": {"choices": ["suspected"]}}
    comments = [{"type": "textarea", "from_name": "comment", "value": {"text": text}} for text in (["x"], "y")]
    (vote,) = read(export(choice, *comments))
    assert vote.labels == Labels(answers={"certainty": ("suspected",)}, comments={"comment": ("x", "y")})


def broken(*path: str | int, value: object) -> Callable[[list[dict[str, Any]]], None]:
    def breaks(export_: list[dict[str, Any]]) -> None:
        holder: Any = export_
        for part in path[:-1]:
            holder = holder[part]
        if value is None:
            del holder[path[-1]]
        else:
            holder[path[-1]] = value

    return breaks


ANNOTATION = (0, "annotations", 0)
RESULT = (*ANNOTATION, "result")
HERE = "export.json, task 7, annotation 12"
MALFORMED = [
    ((0,), 3, "export.json, task number 1: it must be a mapping"),
    ((0, "id"), "x", "export.json, task number 1: id must be an integer"),
    ((0, "data"), None, "export.json, task 7: data is missing"),
    ((0, "data", "document"), None, "export.json, task 7: data.document is missing"),
    ((0, "data", "document"), "d2", "export.json, task 7: document 'd2' is not among the clean documents"),
    (
        (0, "data", "text"),
        TEXT + ".",
        "export.json, task 7: its text is not the text of document 'd1': cleaned by other rules since? "
        "Offsets would be wrong; write the tasks again and label those",
    ),
    ((0, "annotations"), None, "export.json, task 7: annotations is missing"),
    ((0, "annotations"), {}, "export.json, task 7: annotations must be a list"),
    ((*ANNOTATION, "completed_by"), None, "export.json, task 7: annotations.0.completed_by is missing"),
    ((*ANNOTATION, "completed_by"), True, "export.json, task 7: annotations.0.completed_by must be a string"),
    ((*ANNOTATION, "was_cancelled"), "no", "export.json, task 7: annotations.0.was_cancelled must be a boolean"),
    ((*ANNOTATION, "created_at"), "today", f"{HERE}: created_at must be an ISO date and time"),
    ((*RESULT, 0, "id"), None, "export.json, task 7: annotations.0.result.0.id is missing"),
    ((*RESULT, 0, "value", "start"), "2", "export.json, task 7: annotations.0.result.0.value.start must be an integer"),
    ((*RESULT, 0, "value", "text"), None, "export.json, task 7: annotations.0.result.0.value.text is missing"),
    (
        (*RESULT, 0, "value", "start"),
        1,
        f"{HERE}, region a: text[1:7] is not value.text, neither in code points nor in UTF-16 units "
        "(the document has 22 characters)",
    ),
    (
        (*RESULT, 0, "value", "end"),
        99,
        f"{HERE}, region a: text[2:99] is not value.text, neither in code points nor in UTF-16 units "
        "(the document has 22 characters)",
    ),
    (
        (*RESULT, 0, "value", "labels"),
        ["symptom", "disease"],
        "export.json, task 7: annotations.0.result.0.value.labels must have at most 1 item",
    ),
    (
        (*RESULT, 0, "value", "labels"),
        ["sympton"],
        f"{HERE}: 'sympton' is no span label of the scheme. "
        "Allowed: symptom, disease, treatment. Did you mean symptom?",
    ),
    ((*RESULT, 2, "to_id"), "c", f"{HERE}: a relation leads to region 'c', which this annotation does not have"),
    ((*RESULT, 2, "labels"), None, "export.json, task 7: annotations.0.result.2.labels is missing"),
    (
        (*RESULT, 2, "direction"),
        "left",
        f"{HERE}: 'disease indicates symptom' is no relation of the scheme. "
        "Allowed: symptom indicates disease, treatment treats disease.",
    ),
    (
        (*RESULT, 0, "type"),
        "rectanglelabels",
        "export.json, task 7: annotations.0.result.0 must have one of these for its type: "
        "labels, choices, textarea, relation",
    ),
    (
        (*RESULT, 3, "value", "choices"),
        ["sure"],
        f"{HERE}: 'sure' is no answer to certainty of the scheme. Allowed: confirmed, suspected.",
    ),
    (
        (*RESULT, 3, "value", "choices"),
        ["confirmed", "suspected"],
        f"{HERE}: certainty has 2 answers and takes one",
    ),
    ((*RESULT, 3, "from_name"), "mood", f"{HERE}: 'mood' is no question of the scheme. Allowed: certainty."),
]


@pytest.mark.parametrize(("path", "value", "message"), MALFORMED)
def test_a_malformed_export_is_refused_by_task_and_region(
    path: tuple[str | int, ...], value: object, message: str, read: Callable[..., list[Annotation]]
) -> None:
    choice = {"type": "choices", "from_name": "certainty", "value": {"choices": ["confirmed"]}}
    damaged = copy.deepcopy(export(FEVER, FLU, relation("a", "b"), choice))
    broken(*path, value=value)(damaged)
    with pytest.raises(DataError) as refusal:
        read(damaged)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("[", "export.json: not JSON: Expecting value"),
        ("{}", "export.json: a list is expected, found dict"),
        ('[{"id": 1, "id": 2}]', "export.json: 'id' stands there twice; say it once"),
        ('["\\ud83d"]', "export.json: \\ud83d is half a character; the other half is missing"),
        ("[" * 100_000, "export.json: not JSON: nested too deeply"),
    ],
)
def test_what_is_no_json_list_is_refused(written: str, message: str, read: Callable[..., list[Annotation]]) -> None:
    with pytest.raises(DataError) as refusal:
        read(written)
    assert str(refusal.value) == message


ROW = {
    "id": 7,
    "document": "d1",
    "text": TEXT,
    "label": [FEVER["value"]],
    "certainty": "confirmed",
    "comment": ["x", {"text": ["y", "z"]}],
    "annotator": 3,
    "annotation_id": 12,
    "created_at": "2026-01-02T03:04:05Z",
}


def test_a_row_of_json_min_is_an_annotation(read: Callable[..., list[Annotation]]) -> None:
    nobodys = ROW | {"annotation_id": None, "annotator": None}
    (vote,) = read([ROW, nobodys], Expected({"d1": DOCUMENT}, WITHOUT_RELATIONS))
    assert vote.labels == Labels(
        (Span(2, 7, "symptom"),), (), {"certainty": ("confirmed",)}, {"comment": ("x", "y", "z")}
    )


@pytest.mark.parametrize(
    ("row", "scheme", "message"),
    [
        (ROW, SCHEME, "export.json: a JSON-MIN export has no relations, and the scheme has; export as JSON"),
        (ROW | {"annotator": None}, WITHOUT_RELATIONS, "export.json, task 7: annotator must be a string"),
        (
            ROW | {"label": [{"labels": ["symptom"]}]},
            WITHOUT_RELATIONS,
            "export.json, task 7, annotation 12, a region: start is missing",
        ),
        (
            ROW | {"certainty": 3},
            WITHOUT_RELATIONS,
            "export.json, task 7, annotation 12, certainty: it must be a mapping",
        ),
    ],
)
def test_a_malformed_row_is_refused(
    row: dict[str, Any], scheme: OwnScheme, message: str, read: Callable[..., list[Annotation]]
) -> None:
    with pytest.raises(DataError) as refusal:
        read([row], Expected({"d1": DOCUMENT}, scheme))
    assert str(refusal.value).startswith(message)


def test_a_scheme_becomes_a_labelling_configuration() -> None:
    several = Question(name="topics", values=("a & b", "c"), multiple=True, definition="Which?")
    view = etree.fromstring(labelling_config(SCHEME.model_copy(update={"questions": (several,)})))
    assert view.xpath("Labels/Label/@value") == ["symptom", "disease", "treatment"]
    assert view.xpath("Relations/Relation/@value") == ["indicates", "treats"]
    assert view.xpath("Choices[@name='topics'][@choice='multiple']/Choice/@value") == ["a & b", "c"]
    assert view.xpath("Text/@saveTextResult") == ["yes"]
    assert all(view.xpath("Labels/Label/@hint"))
