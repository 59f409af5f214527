"""PubMed and MEDLINE: one document for each citation of a ``PubmedArticleSet``.

Format: the XML of the National Library of Medicine's baseline and daily update files (``.xml``, ``.xml.gz``). An update
revises or withdraws what earlier files hold, so files are read from the last name to the first: the first record met of
a PMID is its newest, every other is rejected as superseded.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from lxml import etree

from r1tailor.records import Document, Rejection
from r1tailor.schema.sources import PubmedSource
from r1tailor.sources.base import Origin, Read, raw_files, within_limits
from r1tailor.sources.markup import plain
from r1tailor.sources.streams import Damage, Numbers, bounded, elements, number_of

_RECORDS = ("PubmedArticle", "PubmedBookArticle", "DeleteCitation")
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
    seen = Numbers()
    for path in reversed(raw_files(source, source.path, root, (".xml", ".gz"))):
        origin = Origin.of(source, path, root)
        yield from within_limits(_file(origin, path, seen), origin)


def _file(origin: Origin, path: Path, seen: Numbers) -> Read:
    number = 0
    try:
        for number, element in enumerate(elements(path, _RECORDS), start=1):
            yield from _record(element, f"record {number}", origin, seen)
        if number == 0:
            raise Damage("no <PubmedArticle> in it; is it PubMed's XML?")
    except Damage as damage:
        yield origin.rejection(damage.position, damage.reason)


def _record(element: etree._Element, position: str, origin: Origin, seen: Numbers) -> Read:
    try:
        if element.tag == "DeleteCitation":
            yield from _withdrawn(element, origin, seen)
        elif element.tag == "PubmedBookArticle":
            raise Damage("a book chapter (PubmedBookArticle): only citations of articles are read")
        else:
            pmid = number_of(element.findtext("MedlineCitation/PMID"), "its PMID")
            position = f"PMID {pmid}"
            if not seen.first(pmid):
                raise Damage("superseded: a newer record of this PMID was read before, or withdrew it")
            yield _document(element, pmid, origin)
    except Damage as damage:
        yield origin.rejection(position, damage.reason)


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
    """Return the day a citation entered PubMed, else of electronic publication; None where it has neither."""
    for path in _DATES:
        found = element.find(path)
        if found is not None:
            try:
                return date(*(int(found.findtext(part) or "") for part in ("Year", "Month", "Day"))).isoformat()
            except ValueError:
                raise Damage(f"its {found.tag} is no date") from None
    return None
