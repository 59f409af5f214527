"""Word documents: headings, paragraphs and tables in order; changes accepted, raised digits kept."""

from pathlib import Path

import docx
import pytest
from docx.document import Document as WordDocument
from docx.oxml import parse_xml

from r1tailor.records import Document, Rejection
from r1tailor.sources import read
from r1tailor.sources.blocks import Block
from r1tailor.sources.html import Unreadable
from r1tailor.sources.word import page
from tests.support.source_cases import Case

NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def _guide() -> WordDocument:
    guide = docx.Document()
    guide.add_heading("Sepsis", 1)
    guide.add_paragraph("Give fluids.")
    table = guide.add_table(2, 2)
    for row, texts in zip(table.rows, (("Drug", "Dose"), ("Amikacin", "15 mg/kg")), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    guide.add_heading("Follow-up", 2)
    paragraph = guide.add_paragraph("Platelets above 10")
    paragraph.add_run("9").font.superscript = True
    paragraph.add_run("/L.")
    return guide


def test_blocks_come_in_the_order_of_the_page(tmp_path: Path) -> None:
    _guide().save(str(tmp_path / "a.docx"))
    assert page(tmp_path / "a.docx")[1] == [
        Block("Sepsis", 1),
        Block("Give fluids."),
        Block("Drug | Dose"),
        Block("Amikacin | 15 mg/kg"),
        Block("Follow-up", 2),
        Block("Platelets above 10⁹/L."),
    ]


def test_inserted_text_is_there_deleted_text_is_not_and_fields_of_forms_are_read(tmp_path: Path) -> None:
    guide = docx.Document()
    for inner in (
        '<w:p {0}><w:r><w:t xml:space="preserve">Give </w:t></w:r>'
        '<w:del w:id="1"><w:r><w:delText>no </w:delText></w:r></w:del>'
        '<w:ins w:id="2"><w:r><w:t>5</w:t><w:tab/><w:t>mg</w:t></w:r></w:ins></w:p>',
        "<w:sdt {0}><w:sdtContent><w:p><w:r><w:t>Allergies: none</w:t></w:r></w:p></w:sdtContent></w:sdt>",
    ):
        guide.element.body.insert(len(guide.element.body) - 1, parse_xml(inner.format(NAMESPACE)))
    guide.save(str(tmp_path / "a.docx"))
    assert page(tmp_path / "a.docx")[1] == [Block("Give 5\tmg"), Block("Allergies: none")]


def test_a_table_within_a_cell_is_text_of_that_cell(tmp_path: Path) -> None:
    guide = docx.Document()
    cells = guide.add_table(1, 2).rows[0].cells
    cells[0].text = "outer"
    cells[1].add_table(1, 1).rows[0].cells[0].text = "inner"
    guide.save(str(tmp_path / "a.docx"))
    assert page(tmp_path / "a.docx")[1] == [Block("outer | inner")]


def test_word_is_a_text_source_by_file_and_section(tmp_path: Path) -> None:
    _guide().save(str(tmp_path / "a.docx"))
    (whole,) = _documents(tmp_path, "file")
    assert whole.fields == {"title": "Sepsis", "headings": ["Sepsis", "Follow-up"]}
    assert whole.text.endswith("Amikacin | 15 mg/kg\n\nFollow-up\n\nPlatelets above 10⁹/L.")
    assert [d.fields["headings"] for d in _documents(tmp_path, "section")] == [["Sepsis"], ["Sepsis", "Follow-up"]]


def _documents(root: Path, unit: str) -> list[Document]:
    rejected: list[Rejection] = []
    found = list(read(Case("", {"kind": "text", "path": ".", "unit": unit}, lambda *_: None).source(), root, rejected))
    assert rejected == []
    return found


@pytest.mark.parametrize("raw", [b"", b"Roe", b"PK\x03\x04Roe"])
def test_what_is_no_word_document_is_unreadable(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(raw)
    with pytest.raises(Unreadable, match=r"^no whole Word document \(\.docx\)$"):
        page(tmp_path / "a.docx")
