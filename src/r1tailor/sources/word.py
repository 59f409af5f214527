"""Word documents become headings and paragraphs, in the order of the page.

The text is that with all changes accepted: inserted and moved text is there, deleted text is not. A row of a table is
one block. Footnotes and endnotes follow at the end. Headers and footers are left out, and so are the numbers that Word
computes for lists and headings.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from r1tailor.sources.blocks import Block
from r1tailor.sources.html import Unreadable, shifted

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # says a text box again
_LEFT_OUT = {f"{_W}del", f"{_W}moveFrom", f"{_W}pPr", f"{_W}rPr", _FALLBACK}
_HEADING = re.compile(r"(?:heading|标题|標題)\s*([1-9])", re.IGNORECASE)
_SHIFTS = {"superscript": "sup", "subscript": "sub"}
_NOTES = ("/footnotes", "/endnotes")


def page(path: Path) -> tuple[str, list[Block]]:
    """Return the title of a document (empty if it has none) and its blocks.

    Raises:
        Unreadable: it is no Word document, or a damaged one.
    """
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from lxml import etree

    try:
        document = docx.Document(str(path))
        styles = {style.style_id: style.name or "" for style in document.styles}
        blocks = list(_blocks(document.element.body, styles))
        for relation in document.part.rels.values():
            if relation.reltype.endswith(_NOTES):
                notes = etree.fromstring(relation.target_part.blob, etree.XMLParser(resolve_entities=False))
                blocks += [block for note in notes if not note.get(f"{_W}type") for block in _blocks(note, styles)]
        return (document.core_properties.title or "").strip(), blocks
    except (PackageNotFoundError, zipfile.BadZipFile, etree.XMLSyntaxError, KeyError, ValueError):
        raise Unreadable("no whole Word document (.docx)") from None


def _blocks(parent: Any, styles: dict[str, str]) -> Iterator[Block]:  # noqa: ANN401
    """Yield the blocks below an element; what only wraps paragraphs, such as a form's field, is passed through."""
    for element in parent:
        if element.tag == f"{_W}p":
            if text := _text(element).strip():
                yield Block(text, _level(element, styles))
        elif element.tag == f"{_W}tbl":
            yield from _rows(element)
        elif element.tag not in _LEFT_OUT and isinstance(element.tag, str):
            yield from _blocks(element, styles)


def _rows(table: Any) -> Iterator[Block]:  # noqa: ANN401
    for row in table.iter(f"{_W}tr"):
        if next(row.iterancestors(f"{_W}tbl")) is not table:
            continue  # of a table within a cell, which is text of that cell
        cells = [" ".join(filter(None, map(str.strip, map(_text, cell.iter(f"{_W}p"))))) for cell in row.iter(f"{_W}tc")
                 if next(cell.iterancestors(f"{_W}tr")) is row]  # fmt: skip
        if any(cells):
            yield Block(" | ".join(cells))


def _level(paragraph: Any, styles: dict[str, str]) -> int:  # noqa: ANN401
    properties = paragraph.find(f"{_W}pPr")
    style = None if properties is None else properties.find(f"{_W}pStyle")
    name = "" if style is None else styles.get(style.get(f"{_W}val"), "")
    if found := _HEADING.fullmatch(name):
        return min(int(found[1]), 6)
    return 1 if name == "Title" else 0


def _text(element: Any) -> str:  # noqa: ANN401
    """Return the text of a paragraph or run; raised and lowered digits stay what they are."""
    pieces: list[str] = []
    for inner in element:
        if inner.tag == f"{_W}t":
            pieces.append(inner.text or "")
        elif inner.tag in (f"{_W}tab", f"{_W}br", f"{_W}cr"):
            pieces.append("\t" if inner.tag == f"{_W}tab" else "\n")
        elif inner.tag in (f"{_W}noBreakHyphen",):
            pieces.append("-")
        elif inner.tag not in _LEFT_OUT and isinstance(inner.tag, str):
            pieces.append(_text(inner))
    text = "".join(pieces)
    place = element.find(f"{_W}rPr/{_W}vertAlign")
    tag = _SHIFTS.get(place.get(f"{_W}val"), "") if place is not None else ""
    return shifted(text, tag) if tag and text.strip() else text
