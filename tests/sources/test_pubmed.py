"""PubMed and MEDLINE: citations become documents, whatever else the files hold is listed."""

import gzip
from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.errors import DataError
from r1tailor.schema.sources import PubmedSource
from r1tailor.sources import streams
from r1tailor.sources.pubmed import read
from tests.support.raw import DESCRIBED, collected, write

SOURCE = PubmedSource(kind="pubmed", **DESCRIBED)
HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January '
    '2025//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n<PubmedArticleSet>\n'
)
TAIL = "</PubmedArticleSet>\n"
PUBMED_DAY = '<PubMedPubDate PubStatus="pubmed"><Year>2018</Year><Month>7</Month><Day>3</Day></PubMedPubDate>'
ENTREZ_DAY = '<PubMedPubDate PubStatus="entrez"><Year>2018</Year><Month>6</Month><Day>30</Day></PubMedPubDate>'
ABSTRACT = (
    '<Abstract><AbstractText Label="BACKGROUND" NlmCategory="BACKGROUND">Counts of 10<sup>9</sup>/L &amp; '
    "CO<sub>2</sub>\n   were <i>low</i>.</AbstractText>"
    '<AbstractText Label="RESULTS">HbA<sub>1c</sub> fell (<i>p</i> &lt; 0.05).</AbstractText>'
    "<CopyrightInformation>All rights.</CopyrightInformation></Abstract>"
)
MESH = (
    '<MeshHeadingList><MeshHeading><DescriptorName UI="D006973" MajorTopicYN="N">Hypertension</DescriptorName>'
    '<QualifierName UI="Q000188" MajorTopicYN="Y">drug therapy</QualifierName></MeshHeading>'
    '<MeshHeading><DescriptorName UI="D006801" MajorTopicYN="N">Humans</DescriptorName></MeshHeading></MeshHeadingList>'
)


def article(
    pmid: str = "1", title: str = "A title.", abstract: str = ABSTRACT, history: str = PUBMED_DAY + ENTREZ_DAY
) -> str:
    return (
        f'<PubmedArticle>\n<MedlineCitation Status="MEDLINE"><PMID Version="1">{pmid}</PMID>\n'
        "<Article><Journal><Title>The Journal</Title></Journal>"
        f"<ArticleTitle>{title}</ArticleTitle>{abstract}<Language>eng</Language><PublicationTypeList>"
        '<PublicationType UI="D016428">Journal Article</PublicationType></PublicationTypeList>'
        '<ArticleDate DateType="Electronic"><Year>2018</Year><Month>06</Month><Day>28</Day></ArticleDate></Article>'
        f"{MESH}<KeywordList><Keyword>blood pressure</Keyword></KeywordList></MedlineCitation><PubmedData>"
        f'<History>{history}</History><ArticleIdList><ArticleId IdType="pubmed">{pmid}</ArticleId>'
        '<ArticleId IdType="doi">10.1/x</ArticleId></ArticleIdList><ReferenceList><Reference><ArticleIdList>'
        '<ArticleId IdType="doi">10.1/cited</ArticleId></ArticleIdList></Reference></ReferenceList>'
        "</PubmedData></PubmedArticle>\n"
    )


def set_of(*records: str) -> str:
    return HEAD + "".join(records) + TAIL


def test_a_citation_becomes_a_document(tmp_path: Path) -> None:
    path = write(tmp_path, "pubmed25n0001.xml", set_of(article("29963580")))
    (document,), rejected = collected(SOURCE, tmp_path)
    assert rejected == []
    assert (document.id, document.position, document.sha256) == ("s-29963580", "PMID 29963580", store.sha256_file(path))
    assert document.available_at == "2018-07-03"
    assert document.text == (
        "A title.\n\nBACKGROUND: Counts of 10⁹/L & CO₂ were low.\n\nRESULTS: HbA1c fell (p < 0.05)."
    )
    assert document.fields == {
        "pmid": 29963580,
        "title": "A title.",
        "labels": ["BACKGROUND", "RESULTS"],
        "journal": "The Journal",
        "languages": ["eng"],
        "publication_types": ["Journal Article"],
        "mesh": [
            {"id": "D006973", "descriptor": "Hypertension", "qualifiers": ["drug therapy"], "main": True},
            {"id": "D006801", "descriptor": "Humans", "qualifiers": [], "main": False},
        ],
        "keywords": ["blood pressure"],
        "doi": "10.1/x",
        "pmc": "",
    }


@pytest.mark.parametrize(
    ("history", "day"),
    [(PUBMED_DAY + ENTREZ_DAY, "2018-07-03"), (ENTREZ_DAY, "2018-06-30"), ("", "2018-06-28")],
    ids=["pubmed", "entrez", "electronic publication"],
)
def test_a_citation_is_known_from_its_best_date(history: str, day: str, tmp_path: Path) -> None:
    write(tmp_path, "a.xml", set_of(article(history=history)))
    assert collected(SOURCE, tmp_path)[0][0].available_at == day


def test_without_a_date_of_its_own_the_date_of_the_source_holds(tmp_path: Path) -> None:
    text = article(history="")
    start, end = text.index("<ArticleDate"), text.index("</ArticleDate>") + len("</ArticleDate>")
    write(tmp_path, "a.xml", set_of(text[:start] + text[end:]))
    assert collected(SOURCE, tmp_path)[0][0].available_at == "2000-01-01"


def test_a_newer_file_revises_and_withdraws_what_older_files_hold(tmp_path: Path) -> None:
    write(tmp_path, "pubmed25n0001.xml.gz", gzip.compress(set_of(*(article(str(n)) for n in (1, 2, 3))).encode()))
    withdrawn = "<DeleteCitation><PMID Version='1'>3</PMID><PMID>9</PMID></DeleteCitation>"
    write(tmp_path, "pubmed25n0002.xml", set_of(article("2", title="Revised."), withdrawn))
    documents, rejected = collected(SOURCE, tmp_path)
    assert [(each.id, each.fields["title"]) for each in documents] == [("s-2", "Revised."), ("s-1", "A title.")]
    superseded = "superseded: a newer record of this PMID was read before, or withdrew it"
    assert rejected == [
        "raw/pubmed25n0002.xml, PMID 3: withdrawn by PubMed (DeleteCitation)",
        "raw/pubmed25n0002.xml, PMID 9: withdrawn by PubMed (DeleteCitation)",
        f"raw/pubmed25n0001.xml.gz, PMID 2: {superseded}",
        f"raw/pubmed25n0001.xml.gz, PMID 3: {superseded}",
    ]


BOOK = "<PubmedBookArticle><BookDocument><PMID>5</PMID></BookDocument></PubmedBookArticle>"
NO_DATE = PUBMED_DAY.replace("<Month>7", "<Month>13")


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (article("").replace('<PMID Version="1"></PMID>', ""), "record 2: its PMID is missing"),
        (article("12a"), "record 2: its PMID is not a number of one to eight digits"),
        (article("1" * 5000), "record 2: its PMID is not a number of one to eight digits"),
        (article("٣"), "record 2: its PMID is not a number of one to eight digits"),
        (article("7").replace("Article>", "Item>").replace("PubmedItem>", "PubmedArticle>"), "PMID 7: <Article> is"),
        (article("7", title="", abstract=""), "PMID 7: neither a title nor an abstract"),
        (article("7", history=NO_DATE).replace("<Day>28<", "<Day>88<"), "PMID 7: its PubMedPubDate is no date"),
        (article("7", title="&bomb;"), "PMID 7: it uses an entity that is defined elsewhere; write the character "),
        (article("7", title="<i>" * 240 + "deep" + "</i>" * 240), "PMID 7: nested too deeply"),
        (BOOK, "record 2: a book chapter (PubmedBookArticle): only citations of articles are read"),
        (article("1"), "PMID 1: superseded: a newer record of this PMID was read before, or withdrew it"),
        ("<DeleteCitation><PMID>x</PMID></DeleteCitation>", "record 2: a PMID in DeleteCitation is not a number of "),
    ],
    ids=[
        *("no PMID", "letters", "5,000 digits", "Arabic digits", "no article", "nothing to read", "month 13"),
        *("unknown entity", "too deep", "a book", "twice", "withdrawal of nothing"),
    ],
)
def test_a_damaged_record_is_rejected_and_the_others_come(record: str, message: str, tmp_path: Path) -> None:
    write(tmp_path, "a.xml", set_of(article("1"), record, article("2")))
    documents, (rejection,) = collected(SOURCE, tmp_path)
    assert [document.id for document in documents] == ["s-1", "s-2"]
    assert rejection.startswith(f"raw/a.xml, {message}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ((HEAD + article("1") + article("2")).encode(), "line 12: not well-formed XML (ERR_TAG_NOT_FINISHED)"),
        (set_of(article("1"), article("2"), "<PubmedArticle></b>").encode(), "line 12: not well-formed XML (ERR_TAG_"),
        (set_of(article("1"), article("2"), "caf\xe9").encode("latin-1"), "line 12: not well-formed XML (ERR_INVALID"),
        (
            ("<PubmedArticleSet>\n\n\n" + article("1") + article("2") + article("3", title="&micro;")).encode(),
            "line 14: not well-formed XML (ERR_UNDECLARED_ENTITY)",
        ),
        (set_of(article("1"), article("2"), "\0").encode(), "line 12: not well-formed XML (ERR_"),
        (set_of(article("1"), article("2"), "<a>" * 5000).encode(), "line 12: not well-formed XML (ERR_"),
    ],
    ids=["cut off", "wrong end tag", "Latin-1 called UTF-8", "an entity without a DTD", "a NUL", "too deep"],
)
def test_of_a_broken_file_the_records_before_come_then_the_line(content: bytes, message: str, tmp_path: Path) -> None:
    write(tmp_path, "a.xml", content)
    documents, (rejection,) = collected(SOURCE, tmp_path)
    assert [document.id for document in documents] == ["s-1", "s-2"]
    assert rejection.startswith(f"raw/a.xml, {message}")
    assert rejection.endswith("; the rest is not read")


PACKED = gzip.compress(set_of(*(article(str(number)) for number in range(1, 400))).encode())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xml", b"", "raw/a.xml, line 1: not well-formed XML (ERR_DOCUMENT_EMPTY); the rest is not read"),
        ("a.xml", b"<html/>", "raw/a.xml: no <PubmedArticle> in it; is it PubMed's XML?"),
        ("a.xml.gz", b"<html/>", "raw/a.xml.gz, line 1: not gzip data, or damaged"),
        ("a.xml.gz", PACKED[:-3000], "the gzip data end too early"),
        ("a.xml.gz", PACKED[:-8] + bytes(8), "not gzip data, or damaged"),
    ],
    ids=["empty", "another XML", "not packed", "cut off", "another checksum"],
)
def test_a_file_that_is_none_is_named(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    write(tmp_path, name, content)
    documents, (rejection,) = collected(SOURCE, tmp_path)
    assert len(documents) < 400
    assert message in rejection


def test_no_entity_of_a_file_is_expanded_and_no_other_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("TOPSECRET", encoding="utf-8")
    subset = f'[<!ENTITY x SYSTEM "file://{tmp_path}/secret"><!ENTITY y "own"><!ENTITY micro "milli">]'
    head = HEAD.replace('.dtd">', f'.dtd" {subset}>')
    records = [article("1", title="&x;"), article("2", title="&y;"), article("3", title="10 &micro;g")]
    write(tmp_path, "a.xml", head + "".join(records) + TAIL)
    documents, rejected = collected(SOURCE, tmp_path)
    assert [document.fields["title"] for document in documents] == ["10 µg"]
    assert [rejection.partition(":")[0] for rejection in rejected] == ["raw/a.xml, PMID 1", "raw/a.xml, PMID 2"]
    assert "TOPSECRET" not in repr((documents, rejected))


def test_entities_of_entities_end_the_reading_of_their_file(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY b{n} "{f"&b{n - 1};" * 10}">' for n in range(1, 12))
    head = HEAD.replace('.dtd">', f'.dtd" [<!ENTITY b0 "haha">{entities}]>')
    write(tmp_path, "a.xml", head + article("1", title="&b11;") + TAIL)
    documents, (rejection,) = collected(SOURCE, tmp_path)
    assert documents == []
    assert rejection.endswith("not well-formed XML (ERR_RESOURCE_LIMIT); the rest is not read")


def test_a_record_does_not_grow_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LARGEST_RECORD", 100_000)
    many = "<AbstractText>x</AbstractText>" * 20_000
    bomb = gzip.compress(set_of(article("1"), article("2", abstract=f"<Abstract>{many}</Abstract>")).encode())
    assert len(bomb) < 10_000
    write(tmp_path, "a.xml.gz", bomb)
    documents, (rejection,) = collected(SOURCE, tmp_path)
    assert [document.id for document in documents] == ["s-1"]
    assert rejection.endswith(": a record of more than 100,000 bytes; the rest is not read")


def test_a_text_that_is_too_long_is_rejected_and_not_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LONGEST_TEXT", 1000)
    write(tmp_path, "a.xml", set_of(article("1", title="long " * 200), article("2")))
    documents, rejected = collected(SOURCE, tmp_path)
    assert [document.id for document in documents] == ["s-2"]
    assert rejected == ["raw/a.xml, PMID 1: its text is longer than 1,000 characters"]


def test_records_come_before_the_rest_of_the_file_is_parsed(tmp_path: Path) -> None:
    write(tmp_path, "a.xml", set_of(*(article(str(number)) for number in range(1, 400))) + "<broken")
    found = read(SOURCE, tmp_path)
    assert [getattr(next(found), "id", "") for _ in range(3)] == ["s-1", "s-2", "s-3"]


@pytest.mark.parametrize("make", [lambda _: None, lambda root: write(root, "notes.txt", "")], ids=["nothing", "others"])
def test_no_file_is_an_error(make: object, tmp_path: Path) -> None:
    make(tmp_path)  # type: ignore[operator]
    with pytest.raises(DataError, match=r"^raw is no file and holds no \.xml or \.gz \(domain\.sources, name: s\)$"):
        collected(SOURCE, tmp_path)


@pytest.mark.parametrize(
    ("history", "day"),
    [
        (NO_DATE + ENTREZ_DAY, "2018-06-30"),
        (NO_DATE, "2018-06-28"),
        (PUBMED_DAY.replace("<Day>3</Day>", ""), "2018-06-28"),
        (PUBMED_DAY.replace("<Month>7", "<Month>Jul"), "2018-07-03"),
    ],
)
def test_a_date_that_is_no_day_makes_room_for_the_next_best(history: str, day: str, tmp_path: Path) -> None:
    write(tmp_path, "a.xml", set_of(article(history=history)))
    (document,), rejected = collected(SOURCE, tmp_path)
    assert (document.available_at, rejected) == (day, [])


def _version(number: int, title: str, pmid: str = "20029614") -> str:
    return article(pmid, title=title).replace('Version="1"', f'Version="{number}"')


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
@pytest.mark.parametrize("packed", [False, True])
def test_the_highest_version_of_a_citation_is_kept_wherever_it_stands(
    order: tuple[int, ...], packed: bool, tmp_path: Path
) -> None:
    first, *others = (_version(number, f"Version {number}.") for number in order)
    for name, content in (("a.xml", set_of(first)), ("b.xml", set_of(*others, article("5")))):
        write(tmp_path, f"{name}.gz" if packed else name, gzip.compress(content.encode()) if packed else content)
    documents, rejected = collected(SOURCE, tmp_path)
    assert sorted(each.fields["title"] for each in documents) == ["A title.", "Version 3."]
    assert len(rejected) == 2
    assert all(
        each.endswith("PMID 20029614: superseded: version 3 of this PMID is among the files") for each in rejected
    )


def test_the_version_of_a_cited_article_is_none_of_its_own(tmp_path: Path) -> None:
    cited = '<CommentsCorrectionsList><CommentsCorrections><PMID Version="2">1</PMID></CommentsCorrections>'
    citing = article("2").replace("<KeywordList>", f"{cited}</CommentsCorrectionsList><KeywordList>")
    write(tmp_path, "a.xml", set_of(article("1"), citing))
    documents, rejected = collected(SOURCE, tmp_path)
    assert ([document.id for document in documents], rejected) == (["s-1", "s-2"], [])
