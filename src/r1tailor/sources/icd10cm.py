"""The ICD-10-CM tabular list: one document for each code and for each of its inclusion terms.

Format: the XML "Tabular" release of the National Center for Health Statistics. A code below a category
belongs to that category; an Excludes1 note may stand at any level and holds for every code below it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from r1tailor.errors import DataError
from r1tailor.records import Document
from r1tailor.sources.base import Origin, Read

_CODE_RANGE = re.compile(r"\s*\([A-Z][0-9A-Z.]*(?:-[A-Z0-9.]+)?\)\s*$")
_PARENTHESES = re.compile(r"\(([^()]*)\)")
_CODE_REFERENCE = re.compile(r"^[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{0,4})?-?(?:-[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{0,4})?-?)?$")


def read(origin: Origin, path: Path) -> Read:
    """Yield a ``code`` document for each code and a ``term`` document for each inclusion term, in file order.

    Raises:
        DataError: the file is not well-formed XML or is no tabular list.
    """
    # Entities and network access stay off: the file may come from anywhere.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.parse(path, parser).getroot()
    except etree.XMLSyntaxError as error:
        log: Any = error.error_log  # the stubs do not know its last entry
        kind = log.last_error.type_name if log.last_error else type(error).__name__
        raise DataError(f"{path}: not well-formed XML ({kind}, line {error.lineno})") from None
    chapters = root.findall("chapter")
    if not chapters:
        raise DataError(f"{path}: no <chapter> in it; is it the ICD-10-CM tabular list?")
    for chapter in chapters:
        yield from _chapter(chapter, origin)


def _chapter(chapter: etree._Element, origin: Origin) -> Iterator[Document]:
    title = _CODE_RANGE.sub("", _text(chapter, "desc"))
    inherited = _excludes1(chapter)
    for section in chapter.findall("section"):
        excludes = [*inherited, *_excludes1(section)]
        for category in section.findall("diag"):
            place = {"chapter": title, "category": _text(category, "name"), "title": _text(category, "desc")}
            yield from _diagnosis(category, place, excludes, origin)


def _diagnosis(diag: etree._Element, place: dict[str, str], inherited: list[str], origin: Origin) -> Iterator[Document]:
    code = _text(diag, "name")
    excludes = [*inherited, *_excludes1(diag)]
    yield origin.document(code, _text(diag, "desc"), code, {"role": "code", **place, "excludes1": excludes})
    notes = [note for group in diag.findall("inclusionTerm") for note in group.findall("note")]
    for number, note in enumerate(notes):
        text = "".join(str(part) for part in note.itertext()).strip()
        yield origin.document(f"{code}#{number}", text, code, {"role": "term", **place})
    for child in diag.findall("diag"):
        yield from _diagnosis(child, place, excludes, origin)


def _text(element: etree._Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


def _excludes1(element: etree._Element) -> list[str]:
    """Return the code references (``A05.-``, ``T61-T62``) in an element's own Excludes1 notes."""
    notes = [note for group in element.findall("excludes1") for note in group.findall("note")]
    found = []
    for note in notes:
        for inner in _PARENTHESES.findall("".join(str(part) for part in note.itertext())):
            found += [part for part in re.split(r"[,\s]+", inner) if _CODE_REFERENCE.match(part)]
    return found
