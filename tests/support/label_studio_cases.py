"""Exports of Label Studio, made by hand."""

from typing import Any

from r1tailor.annotation.expected import Expected
from r1tailor.records import Document
from tests.external.label_studio import SCHEME

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
TEXT = "😀 fever and 𠮷 flu, flu"
DOCUMENT = Document("d1", TEXT, **FACTS)
EXPECTED = Expected({"d1": DOCUMENT}, SCHEME)


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
