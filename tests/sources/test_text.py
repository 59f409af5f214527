"""Text and HTML files become documents, whole or by sections."""

from pathlib import Path

from r1tailor.records import Document, Rejection
from r1tailor.sources import read
from tests.support.source_cases import Case


def documents(root: Path, path: str, unit: str) -> list[Document]:
    rejected: list[Rejection] = []
    case = Case("", {"kind": "text", "path": path, "unit": unit}, lambda *_: None)
    found = list(read(case.source(), root, rejected))
    assert rejected == []
    return found


GUIDE = """# Fever

Measure twice.
Write both down.

## Children

Ask the mother.
"""


def test_a_file_is_a_document_with_its_title_and_headings(tmp_path: Path) -> None:
    (tmp_path / "guide.md").write_text(GUIDE, encoding="utf-8")
    (found,) = documents(tmp_path, "guide.md", "file")
    assert found.text == "Fever\n\nMeasure twice.\nWrite both down.\n\nChildren\n\nAsk the mother."
    assert (found.id, found.position) == ("mine", "line 1")
    assert found.fields == {"title": "Fever", "headings": ["Fever", "Children"]}


def test_a_section_is_a_document_with_the_headings_above_it(tmp_path: Path) -> None:
    (tmp_path / "guides").mkdir()
    (tmp_path / "guides" / "guide.txt").write_text(GUIDE, encoding="utf-8")
    (tmp_path / "guides" / "page.HTM").write_text("<title> A\n page</title><h1>Pain</h1>none<h3>Feet</h3><p>some")
    (tmp_path / "guides" / "scan.pdf").write_bytes(b"%PDF-1.7 is for another reader")
    found = documents(tmp_path, "guides", "section")
    assert [(d.id, d.position, d.text) for d in found] == [
        ("mine-guide.txt-1", "section 1", "Fever\n\nMeasure twice.\nWrite both down."),
        ("mine-guide.txt-2", "section 2", "Children\n\nAsk the mother."),
        ("mine-page.HTM-1", "section 1", "Pain\n\nnone"),
        ("mine-page.HTM-2", "section 2", "Feet\n\nsome"),
    ]
    assert [(d.fields["title"], d.fields["headings"]) for d in found] == [
        ("Fever", ["Fever"]),
        ("Fever", ["Fever", "Children"]),
        ("A page", ["Pain"]),
        ("A page", ["Pain", "Feet"]),
    ]
