"""Glyphs of a PDF page: bold drawn several times, sideways text, watermarks, text whose order cannot be told."""

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from r1tailor.records import Document
from tests.support.pdf_pages import PAGES, SECTIONS, Draw, both, pdf, table, text
from tests.support.raw import collected, write

PROSE = [
    "Ward notes of the night: the patient was given aspirin,",
    "and the pain in the chest went away after two hours.",
    "In the morning the nurses saw him walk down the hall,",
    "wrote it down, and let him rest until it was noon.",
]
SHOWN = "\n".join(PROSE)
BODY = text(*[(10, line) for line in PROSE])


def _read(tmp_path: Path, *pages: Draw) -> tuple[list[Document], list[str]]:
    write(tmp_path, "guide.pdf", pdf(*pages))
    return collected(PAGES, tmp_path)


def _text(tmp_path: Path, page: Draw) -> str:
    documents, rejected = _read(tmp_path, page)
    assert rejected == []
    return documents[0].text


def at(angle: float, x: float, y: float, draw: Draw, grey: float = 0) -> Draw:
    """Draw at a place of the page, turned counter-clockwise."""

    def turned(canvas: Canvas) -> None:
        canvas.saveState()
        canvas.setFillGray(grey)
        canvas.translate(x, y)
        canvas.rotate(angle)
        draw(canvas)
        canvas.restoreState()

    return turned


@pytest.mark.parametrize(
    "shifts",
    [[(0.3, 0)], [(0.3, 0), (0.6, 0)], [(0.25, 0.25)], [(1.2, -1.2)], [(0, 0)]],
    ids=["twice", "three times", "aslant", "a shadow", "at one place"],
)
def test_text_that_is_drawn_again_is_read_once(shifts: list[tuple[float, float]], tmp_path: Path) -> None:
    again = (text((12, "Dose 50 mg, 11 ml, III"), x=60 + x, y=780 + y) for x, y in [(0, 0), *shifts])
    assert _text(tmp_path, both(*again)) == "Dose 50 mg, 11 ml, III"


def test_each_letter_drawn_twice_in_turn_is_read_once(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        x = 60.0
        for letter in "Dose 50 mg":
            both(*(text((12, letter), x=x + shift) for shift in (0, 0.4)))(canvas)
            x += canvas.stringWidth(letter, "Helvetica", 12)

    assert _text(tmp_path, page) == "Dose 50 mg"


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_sideways_text_follows_the_upright_text(angle: int, tmp_path: Path) -> None:
    side = text((10, "A note at the edge"), (10, "of two lines"), x=0, y=0)
    assert _text(tmp_path, both(BODY, at(angle, 400, 400, side))) == f"{SHOWN}\nA note at the edge\nof two lines"


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_page_that_lies_on_its_side_is_read_with_its_table(angle: int, tmp_path: Path) -> None:
    whole = both(BODY, table([["Drug", "Dose"], ["Ramipril", "2.5 mg"]], 700))
    origin = {90: (842, 0), 180: (595, 842), 270: (-247, 595)}[angle]
    assert _text(tmp_path, at(angle, *origin, whole)) == f"{SHOWN}\nDrug | Dose\nRamipril | 2.5 mg"


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_page_that_is_shown_turned_is_read_as_it_is_shown(angle: int, tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        canvas.setPageRotation(angle)
        origin = {90: (842, 0), 180: (595, 842), 270: (-247, 595)}[angle]
        at(angle, *origin, BODY)(canvas)

    assert _text(tmp_path, page) == SHOWN


@pytest.mark.parametrize("unit", [PAGES, SECTIONS], ids=["page", "section"])
@pytest.mark.parametrize(
    ("angle", "size", "grey"), [(45, 80, 0), (30, 60, 0.8), (60, 40, 0.9), (-45, 80, 0.5), (0, 70, 0.85)]
)
def test_a_watermark_is_left_out_and_counted(
    unit: object, angle: float, size: float, grey: float, tmp_path: Path
) -> None:
    mark = at(angle, 60, 735, text((size, "DRAFT"), x=0, y=0), grey)
    for number, page in enumerate((both(mark, BODY), both(BODY, mark))):  # behind the text, or over it
        write(tmp_path / str(number), "guide.pdf", pdf(page))
        (document,), rejected = collected(unit, tmp_path / str(number))
        assert (document.text, document.fields["watermark_glyphs"], rejected) == (SHOWN, 5, [])


def test_a_large_title_and_a_large_initial_are_text(tmp_path: Path) -> None:
    title = text((40, "DRAFT"), y=800)
    initial = both(text((30, "W"), y=700), text((10, "ard notes of the night,"), (10, "of two lines"), x=90, y=712))
    (first, second), _ = _read(tmp_path, both(title, BODY), both(BODY, initial))
    assert first.text == f"DRAFT\n{SHOWN}"
    assert "watermark_glyphs" not in first.fields | second.fields
    assert "W" in second.text.removeprefix(SHOWN)


def test_a_scan_that_is_slightly_askew_is_read(tmp_path: Path) -> None:
    assert _text(tmp_path, at(1, 0, 0, BODY)) == SHOWN


def _downward(canvas: Canvas) -> None:
    for column in range(3):
        for row, letter in enumerate("abcdefghij"):
            text((10, letter), x=300 - 20 * column, y=780 - 11 * row)(canvas)


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (at(30, 60, -300, BODY), "171 of its 171 glyphs stand at a slant"),
        (_downward, "its lines run from top to bottom"),
        (both(BODY, text((10, "CONFIDENTIAL COPY of another text"), x=63, y=779)), "text lies over other text"),
    ],
    ids=["slanted", "downward", "over other text"],
)
def test_a_page_whose_order_cannot_be_told_is_rejected(page: Draw, reason: str, tmp_path: Path) -> None:
    documents, rejected = _read(tmp_path, BODY, page)
    assert [document.text for document in documents] == [SHOWN]
    assert rejected == [f"raw/guide.pdf, page 2: {reason}"]
