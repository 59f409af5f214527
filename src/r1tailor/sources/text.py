"""Plain text and HTML: a document for each file, or for each section between two headings.

A file is held whole, one at a time: what it is written in and where it ends can only be said of the whole.
"""

from collections.abc import Iterator
from pathlib import Path

from r1tailor.records import Document
from r1tailor.schema.sources import TextSource
from r1tailor.sources import html, ids, word
from r1tailor.sources.base import Origin, Read, raw_files, within_limits
from r1tailor.sources.blocks import Block, joined, plain_blocks, sections
from r1tailor.sources.charset import UNKNOWN, decoded

_HTML = (".html", ".htm", ".xhtml")
_PLAIN = (".txt", ".md")
_WORD = (".docx",)


def read(source: TextSource, root: Path) -> Read:
    """Yield the documents of each file, in the order of the paths.

    Their fields are ``title`` (of the page, or else the first heading) and ``headings``: those in the file, or those
    above the section. A file is rejected when it is binary, in no encoding that is tried, or holds no text.

    Raises:
        DataError: there is no such file.
    """
    for path in raw_files(source, source.path, root, (*_PLAIN, *_HTML, *_WORD)):
        origin = Origin.of(source, path, root)
        prefix = ids.prefix(source, path, root / source.path)
        yield from within_limits(_file(source, origin, path, prefix), origin)


def _file(source: TextSource, origin: Origin, path: Path, prefix: str) -> Read:
    try:
        title, blocks = _page(path, source.encoding)
    except html.Unreadable as fault:
        yield origin.rejection("", str(fault))
        return
    yield from _documents(source, origin, title, blocks, prefix)


def _page(path: Path, encoding: str) -> tuple[str, list[Block]]:
    """Return the title and the blocks of a file."""
    if path.suffix.lower() == ".docx":
        title, blocks = word.page(path)
        return _titled(title, blocks)
    is_html = path.suffix.lower() in _HTML
    text = decoded(path.read_bytes(), declares=is_html, encoding=encoding)
    if text is None:
        raise html.Unreadable(UNKNOWN if encoding == "auto" else f"not {encoding}")
    if "\0" in text:
        raise html.Unreadable("binary: there are null characters in it")
    title, blocks = html.page(text) if is_html else ("", list(plain_blocks(text)))
    return _titled(title, blocks)


def _titled(title: str, blocks: list[Block]) -> tuple[str, list[Block]]:
    if not blocks:
        raise html.Unreadable("there is no text in it")
    return title or next((block.text for block in blocks if block.level), ""), blocks


def _documents(source: TextSource, origin: Origin, title: str, blocks: list[Block], prefix: str) -> Iterator[Document]:
    if source.unit == "file":
        headings = [block.text for block in blocks if block.level]
        yield origin.document(prefix, joined(blocks), "line 1", {"title": title, "headings": headings})
        return
    for number, section in enumerate(sections(blocks), start=1):
        fields = {"title": title, "headings": list(section.headings)}
        yield origin.document(f"{prefix}-{number}", section.text, f"section {number}", fields)
