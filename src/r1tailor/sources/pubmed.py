"""PubMed and MEDLINE: one document for each citation of a ``PubmedArticleSet``.

Format: the XML of the National Library of Medicine's baseline and daily update files (``.xml``, ``.xml.gz``). An update
revises or withdraws what earlier files hold, so files are read from the last name to the first: the first record met of
a PMID is its newest, every other is rejected as superseded. Of several versions of a PMID
the highest is kept, wherever it stands: a first pass over the files looks for versions other than the first.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from lxml import etree

from r1tailor.records import Document, Rejection
from r1tailor.schema.sources import PubmedSource
from r1tailor.sources.base import Origin, Read, raw_files, within_limits
from r1tailor.sources.dates import day_of
from r1tailor.sources.markup import plain
from r1tailor.sources.streams import Damage, Numbers, bounded, elements, number_of, pieces

_RECORDS = ("PubmedArticle", "PubmedBookArticle", "DeleteCitation")
_VERSIONED = re.compile(
    rb"<MedlineCitation\b[^>]*>\s*<PMID\s[^>]*?\bVersion\s*=\s*[\"'](\d{1,4})[\"'][^>]*>\s*(\d{1,8})\s*<"
)
_OVERLAP = 4096  # bytes: longer than what that pattern fits
_DATES = (  # from when on a citation could be known, the best first
    "PubmedData/History/PubMedPubDate[@PubStatus='pubmed']",
    "PubmedData/History/PubMedPubDate[@PubStatus='entrez']",
    "MedlineCitation/Article/ArticleDate",
)


def read(source: PubmedSource, root: Path) -> Read:
    """Yield a document for each citation: its text is the title and the abstract with its labels.

    A damaged record, a book chapter, a withdrawn and a superseded citation are rejected; where a file is damaged, the
    records before that place come first.

    Raises:
        DataError: there is no such file.
    """
    paths = raw_files(source, source.path, root, (".xml", ".gz"))
    seen, highest = Numbers(), _highest(paths)
    for path in reversed(paths):
        origin = Origin.of(source, path, root)
        yield from within_limits(_file(origin, path, seen, highest), origin)


def _highest(paths: Iterable[Path]) -> dict[int, int]:
    """Return the highest version of each PMID that has one above 1: few have."""
    highest: dict[int, int] = {}
    for path in paths:
        rest = b""
        with suppress(Damage, OSError):  # told when the file is read
            for piece in pieces(path):
                text = rest + piece
                for found in _VERSIONED.finditer(text):
                    version, pmid = int(found[1]), int(found[2])
                    if version > 1:
                        highest[pmid] = max(version, highest.get(pmid, 1))
                rest = text[-_OVERLAP:]
    return highest


def _file(origin: Origin, path: Path, seen: Numbers, highest: dict[int, int]) -> Read:
    number = 0
    try:
        for number, element in enumerate(elements(path, _RECORDS), start=1):
            yield from _record(element, f"record {number}", origin, seen, highest)
        if number == 0:
            raise Damage("no <PubmedArticle> in it; is it PubMed's XML?")
    except Damage as damage:
        yield origin.rejection(damage.position, damage.reason)


def _record(element: etree._Element, position: str, origin: Origin, seen: Numbers, highest: dict[int, int]) -> Read:
    try:
        if element.tag == "DeleteCitation":
            yield from _withdrawn(element, origin, seen)
        elif element.tag == "PubmedBookArticle":
            raise Damage("a book chapter (PubmedBookArticle): only citations of articles are read")
        else:
            pmid = number_of(element.findtext("MedlineCitation/PMID"), "its PMID")
            position = f"PMID {pmid}"
            if _version(element) < (newest := highest.get(pmid, 1)):
                raise Damage(f"superseded: version {newest} of this PMID is among the files")
            if not seen.first(pmid):
                raise Damage("superseded: a newer record of this PMID was read before, or withdrew it")
            yield _document(element, pmid, origin)
    except Damage as damage:
        yield origin.rejection(position, damage.reason)


def _version(element: etree._Element) -> int:
    found = element.find("MedlineCitation/PMID")
    written = "" if found is None else found.get("Version", "")
    return int(written) if written.isascii() and written.isdigit() and len(written) <= 4 else 1


def _withdrawn(element: etree._Element, origin: Origin, seen: Numbers) -> Iterator[Rejection]:
    for deleted in element.iterfind("PMID"):
        pmid = number_of(deleted.text, "a PMID in DeleteCitation")
        seen.first(pmid)
        yield origin.rejection(f"PMID {pmid}", "withdrawn by PubMed (DeleteCitation)")


def _document(element: etree._Element, pmid: int, origin: Origin) -> Document:
    article = element.find("MedlineCitation/Article")
    if article is None:
        raise Damage("<Article> is missing")
    title = plain(article.find("ArticleTitle")) or plain(article.find("VernacularTitle"))
    abstract = [_labelled(part) for part in article.iterfind("Abstract/AbstractText")]
    text = bounded("\n\n".join(part for part in (title, *abstract) if part))
    if not text:
        raise Damage("neither a title nor an abstract")
    fields = {"pmid": pmid, "title": title, **_described(element, article)}
    return origin.document(f"{origin.source.name}-{pmid}", text, f"PMID {pmid}", fields, _available_at(element))


def _labelled(part: etree._Element) -> str:
    label, text = part.get("Label"), plain(part)
    return f"{label}: {text}" if label and text else text


def _described(element: etree._Element, article: etree._Element) -> dict[str, Any]:
    """Return what a citation is filed under; a heading says whether it is a main topic (``*`` in MEDLINE)."""
    identifiers = {each.get("IdType"): plain(each) for each in element.iterfind("PubmedData/ArticleIdList/ArticleId")}
    return {
        "labels": [part.get("Label") for part in article.iterfind("Abstract/AbstractText") if part.get("Label")],
        "journal": plain(article.find("Journal/Title")),
        "languages": [plain(each) for each in article.iterfind("Language")],
        "publication_types": [plain(each) for each in article.iterfind("PublicationTypeList/PublicationType")],
        "mesh": [_heading(each) for each in element.iterfind("MedlineCitation/MeshHeadingList/MeshHeading")],
        "keywords": [plain(each) for each in element.iterfind("MedlineCitation/KeywordList/Keyword")],
        "doi": identifiers.get("doi", ""),
        "pmc": identifiers.get("pmc", ""),
    }


def _heading(element: etree._Element) -> dict[str, Any]:
    topics = [each for each in element if each.tag in ("DescriptorName", "QualifierName")]
    descriptor = element.find("DescriptorName")
    return {
        "id": "" if descriptor is None else descriptor.get("UI", ""),
        "descriptor": plain(descriptor),
        "qualifiers": [plain(each) for each in element.iterfind("QualifierName")],
        "main": any(each.get("MajorTopicYN") == "Y" for each in topics),
    }


def _available_at(element: etree._Element) -> str | None:
    """Return the day a citation entered PubMed, else of electronic publication; None where it has neither.

    Raises:
        Damage: it has such dates, and none of them is a day.
    """
    dates = [found for path in _DATES if (found := element.find(path)) is not None]
    for found in dates:
        if day := day_of(*(found.findtext(part) for part in ("Year", "Month", "Day"))):
            return day.isoformat()
    if dates:
        raise Damage(f"its {dates[0].tag} is no date")
    return None
