"""Guidelines in PDF: one document for each page, or for what stands between two headings.

A PDF says nothing of headings: a line is one if its font is clearly larger than that of most of the text before and on
its page. A page that is only an image has to go through OCR first, and is rejected, not passed over.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pdfplumber
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfminer.pdfpage import PDFPage
from pdfplumber.page import Page
from pdfplumber.pdf import PDF

from r1tailor.records import Document
from r1tailor.schema.sources import PdfSource
from r1tailor.sources.base import Origin, Read, raw_files, within_limits
from r1tailor.sources.ids import prefix
from r1tailor.sources.pdf_columns import Line
from r1tailor.sources.pdf_layout import layout_of
from r1tailor.sources.streams import LONGEST_TEXT, Damage, bounded

_LARGER = 1.15  # times the size of the body: a heading
_LONGEST_HEADING = 200  # characters
_UNMAPPED = re.compile(r"\(cid:\d+\)")  # how pdfminer writes a glyph of an unknown character
_MOST_UNMAPPED = 0.1  # of a page's characters
logging.getLogger("pdfminer").setLevel(logging.ERROR)  # its warnings quote what they stumble over


@dataclass(frozen=True)
class _Page:
    """One page: its lines with whether each is a heading, or what is wrong with it."""

    number: int
    lines: list[tuple[bool, str]]
    tables: int = 0
    left_out: int = 0
    damage: Damage | None = None


@dataclass
class _Section:
    """What is gathered until the next heading, and on which pages it stands."""

    first: int
    last: int
    heading: str = ""
    lines: list[str] = field(default_factory=list)
    size: int = 0
    left_out: int = 0

    def add(self, is_heading: bool, text: str, page: int) -> None:
        """Take in a line; a heading on several lines is one."""
        self.last = page
        self.size += len(text)
        if self.size > LONGEST_TEXT:
            raise Damage(f"a section longer than {LONGEST_TEXT:,} characters; the rest is not read", f"page {page}")
        if is_heading:
            self.heading = f"{self.heading} {text}".strip()
        else:
            self.lines.append(text)


def read(source: PdfSource, root: Path) -> Read:
    """Yield a document for each page or section, in reading order; rows of tables are lines with bars between cells.

    Rejected are a file that is encrypted or damaged, and a page that cannot be read or is only an image. A page with
    nothing on it is no material.

    Raises:
        DataError: there is no such file.
    """
    for path in raw_files(source, source.path, root, (".pdf",)):
        origin = Origin.of(source, path, root)
        name = prefix(source, path, root / source.path)
        yield from within_limits(_file(source, origin, path, name), origin)


def _file(source: PdfSource, origin: Origin, path: Path, name: str) -> Read:
    pages = _pages(path)
    try:
        yield from _by_page(pages, name, origin) if source.unit == "page" else _by_section(pages, name, origin)
    except Damage as damage:
        yield origin.rejection(damage.position, damage.reason)


def _pages(path: Path) -> Iterator[_Page]:
    """Yield a file's pages (its own list of them would hold all); after damage between two, that and no more.

    Raises:
        Damage: there is no page that could be read.
    """
    sizes: Counter[float] = Counter()
    number = 0
    try:
        with path.open("rb") as raw:
            file = pdfplumber.open(raw)
            for number, found in enumerate(PDFPage.create_pages(file.doc), start=1):
                yield _page(file, found, number, sizes)
    except Exception as error:  # whatever a parser of others raises on a hostile file
        if any(isinstance(each, PDFPasswordIncorrect) for each in (error, *error.args)):
            raise Damage("encrypted: it opens with a password only") from None
        if number == 0:
            raise Damage(f"not a PDF, or damaged ({_kind(error)})") from None
        yield _Page(number + 1, [], damage=Damage(f"damaged ({_kind(error)}); the rest is not read"))
    if number == 0:
        raise Damage("no pages in it, or damaged")


def _page(file: PDF, found: PDFPage, number: int, sizes: "Counter[float]") -> _Page:
    try:
        page = Page(file, found, page_number=number)
        layout = layout_of(page)
        lines = layout.lines
        _check("\n".join(line.text for line in lines), bool(page.images))
        page.close()
    except Damage as damage:
        return _Page(number, [], damage=damage)
    except Exception as error:
        return _Page(number, [], damage=Damage(f"its content cannot be read ({_kind(error)})"))
    for line in lines:
        sizes[round(line.size, 1)] += len(line.text) if line.size else 0
    body = max(sizes, key=lambda size: sizes[size]) if sizes else 0.0
    marked = [(_is_heading(line, body), line.text) for line in lines]
    return _Page(number, marked, layout.tables, layout.left_out)


def _check(text: str, image: bool) -> None:
    if not text and image:
        raise Damage("an image without text: it needs OCR")
    mapped, unmapped = _UNMAPPED.subn("", text)
    if unmapped > _MOST_UNMAPPED * (unmapped + len(mapped)):
        raise Damage("its font does not say which characters its glyphs are: it needs OCR")
    bounded(text)


def _is_heading(line: Line, body: float) -> bool:
    return line.size > _LARGER * body and len(line.text) <= _LONGEST_HEADING


def _kind(error: Exception) -> str:
    """Return the name of an error, or of the one that it wraps; never its text, which may quote the file."""
    inner = next((each for each in error.args if isinstance(each, Exception)), error)
    return type(inner).__name__


def _by_page(pages: Iterator[_Page], name: str, origin: Origin) -> Read:
    for page in pages:
        position = f"page {page.number}"
        if page.damage:
            yield origin.rejection(position, page.damage.reason)
        elif page.lines:
            headings = [text for is_heading, text in page.lines if is_heading]
            fields = {"page": page.number, "headings": headings, "tables": page.tables} | _left_out(page.left_out)
            text = "\n".join(text for _, text in page.lines)
            yield origin.document(f"{name}-{page.number}", text, position, fields)


def _by_section(pages: Iterator[_Page], name: str, origin: Origin) -> Read:
    section, number = _Section(1, 1), 1
    for page in pages:
        if page.damage:
            yield origin.rejection(f"page {page.number}", page.damage.reason)
        for is_heading, text in page.lines:
            if is_heading and section.lines:
                yield _document(section, f"{name}-{number}", origin)
                section, number = _Section(page.number, page.number), number + 1
            elif not section.size:
                section.first = page.number
            section.add(is_heading, text, page.number)
        section.left_out += page.left_out
    if section.size:
        yield _document(section, f"{name}-{number}", origin)


def _left_out(glyphs: int) -> dict[str, int]:
    return {"watermark_glyphs": glyphs} if glyphs else {}


def _document(section: _Section, id_: str, origin: Origin) -> Document:
    text = "\n".join([section.heading, *section.lines]).strip()
    fields = {"heading": section.heading, "page": section.first, "last_page": section.last}
    fields |= _left_out(section.left_out)
    return origin.document(id_, text, f"page {section.first}", fields)
