"""Scientific papers in JATS XML, the tag set of PubMed Central and most publishers (NISO Z39.96).

A file holds one article or many (``pmc-articleset``). Headings, captions and citations stay in the text, a table is a
line for each row; of the authors only the count is kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from lxml import etree

from r1tailor.records import Document
from r1tailor.schema.sources import JatsSource
from r1tailor.sources.base import Origin, Read, raw_files, within_limits
from r1tailor.sources.dates import day_of
from r1tailor.sources.ids import prefix
from r1tailor.sources.markup import lines, name_of, plain
from r1tailor.sources.streams import Damage, bounded, elements

_ARTICLE = "{*}article"
_LICENCE = "{*}permissions/{*}license"
_DAY, _ISO = ("year", "month", "day"), "iso-8601-date"
_LINK = "{http://www.w3.org/1999/xlink}href"


@dataclass(frozen=True, slots=True)
class _Section:
    """A titled part of an article: its abstract, a top-level section, or what stands outside any section."""

    title: str
    kind: str
    lines: list[str]

    @property
    def text(self) -> str:
        """Its title and its lines."""
        return "\n".join([self.title, *self.lines]).strip()


def read(source: JatsSource, root: Path) -> Read:
    """Yield a document for each article, or for its abstract and each top-level section of its body.

    An article that cannot be read is rejected; where a file is damaged, the articles before that place come first.

    Raises:
        DataError: there is no such file.
    """
    for path in raw_files(source, source.path, root, (".xml", ".nxml", ".gz")):
        origin = Origin.of(source, path, root)
        yield from within_limits(_file(origin, path, prefix(source, path, root / source.path), source.unit), origin)


def _file(origin: Origin, path: Path, name: str, unit: str) -> Read:
    number = 0
    try:
        for number, article in enumerate(elements(path, (_ARTICLE,)), start=1):
            yield from _article(article, f"{name}-{number}", f"article {number}", unit, origin)
        if number == 0:
            raise Damage("no <article> in it; is it JATS XML?")
    except Damage as damage:
        yield origin.rejection(damage.position, damage.reason)


def _article(article: etree._Element, id_: str, position: str, unit: str, origin: Origin) -> Read:
    try:
        meta = article.find("{*}front/{*}article-meta")
        if meta is None:
            raise Damage("<article-meta> is missing")
        facts, known = _facts(article, meta), _available_at(meta)
        sections = [section for section in _sections(article, meta) if section.lines]
        if not sections:
            raise Damage("neither an abstract nor a body")
        documents = list(_documents(sections, facts, unit, (id_, position, known), origin))
    except Damage as damage:
        yield origin.rejection(position, damage.reason)
    else:
        yield from documents


def _documents(
    sections: list[_Section], facts: dict[str, Any], unit: str, place: tuple[str, str, str | None], origin: Origin
) -> Iterator[Document]:
    id_, position, known = place
    if unit == "article":
        parts = [facts["title"], *(each.text for each in sections)]
        text = bounded("\n\n".join(part for part in parts if part))
        yield origin.document(id_, text, position, facts | {"sections": [each.title for each in sections]}, known)
        return
    for number, each in enumerate(sections, start=1):
        fields = facts | {"section": each.title, "section_kind": each.kind}
        where = f"{position}, section {number}"
        yield origin.document(f"{id_}-{number}", bounded(each.text), where, fields, known)


def _sections(article: etree._Element, meta: etree._Element) -> Iterator[_Section]:
    for abstract in meta.iterfind("{*}abstract"):
        kind = abstract.get("abstract-type", "")  # a graphical one, a summary for laypersons
        yield _Section("Abstract", f"abstract {kind}".strip(), _without(plain(abstract.find("{*}title")), abstract))
    body = article.find("{*}body")
    loose: list[str] = []
    for child in () if body is None else body:
        if name_of(child) != "sec":
            loose += lines(child)
            continue
        yield _Section("", "body", loose)
        loose = []
        title = _heading(child)
        yield _Section(title, child.get("sec-type", ""), _without(title, child))
    yield _Section("", "body", loose)


def _heading(section: etree._Element) -> str:
    return f"{plain(section.find('{*}label'))} {plain(section.find('{*}title'))}".strip()


def _without(title: str, element: etree._Element) -> list[str]:
    """Return an element's lines but for its own title, which stands elsewhere."""
    written = lines(element)
    return written[1:] if title and written[:1] == [title] else written


def _facts(article: etree._Element, meta: etree._Element) -> dict[str, Any]:
    identifiers = {each.get("pub-id-type"): plain(each) for each in meta.iterfind("{*}article-id")}
    authors = [each for each in meta.iterfind(".//{*}contrib") if each.get("contrib-type", "author") == "author"]
    return {
        "title": plain(meta.find("{*}title-group/{*}article-title")),
        "doi": identifiers.get("doi", ""),
        "pmid": identifiers.get("pmid", ""),
        "pmc": identifiers.get("pmc") or identifiers.get("pmcid", ""),
        "journal": plain(article.find("{*}front/{*}journal-meta//{*}journal-title")),
        "article_type": article.get("article-type", ""),
        "authors": len(authors),
        "article_licence": _licence(meta),
        "keywords": [plain(each) for each in meta.iterfind("{*}kwd-group/{*}kwd")],
        "references": [_reference(each) for each in article.iterfind("{*}back//{*}ref")],
    }


def _licence(meta: etree._Element) -> str:
    """Return the address of an article's licence, else its words; empty where it says nothing."""
    licence = meta.find(_LICENCE)
    if licence is None:
        return ""
    address = plain(licence.find("{*}license_ref")) or licence.get(_LINK, "")
    return address or plain(licence)


def _reference(ref: etree._Element) -> dict[str, str]:
    """Return what identifies a cited work; not its authors."""
    identifiers = {each.get("pub-id-type"): plain(each) for each in ref.iterfind(".//{*}pub-id")}
    return {
        "label": plain(ref.find("{*}label")),
        "title": plain(ref.find(".//{*}article-title")),
        "source": plain(ref.find(".//{*}source")),
        "year": plain(ref.find(".//{*}year")),
        "doi": identifiers.get("doi", ""),
        "pmid": identifiers.get("pmid", ""),
    }


def _available_at(meta: etree._Element) -> str | None:
    """Return the first day on which the article was out, by its complete dates; None where it has none.

    Raises:
        Damage: it has complete dates, and none of them is a day.
    """
    days = [_day(found) for found in meta.iterfind("{*}pub-date") if _is_complete(found)]
    known = [day for day in days if day]
    if days and not known:
        raise Damage("its pub-date is no date")
    return min(known).isoformat() if known else None


def _is_complete(found: etree._Element) -> bool:
    return bool(found.get(_ISO) or all(found.findtext(f"{{*}}{part}") for part in _DAY))


def _day(found: etree._Element) -> date | None:
    """Return the day of a date: what its parts say, else its ISO attribute."""
    written = found.get(_ISO, "").split("-")
    day = day_of(*(found.findtext(f"{{*}}{part}") for part in _DAY))
    return day or (day_of(*written) if len(written) == len(_DAY) else None)
