"""Label Studio's JSON-MIN export: one row per annotation, without relations."""

from collections.abc import Callable
from typing import Any

import pytest

from r1tailor.annotation.expected import Expected
from r1tailor.errors import DataError
from r1tailor.records import Annotation, Labels, Span
from r1tailor.schema.annotation import OwnScheme
from tests.external.label_studio import SCHEME, WITHOUT_RELATIONS
from tests.support.label_studio_cases import DOCUMENT, FEVER, TEXT

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
        (ROW, SCHEME, "export.json: a JSON-MIN export has no relations, and the scheme has some; export as JSON"),
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
