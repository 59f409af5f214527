"""Raw files as streams, plain or gzip, and XML one record at a time: nothing here grows with the file.

A raw file may come from anywhere. What is compressed is read in pieces, an XML parser expands no entity and opens no
other file, and a record that grows past a bound ends the reading of its file instead of the process.
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

LONGEST_TEXT = 5_000_000  # characters of one record's text: a book of a thousand pages has about three million
LARGEST_RECORD = 50_000_000  # bytes of XML from the end of one record to the end of the next
_PIECE = 1 << 16
_HIGHEST_NUMBER = 10**8


class Damage(Exception):
    """Something that cannot be read; a reader makes a rejection of it.

    Args:
        reason: what is wrong, without quoting the material.
        position: where; empty where the reader knows it better, or where the file as a whole is meant.
    """

    def __init__(self, reason: str, position: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position


class Numbers:
    """The numbers below 100 million that were seen: one bit each, so that all of PubMed fits in 5 MB."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def first(self, number: int) -> bool:
        """Remember a number; return whether it is seen for the first time."""
        place, bit = number >> 3, 1 << (number & 7)
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 1 - len(self._bits)))
        seen = self._bits[place] & bit
        self._bits[place] |= bit
        return not seen


def number_of(text: str | None, what: str) -> int:
    """Return the number that identifies a record.

    Raises:
        Damage: it is missing, or is not written in one to eight digits.
    """
    if not text:
        raise Damage(f"{what} is missing")
    if not (text.isascii() and text.isdigit() and int(text[:9]) < _HIGHEST_NUMBER):
        raise Damage(f"{what} is not a number of one to eight digits")
    return int(text)


def bounded(text: str) -> str:
    """Return a record's text.

    Raises:
        Damage: it is longer than a record's text may be.
    """
    if len(text) > LONGEST_TEXT:
        raise Damage(f"its text is longer than {LONGEST_TEXT:,} characters")
    return text


def pieces(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes piece by piece, unpacked if it is called ``.gz``.

    Raises:
        Damage: the compressed data are damaged or end too early; what came before has been yielded.
    """
    packed = path.suffix.lower() == ".gz"
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            while piece := file.read1(_PIECE):
                yield piece
    except EOFError:
        raise Damage("the gzip data end too early") from None
    except (gzip.BadGzipFile, zlib.error):
        raise Damage("not gzip data, or damaged") from None


def elements(path: Path, tags: tuple[str, ...]) -> Iterator[etree._Element]:
    """Yield each element of those names once it is complete, and forget it when the next is asked for.

    Raises:
        Damage: the XML or its compression is damaged, or a record is too large; names the line. What came before has
            been yielded.
    """
    parser = etree.XMLPullParser(
        events=("end",),
        tag=tags,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    line, size = 1, 0
    for piece in _with_line(path):
        fault = _fault(parser, piece)
        for _, element in parser.read_events():
            size = 0
            if isinstance(element, etree._Element):  # the stubs know of other events as well
                yield element
                _forget(element)
        if fault:
            raise fault
        line += piece.count(b"\n")
        size += len(piece)
        if size > LARGEST_RECORD:
            raise Damage(f"a record of more than {LARGEST_RECORD:,} bytes; the rest is not read", f"line {line}")
    if fault := _fault(parser, None):
        raise fault


def _with_line(path: Path) -> Iterator[bytes]:
    """Yield a file's pieces; damage of its compression is given the line where it was met."""
    line = 1
    try:
        for piece in pieces(path):
            yield piece
            line += piece.count(b"\n")
    except Damage as damage:
        raise Damage(damage.reason, f"line {line}") from None


def _fault(parser: etree.XMLPullParser, piece: bytes | None) -> Damage | None:
    """Feed the parser (None: the end); return what is wrong, in libxml2's word for it, which quotes nothing."""
    failed = False
    try:
        if piece is None:
            parser.close()
        else:
            parser.feed(piece)
    except etree.XMLSyntaxError:
        failed = True
    log: Any = parser.feed_error_log  # after an undeclared entity the parser stops without raising anything
    fatal = log.filter_from_fatals()
    if not failed and not fatal:
        return None
    kind, line = (fatal[0].type_name, fatal[0].line) if fatal else ("ERR_DOCUMENT_EMPTY", 1)
    return Damage(f"not well-formed XML ({kind}); the rest is not read", f"line {line}")


def _forget(element: etree._Element) -> None:
    """Free an element and whatever came before it."""
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]
