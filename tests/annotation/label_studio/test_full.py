"""Label Studio's JSON export: what is read, in which unit, and what is refused."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from r1tailor.annotation.expected import Expected
from r1tailor.errors import DataError
from r1tailor.records import Annotation, Labels, Relation, Span
from tests.external.label_studio import SCHEME, compare
from tests.support.label_studio_cases import DOCUMENT, FEVER, FLU, TEXT, export, relation

REAL = Path(__file__).parents[2] / "data"


def test_a_real_export_comes_back_as_it_was_said() -> None:
    compare(REAL / "label_studio.json", REAL / "label_studio_min.json")


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
        3,
        f"{HERE}, region a: text[3:7] is not value.text, neither in code points nor in UTF-16 units "
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


def _about(region: str, *choices: str) -> dict[str, Any]:
    value = {"start": 2, "end": 7, "text": "fever", "choices": list(choices)}
    return {"type": "choices", "id": region, "from_name": "certainty", "value": value}


def test_a_choice_about_a_region_is_part_of_its_label(read: Callable[..., list[Annotation]]) -> None:
    symptom = SCHEME.spans[0]
    names = ("symptom/suspected", "symptom/confirmed")
    spans = (*SCHEME.spans, *(symptom.model_copy(update={"name": name}) for name in names))
    scheme = SCHEME.model_copy(update={"spans": spans})
    whole = {"type": "choices", "id": "z", "from_name": "certainty", "value": {"choices": ["confirmed"]}}
    other = {**FEVER, "id": "c", "value": {**FEVER["value"], "start": 3, "text": "ever"}}
    result = (_about("a", "suspected"), FEVER, FLU, other, _about("c", "confirmed"), whole)
    (vote,) = read(export(*result), Expected({"d1": DOCUMENT}, scheme))
    labels = [(span.start, span.label) for span in vote.labels.spans]
    assert labels == [(2, "symptom/suspected"), (3, "symptom/confirmed"), (14, "disease")]
    assert vote.labels.answers == {"certainty": ("confirmed",)}


def test_a_choice_about_a_region_that_the_scheme_does_not_name_is_refused(
    read: Callable[..., list[Annotation]],
) -> None:
    with pytest.raises(DataError, match="'symptom/suspected' is no span label of the scheme"):
        read(export(FEVER, _about("a", "suspected")))
