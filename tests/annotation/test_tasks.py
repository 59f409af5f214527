"""Task files are written for the tools whose exports a domain reads."""

import json
from pathlib import Path

import pytest

from r1tailor.annotation.tasks import write_tasks
from r1tailor.schema.annotation import Export, LabelStudioExport, ProdigyExport
from tests.support.annotated import DOCUMENTS, SCHEME

PRODIGY = ProdigyExport(kind="prodigy", path="p")
LABEL_STUDIO = LabelStudioExport(kind="label_studio", path="l")


@pytest.mark.parametrize(
    ("exports", "files"),
    [
        ([], ["label_studio.json", "label_studio.xml"]),
        ([LABEL_STUDIO], ["label_studio.json", "label_studio.xml"]),
        ([PRODIGY], ["prodigy.jsonl"]),
        ([PRODIGY, LABEL_STUDIO], ["label_studio.json", "label_studio.xml", "prodigy.jsonl"]),
    ],
)
def test_each_tool_in_use_gets_its_tasks(exports: list[Export], files: list[str], tmp_path: Path) -> None:
    written = write_tasks(tmp_path, exports, SCHEME, DOCUMENTS[:2], reasons={"d0": "votes are tied", "d1": "once"})
    assert sorted(path.name for path in tmp_path.iterdir()) == files
    assert {path.name for path in written} == set(files) - {"label_studio.xml"}
    for path in written:
        text = path.read_text("utf-8")
        rows = json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]
        assert [row["meta"]["reason"] for row in rows] == ["votes are tied", "once"]


def test_without_documents_nothing_is_written(tmp_path: Path) -> None:
    assert write_tasks(tmp_path / "none", [PRODIGY], SCHEME, []) == []
    assert not (tmp_path / "none").exists()
