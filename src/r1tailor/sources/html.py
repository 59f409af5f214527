"""HTML becomes headings and paragraphs: what a reader of the page would read, and nothing that steers a browser.

Raised and lowered digits stay what they are: without that 10<sup>9</sup>/L would read 109/L.
"""

import re

from lxml import etree
from lxml import html as lxml_html
from lxml.html import defs

from r1tailor.sources.blocks import Block

_DROPPED = {"script", "style", "nav", "noscript", "template", "iframe", "object", "svg"}
_BLOCKS = defs.block_tags - {"del", "ins", "noscript"}
_BLOCKS |= {"article", "aside", "body", "details", "dialog", "figcaption", "figure", "footer", "header", "main", "nav"}
_BLOCKS |= {"section", "summary"}
_CELLS = {"td", "th"}
_SHIFTED = {
    "sup": str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ"),
    "sub": str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎"),
}
_SIGNS = {"sup": "^", "sub": "_"}
_HARMLESS = {"st", "nd", "rd", "th", "o", "tm", "sm"}  # 1st, 38oC
_SPACE = re.compile(r"[ \t\n\r\f]+")


class Unreadable(ValueError):
    """A page that cannot be read whole; the text says why."""


def page(text: str) -> tuple[str, list[Block]]:
    """Return the title of a page (empty if it has none) and its blocks.

    Raises:
        Unreadable: it is nested too deeply, or a piece of it is too long: parts of it would be missing.
    """
    # A parser of its own for each page keeps their errors apart. It reads no other file and no network.
    parser = lxml_html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = lxml_html.document_fromstring(text.encode(), parser=parser)
    except etree.ParserError:  # nothing is left without comments
        return "", []
    if any(entry.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for entry in parser.error_log):
        raise Unreadable("nested deeper than 255 levels, or 10 MB of it without a tag")
    body = root.find("body")
    return _SPACE.sub(" ", root.findtext("head/title") or "").strip(), [] if body is None else _blocks(body)


def _blocks(body: etree._Element) -> list[Block]:
    text = _Text()
    walk = etree.iterwalk(body, events=("start", "end"))
    for event, element in walk:
        if event == "end":
            text.leave(element)
        elif element.tag in _DROPPED:
            walk.skip_subtree()
        elif element.tag in _SHIFTED:
            text.add(_shifted(element))
            walk.skip_subtree()
        else:
            text.enter(element)
    return text.blocks


class _Text:
    """The blocks so far, and the pieces of the one that is being read."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._pieces: list[str] = []
        self._row: etree._Element | None = None  # a row of a table is one block, whatever its cells hold
        self._preformatted: etree._Element | None = None

    def enter(self, element: etree._Element) -> None:
        """Open what an element opens, and add the text it begins with."""
        if element.tag in _BLOCKS:
            self._divide()
        if element.tag == "tr" and self._row is None and _is_data(element):
            self._row = element
        elif element.tag == "pre" and self._preformatted is None:
            self._preformatted = element
        elif element.tag in _CELLS and self._row is not None and element.getprevious() is not None:
            self._pieces.append(" | ")
        elif element.tag == "br":
            self._pieces.append("\n")
        self.add(element.text)

    def leave(self, element: etree._Element) -> None:
        """Close what an element opened, and add the text behind it."""
        if element is self._row:
            self._row = None
        if element.tag in _BLOCKS:
            self._divide(int(element.tag[1]) if re.fullmatch("h[1-6]", element.tag) else 0)
        if element is self._preformatted:
            self._preformatted = None
        self.add(element.tail)

    def add(self, text: str | None) -> None:
        """Add text, with white space as a browser shows it."""
        if text:
            self._pieces.append(text if self._preformatted is not None else _SPACE.sub(" ", text))

    def _divide(self, level: int = 0) -> None:
        """End the block that is being read; within a row, only a word."""
        if self._row is not None:
            self._pieces.append(" ")
            return
        text = "".join(self._pieces)
        self._pieces = []
        if self._preformatted is None:
            text = "\n".join(re.sub(" +", " ", line).strip() for line in text.split("\n"))
        if text.strip():
            self.blocks.append(Block(text.strip("\n"), level))


def _is_data(row: etree._Element) -> bool:
    """Whether a row holds data: several cells of at most one paragraph. Others only lay out the page."""
    cells = [cell for cell in row if cell.tag in _CELLS]
    return len(cells) > 1 and all(sum(inner.tag in _BLOCKS for inner in cell.iterdescendants()) < 2 for cell in cells)


def _shifted(element: etree._Element) -> str:
    """Return a raised or lowered text in characters that say so, or in brackets behind ``^`` or ``_``."""
    text = _SPACE.sub(" ", "".join(str(part) for part in element.itertext())).strip()
    return shifted(text, str(element.tag))


def shifted(text: str, tag: str) -> str:
    """Return a text that is raised (``sup``) or lowered (``sub``) in characters that say so, or in brackets."""
    table = _SHIFTED[tag]
    if all(ord(sign) in table or not sign.isalnum() for sign in text):
        return text.translate(table)
    if text.lower() in _HARMLESS or (tag == "sub" and text.isalpha()):  # Tmax
        return text
    return f"{_SIGNS[tag]}({text})"
