"""PDF files: pages and sections become documents; what cannot be read is rejected and named."""

import gzip
import io
from pathlib import Path

import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from r1tailor.schema.sources import PdfSource
from r1tailor.sources import pdf_layout, streams
from tests.support.pdf_pages import PAGES, SECTIONS, pdf, table, text
from tests.support.raw import collected, write


def image(canvas: Canvas) -> None:
    canvas.drawImage(ImageReader(Image.new("RGB", (20, 20), "red")), 50, 50, 400, 600)


PROSE = text((20, "Hypertension in adults"), (10, "Treat at 140/90 mmHg or above."), (10, "HbA1c < 7.0 %, not 38.5 C."))
CHINESE = text(
    (18, "高血压防治指南"),
    (10, "血压≥140/90 mmHg 者应开始治疗，"),
    (10, "首选药物为钙通道阻滞剂，无禁忌证者。"),
    font="STSong-Light",
)


def test_a_page_becomes_a_document_in_both_languages(tmp_path: Path) -> None:
    write(tmp_path, "who/guide.pdf", pdf(PROSE, lambda _: None, CHINESE))
    documents, rejected = collected(PAGES, tmp_path)
    assert rejected == []
    assert [(each.id, each.position) for each in documents] == [
        *(("s-who/guide.pdf-1", "page 1"), ("s-who/guide.pdf-3", "page 3")),
    ]
    english, chinese = documents
    assert english.text == "Hypertension in adults\nTreat at 140/90 mmHg or above.\nHbA1c < 7.0 %, not 38.5 C."
    assert chinese.text == "高血压防治指南\n血压≥140/90 mmHg 者应开始治疗，\n首选药物为钙通道阻滞剂，无禁忌证者。"
    assert english.fields == {"page": 1, "headings": ["Hypertension in adults"], "tables": 0}
    assert chinese.fields == {"page": 3, "headings": ["高血压防治指南"], "tables": 0}


def test_what_stands_between_two_headings_is_a_section_over_pages(tmp_path: Path) -> None:
    first = text(
        *[(10, "An introduction without any heading of its own."), (16, "1 Who to"), (16, "treat")],
        *[(10, f"Recommendation {number}.") for number in range(3)],
    )
    second = text((10, "It goes on here."), (16, "2 How to treat"), (10, "With care."), (16, "3 Annex"))
    write(tmp_path, "guide.pdf", pdf(first, second))
    documents, _ = collected(SECTIONS, tmp_path)
    assert [(each.id, each.position, each.fields) for each in documents] == [
        ("s-guide.pdf-1", "page 1", {"heading": "", "page": 1, "last_page": 1}),
        ("s-guide.pdf-2", "page 1", {"heading": "1 Who to treat", "page": 1, "last_page": 2}),
        ("s-guide.pdf-3", "page 2", {"heading": "2 How to treat", "page": 2, "last_page": 2}),
        ("s-guide.pdf-4", "page 2", {"heading": "3 Annex", "page": 2, "last_page": 2}),
    ]
    assert (
        documents[1].text == "1 Who to treat\nRecommendation 0.\nRecommendation 1.\nRecommendation 2.\nIt goes on here."
    )
    assert documents[3].text == "3 Annex"


@pytest.mark.parametrize("source", [PAGES, SECTIONS], ids=["page", "section"])
def test_a_page_that_is_only_an_image_is_rejected_and_the_others_come(source: PdfSource, tmp_path: Path) -> None:
    write(tmp_path, "guide.pdf", pdf(PROSE, image, CHINESE))
    documents, rejected = collected(source, tmp_path)
    assert [document.position for document in documents] == ["page 1", "page 3"]
    assert rejected == ["raw/guide.pdf, page 2: an image without text: it needs OCR"]


def _unmapped(content: bytes) -> bytes:
    """Take from the Chinese font what says which characters its glyphs are."""
    return content.replace(b"(GB1)", b"(XX1)").replace(b"UniGB-UCS2-H", b"Identity-H  ")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ": not a PDF, or damaged (PDFSyntaxError)"),
        (b"GIF89a" * 100, ": not a PDF, or damaged (PDFSyntaxError)"),
        (pdf(PROSE)[:300], ": not a PDF, or damaged (PSEOF)"),
        (gzip.compress(pdf(PROSE)), ": not a PDF, or damaged (PDFSyntaxError)"),
        (pdf(PROSE, password="secret"), ": encrypted: it opens with a password only"),
        (pdf(PROSE).replace(b"/Type /Page\n", b"/Type /None\n"), ": no pages in it, or damaged"),
    ],
    ids=["empty", "an image", "cut off", "packed", "encrypted", "no page"],
)
def test_a_file_that_cannot_be_opened_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    write(tmp_path, "guide.pdf", content)
    write(tmp_path, "other.pdf", pdf(PROSE))
    documents, rejected = collected(PAGES, tmp_path)
    assert [document.id for document in documents] == ["s-other.pdf-1"]
    assert rejected == [f"raw/guide.pdf{message}"]


@pytest.mark.parametrize(
    ("part", "harm", "read", "rejection"),
    [
        (b"/Rotate 0", b"/Rotate x", [1, 3], "page 2: its content cannot be read (TypeError)"),
        (b"0 0 595 842", b"/a /b 595 8", [1], "page 2: damaged (TypeError); the rest is not read"),
    ],
    ids=["no angle", "no size"],
)
def test_before_a_damaged_page_the_others_come(
    part: bytes, harm: bytes, read: list[int], rejection: str, tmp_path: Path
) -> None:
    first, second, third = pdf(PROSE, PROSE, CHINESE).split(part, 2)
    write(tmp_path, "guide.pdf", first + part + second + harm + third)
    documents, rejected = collected(PAGES, tmp_path)
    assert [document.fields["page"] for document in documents] == read
    assert rejected == [f"raw/guide.pdf, {rejection}"]
    documents, rejected = collected(SECTIONS, tmp_path)
    assert [document.fields["page"] for document in documents] == read
    assert rejected == [f"raw/guide.pdf, {rejection}"]


def test_a_file_that_opens_without_a_password_is_read(tmp_path: Path) -> None:
    file = io.BytesIO()
    canvas = Canvas(file, encrypt=StandardEncryption("", ownerPassword="owner", canPrint=0))
    PROSE(canvas)
    canvas.save()
    write(tmp_path, "guide.pdf", file.getvalue())
    assert collected(PAGES, tmp_path)[0][0].text.startswith("Hypertension in adults")


def test_glyphs_without_characters_are_rejected(tmp_path: Path) -> None:
    write(tmp_path, "guide.pdf", _unmapped(pdf(CHINESE)))
    _, rejected = collected(PAGES, tmp_path)
    reason = "its font does not say which characters its glyphs are: it needs OCR"
    assert rejected == [f"raw/guide.pdf, page 1: {reason}"]


def test_a_page_that_is_too_long_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LONGEST_TEXT", 60)
    write(tmp_path, "guide.pdf", pdf(PROSE, text((10, "Short."))))
    documents, rejected = collected(PAGES, tmp_path)
    assert [document.text for document in documents] == ["Short."]
    assert rejected == ["raw/guide.pdf, page 1: its text is longer than 60 characters"]


def test_a_page_of_endless_work_is_rejected_and_of_a_drawing_the_text_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf_layout, "_MOST_GLYPHS", 50)
    monkeypatch.setattr(pdf_layout, "_MOST_EDGES", 5)
    write(tmp_path, "guide.pdf", pdf(PROSE, table([["Drug", "Dose"], ["A", "2 mg"]], 740)))
    documents, rejected = collected(PAGES, tmp_path)
    assert [(document.text, document.fields["tables"]) for document in documents] == [("Drug Dose\nA 2 mg", 0)]
    assert rejected == ["raw/guide.pdf, page 1: more than 50 glyphs"]


def test_what_a_parser_stumbles_over_is_not_shown(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    secret = pdf(PROSE).replace(b"BT 1 0 0 1 60 780 Tm", b"/TOPSECRET g BT 1 0 0 1 60 780 Tm")
    write(tmp_path, "guide.pdf", secret)
    found = collected(PAGES, tmp_path)
    assert "TOPSECRET" not in "".join([repr(found), *capfd.readouterr(), caplog.text])


def test_a_character_map_of_elsewhere_is_not_loaded(tmp_path: Path) -> None:
    """CVE-2025-64512: the name of a character map led pdfminer to a pickle outside of its own folder."""
    program = f"cos\nsystem\n(S'touch {tmp_path}/ran'\ntR.".encode()
    for name in ("evil.pickle.gz", "evil.json.gz"):
        (tmp_path / name).write_bytes(gzip.compress(program))
    named = f"{tmp_path}/evil".replace("/", "#2F").encode()
    write(tmp_path, "guide.pdf", pdf(CHINESE).replace(b"/UniGB-UCS2-H", b"/" + named))
    collected(PAGES, tmp_path)
    assert not (tmp_path / "ran").exists()
