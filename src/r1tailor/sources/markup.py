"""Marked-up text as plain text that still means the same: XML of papers and HTML of courts.

To drop the tags is not enough: 10<sup>9</sup> would become 109, the cells of a row one number, a fraction two. Here a
superscript stays one, a row of a table is a line with bars between its cells, and a formula is named, not flattened.
"""

import re
from collections.abc import Iterator
from html.entities import html5

from lxml import etree

from r1tailor.sources.streams import Damage

_BREAK = "\x1e"  # the ASCII record separator, which no XML document may hold
_SPACE = re.compile(r"[ \t\r\n\f]+")
_SUPERSCRIPTS = str.maketrans("0123456789+-−–=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿ")
_SUBSCRIPTS = str.maketrans("0123456789+-−–=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎")
_ORDINALS = ("st", "nd", "rd", "th")
_CELLS = ("td", "th")
_DROPPED = ("object-id", "script", "style", "head", "template")
_FORMULA = "[formula]"
_DOCUMENT = re.compile(r"\\begin\{document\}(.*)\\end\{document\}", re.DOTALL)
_JATS_BLOCKS = (
    *("abstract", "article-title", "boxed-text", "caption", "chem-struct-wrap", "def", "def-item", "def-list"),
    *("disp-formula", "disp-quote", "fig", "fn", "list", "list-item", "p", "sec", "statement", "table"),
    *("table-wrap", "table-wrap-foot", "term", "title", "trans-title", "verse-line"),
)
_HTML_BLOCKS = (
    *("address", "article", "aside", "blockquote", "body", "br", "center", "dd", "div", "dl", "dt", "footer"),
    *("form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "pre", "section"),
    *("tbody", "thead", "tr", "ul"),
)
_BLOCKS = frozenset((*_JATS_BLOCKS, *_HTML_BLOCKS))


def plain(element: etree._Element | None) -> str:
    """Return an element's text on one line; empty if there is no element.

    Raises:
        Damage: it is nested too deeply, or uses an entity that is not in HTML's list: none that a file defines is
            expanded.
    """
    return "" if element is None else _SPACE.sub(" ", _outer(element).replace(_BREAK, " ")).strip()


def lines(element: etree._Element) -> list[str]:
    """Return an element's text, a line for each title, paragraph, item and row of a table.

    Raises:
        Damage: as ``plain``.
    """
    written = (_SPACE.sub(" ", line).strip() for line in _outer(element).split(_BREAK))
    return [line for line in written if line]


def superscript(text: str) -> str:
    """Return text as superscript: in Unicode's characters for it where all have one, else after ``^``."""
    if text in _ORDINALS:
        return text
    raised = text.translate(_SUPERSCRIPTS)
    if not set(raised) & set(text) or not any(map(str.isalnum, text)):
        return raised
    return f"^{text}" if len(text) == 1 else f"^({text})"


def subscript(text: str) -> str:
    """Return text as subscript in Unicode's characters for it, or as it is where one of them has none."""
    lowered = text.translate(_SUBSCRIPTS)
    return text if set(lowered) & set(text) else lowered


def name_of(element: etree._Element) -> str:
    """Return an element's name without its namespace, in lower case."""
    # Not by etree.QName, which raises on names that only the HTML parser lets through.
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _outer(element: etree._Element) -> str:
    try:
        return _inner(element)
    except RecursionError:
        raise Damage("nested too deeply") from None


def _inner(element: etree._Element) -> str:
    return "".join(_parts(element))


def _parts(element: etree._Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        yield _entity(child.name or "") if isinstance(child, etree._Entity) else _child(child)
        yield child.tail or ""


def _child(element: etree._Element) -> str:
    name = name_of(element)
    if not name or name in _DROPPED:
        return ""
    if name == "tr":
        return f"{_BREAK}{' | '.join(plain(cell) for cell in element if name_of(cell) in _CELLS)}{_BREAK}"
    if name == "math":
        return _FORMULA
    if name == "alternatives":  # the same thing several times: TeX says the most in plain text
        return next((_tex(each) for each in element if name_of(each) == "tex-math"), "") or _FORMULA
    if name == "tex-math":
        return _tex(element)
    return _formatted(name, element)


def _formatted(name: str, element: etree._Element) -> str:
    inner = _inner(element)
    if name in _BLOCKS:
        before = element.getprevious()
        labelled = before is not None and name_of(before) == "label" and name != "caption"
        return f"{'' if labelled else _BREAK}{inner}{_BREAK}"
    if name == "label":
        return f"{_BREAK}{inner} "
    if name == "sup" and inner.strip():
        cites = any(name_of(each) == "xref" and each.get("ref-type") == "bibr" for each in element)
        return f"[{inner.strip()}]" if cites else superscript(inner.strip())
    if name == "sub":
        return subscript(inner.strip())
    return inner


def _tex(element: etree._Element) -> str:
    """Return a formula in TeX; PubMed Central wraps each in a document of its own."""
    inner = _inner(element)
    document = _DOCUMENT.search(inner)
    return document[1] if document else inner


def _entity(name: str) -> str:
    if f"{name};" not in html5:
        raise Damage("it uses an entity that is defined elsewhere; write the character itself")
    return html5[f"{name};"]
