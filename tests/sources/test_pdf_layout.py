"""The layout of a PDF page: columns, tables without rules, raised numbers."""

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.support.pdf_pages import PAGES, Draw, both, pdf, table, text
from tests.support.raw import collected, write


def _texts(tmp_path: Path, *pages: Draw) -> list[str]:
    write(tmp_path, "guide.pdf", pdf(*pages))
    documents, rejected = collected(PAGES, tmp_path)
    assert rejected == []
    return [document.text for document in documents]


def test_a_table_is_a_line_for_each_row_where_it_stands(tmp_path: Path) -> None:
    rows = [["Drug", "Dose"], ["Ramipril", "2.5 mg"], ["Amlodipine", ""]]
    page = both(text((10, "Before.")), table(rows, 740), text((10, "After."), y=600))
    write(tmp_path, "guide.pdf", pdf(page))
    (document,), _ = collected(PAGES, tmp_path)
    assert document.text == "Before.\nDrug | Dose\nRamipril | 2.5 mg\nAmlodipine | \nAfter."
    assert document.fields["tables"] == 1


COLUMN = [(10, f"of the column, line {number} of prose.") for number in range(6)]


def test_two_columns_are_read_one_after_the_other_between_what_spans_both(tmp_path: Path) -> None:
    wide = "A sentence that runs across the whole page, over both of its columns, to the other edge of it."
    page = both(
        text((10, wide), y=780),
        text(*[(10, f"Left {words}") for _, words in COLUMN], y=750),
        text(*[(10, f"Right {words}") for _, words in COLUMN], x=320, y=743),
        text((10, wide.replace("A sentence", "Another one")), y=600),
    )
    (found,) = _texts(tmp_path, page)
    assert [line.split()[0] for line in found.split("\n")] == ["A", *["Left"] * 6, *["Right"] * 6, "Another"]


def test_a_table_without_rules_stays_in_its_rows(tmp_path: Path) -> None:
    names = text(*[(10, f"Drug {number}") for number in range(6)])
    doses = text(*[(10, f"{number} mg") for number in range(6)], x=320)
    (found,) = _texts(tmp_path, both(names, doses))
    assert found.split("\n") == [f"Drug {number} {number} mg" for number in range(6)]


def _raised(canvas: Canvas, before: str, small: str, rise: float) -> float:
    text((10, before))(canvas)
    x = 60 + canvas.stringWidth(before, "Helvetica", 10)
    text((6, small), x=x, y=780 + rise)(canvas)
    return x + canvas.stringWidth(small, "Helvetica", 6)


@pytest.mark.parametrize(
    ("before", "small", "rise", "after", "expected"),
    [
        ("10", "9", 4, "/L", "10⁹/L"),
        ("m", "2", 4, " of skin", "m² of skin"),
        ("CO", "2", -2, " in air", "CO₂ in air"),
        ("value", "a", 4, "", "value^a"),
    ],
)
def test_a_raised_number_is_a_power(
    before: str, small: str, rise: float, after: str, expected: str, tmp_path: Path
) -> None:
    def draw(canvas: Canvas) -> None:
        end = _raised(canvas, before, small, rise)
        text((10, after), x=end)(canvas)

    assert _texts(tmp_path, draw) == [expected]
