"""Scientific papers in JATS XML: what stands in a paper still means the same as plain text."""

import gzip
from pathlib import Path

import pytest

from r1tailor.schema.sources import JatsSource
from r1tailor.sources import streams
from tests.support.raw import DESCRIBED, collected, write

ARTICLES = JatsSource(kind="jats", unit="article", **DESCRIBED)
SECTIONS = JatsSource(kind="jats", unit="section", **DESCRIBED)
EPUB = '<pub-date pub-type="epub"><day>13</day><month>9</month><year>2021</year></pub-date>'
META = (
    '<article-id pub-id-type="pmid">34527728</article-id><article-id pub-id-type="doi">10.1/a</article-id>'
    "<title-group><article-title>Dose and response</article-title></title-group>"
    '<contrib-group><contrib contrib-type="author"><name><surname>Radtke</surname></name></contrib>'
    '<contrib contrib-type="author"><name><surname>Dressel</surname></name></contrib>'
    '<contrib contrib-type="editor"><name><surname>Hsia</surname></name></contrib></contrib-group>'
    '<pub-date pub-type="collection"><month>7</month><year>2021</year></pub-date>'
    f'{EPUB}<pub-date date-type="pub"><day>1</day><month>10</month><year>2021</year></pub-date>'
    '<permissions><license xlink:href="https://creativecommons.org/licenses/by/4.0/">'
    "<license-p>Free to use.</license-p></license></permissions>"
    "<abstract><title>Abstract</title><sec><title>Aims</title><p>To measure 10<sup>9</sup>/L.</p></sec></abstract>"
    "<kwd-group><kwd>lung</kwd></kwd-group>"
)
TABLE = (
    '<table-wrap id="t1"><object-id>10.1/t</object-id><label>Table 1</label><caption><p>Doses</p></caption><table>'
    "<thead><tr><th>Drug</th><th>Dose</th></tr></thead>"
    "<tbody><tr><td>A</td><td>2.5 mg</td></tr><tr><td>B</td><td/></tr></tbody></table></table-wrap>"
)
BODY = (
    "<p>Before any section.</p><!-- a remark --><p>And more.</p>"
    '<sec sec-type="intro"><label>1.</label><title>Introduction</title>'
    '<p>As shown<sup><xref ref-type="bibr" rid="r1">1</xref></sup> and [<xref ref-type="bibr">2</xref>].</p>'
    "<sec><title>Methods in short</title><p>Half: <mml:math><mml:mfrac><mml:mn>1</mml:mn><mml:mn>2</mml:mn>"
    "</mml:mfrac></mml:math>.</p></sec></sec>"
    f"<sec><title>Results</title><p>See below.{TABLE}</p>"
    "<fig><label>Figure 1</label><caption><title>Curve.</title><p>Mean &#177; SD.</p></caption></fig></sec>"
)
BACK = (
    '<back><ref-list><ref id="r1"><label>1</label><mixed-citation><person-group><name><surname>Jones</surname></name>'
    "</person-group><article-title>Earlier work</article-title><source>J</source><year>1999</year>"
    '<pub-id pub-id-type="doi">10.1/earlier</pub-id></mixed-citation></ref></ref-list></back>'
)
SPACES = 'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:mml="http://www.w3.org/1998/Math/MathML"'


def paper(meta: str = META, body: str = f"<body>{BODY}</body>", attributes: str = "") -> str:
    return (
        f'<article {SPACES} article-type="research-article" {attributes}><front><journal-meta><journal-title-group>'
        f"<journal-title>The Journal</journal-title></journal-title-group></journal-meta><article-meta>{meta}"
        f"</article-meta></front>{body}{BACK}</article>\n"
    )


def test_an_article_becomes_a_document(tmp_path: Path) -> None:
    write(tmp_path, "2021/a.nxml", f"<?xml version='1.0'?>\n<!DOCTYPE article SYSTEM 'JATS.dtd'>\n{paper()}")
    (document,), rejected = collected(ARTICLES, tmp_path)
    assert rejected == []
    assert (document.id, document.position, document.available_at) == ("s-2021/a.nxml-1", "article 1", "2021-09-13")
    assert document.text.split("\n") == [
        *("Dose and response", "", "Abstract", "Aims", "To measure 10⁹/L.", "", "Before any section.", "And more.", ""),
        *("1. Introduction", "As shown[1] and [2].", "Methods in short", "Half: [formula].", ""),
        *("Results", "See below.", "Table 1", "Doses", "Drug | Dose", "A | 2.5 mg", "B |"),
        *("Figure 1", "Curve.", "Mean ± SD."),
    ]
    assert document.fields == {
        "title": "Dose and response",
        "doi": "10.1/a",
        "pmid": "34527728",
        "pmc": "",
        "journal": "The Journal",
        "article_type": "research-article",
        "authors": 2,
        "article_licence": "https://creativecommons.org/licenses/by/4.0/",
        "keywords": ["lung"],
        "references": [
            {"label": "1", "title": "Earlier work", "source": "J", "year": "1999", "doi": "10.1/earlier", "pmid": ""}
        ],
        "sections": ["Abstract", "", "1. Introduction", "Results"],
    }


def test_no_author_is_named_anywhere(tmp_path: Path) -> None:
    write(tmp_path, "a.xml", paper())
    found = repr(collected(ARTICLES, tmp_path) + collected(SECTIONS, tmp_path))
    assert not [name for name in ("Radtke", "Dressel", "Hsia", "Jones") if name in found]


def test_each_section_becomes_a_document(tmp_path: Path) -> None:
    write(tmp_path, "a.xml", paper())
    documents, _ = collected(SECTIONS, tmp_path)
    assert [(each.id, each.position) for each in documents] == [
        (f"s-a.xml-1-{number}", f"article 1, section {number}") for number in (1, 2, 3, 4)
    ]
    assert [(each.fields["section"], each.fields["section_kind"]) for each in documents] == [
        *(("Abstract", "abstract"), ("", "body"), ("1. Introduction", "intro"), ("Results", "")),
    ]
    assert documents[1].text == "Before any section.\nAnd more."
    assert documents[3].text.startswith("Results\nSee below.\nTable 1")
    assert {each.fields["doi"] for each in documents} == {"10.1/a"}


def test_many_articles_of_one_packed_file_and_any_namespace(tmp_path: Path) -> None:
    other = paper(attributes='xmlns="https://jats.nlm.nih.gov/ns/archiving/1.3/"')
    write(tmp_path, "a.xml.gz", gzip.compress(f"<pmc-articleset>{paper()}{other}</pmc-articleset>".encode()))
    first, second = collected(ARTICLES, tmp_path)[0]
    assert (first.id, second.id) == ("s-a.xml.gz-1", "s-a.xml.gz-2")
    assert (first.text, first.fields) == (second.text, second.fields)


@pytest.mark.parametrize(
    ("licence", "said"),
    [
        (
            "<license><ali:license_ref xmlns:ali='a'>https://x.org/by-nc</ali:license_ref></license>",
            "https://x.org/by-nc",
        ),
        ("<license><license-p>Only to read.</license-p></license>", "Only to read."),
        ("", ""),
    ],
    ids=["reference", "words", "none"],
)
def test_the_licence_of_an_article_is_kept(licence: str, said: str, tmp_path: Path) -> None:
    meta = META[: META.index("<license ")] + licence + META[META.index("</permissions>") :]
    write(tmp_path, "a.xml", paper(meta))
    assert collected(ARTICLES, tmp_path)[0][0].fields["article_licence"] == said


@pytest.mark.parametrize(
    ("article", "message"),
    [
        (paper().replace("article-meta>", "meta>"), "article 2: <article-meta> is missing"),
        (paper(meta="", body=""), "article 2: neither an abstract nor a body"),
        (paper(meta="", body="<body/>"), "article 2: neither an abstract nor a body"),
        (
            paper(META.replace("<month>9<", "<month>13<").replace("<day>1<", "<day>32<")),
            "article 2: its pub-date is no",
        ),
        (paper(body="<body><p>&own;</p></body>"), "article 2: it uses an entity that is defined elsewhere; write the"),
        (paper(body=f"<body>{'<sec>' * 240}<p>deep</p>{'</sec>' * 240}</body>"), "article 2: nested too deeply"),
    ],
    ids=["no metadata", "no text", "empty body", "no date is a day", "own entity", "too deep"],
)
def test_a_damaged_article_is_rejected_and_the_others_come(article: str, message: str, tmp_path: Path) -> None:
    doctype = '<!DOCTYPE pmc-articleset SYSTEM "x.dtd" [<!ENTITY own "TOPSECRET">]>'
    write(tmp_path, "a.xml", f"{doctype}<pmc-articleset>{paper()}{article}{paper()}</pmc-articleset>")
    documents, (rejection,) = collected(ARTICLES, tmp_path)
    assert [document.position for document in documents] == ["article 1", "article 3"]
    assert rejection.startswith(f"raw/a.xml, {message}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html/>", "raw/a.xml: no <article> in it; is it JATS XML?"),
        (b"", "raw/a.xml, line 1: not well-formed XML (ERR_DOCUMENT_EMPTY); the rest is not read"),
        (paper().encode()[:900], "raw/a.xml, line 1: not well-formed XML (ERR_TAG_NOT_FINISHED); the rest is not read"),
        (paper().encode("utf-16")[2:], "raw/a.xml, line 1: not well-formed XML (ERR_INVALID_CHAR); the rest is not"),
        (b"<a>\n" + b"<article>" * 3000, "raw/a.xml, line 2: not well-formed XML (ERR_RESOURCE_LIMIT); the rest"),
    ],
    ids=["another XML", "empty", "cut off", "UTF-16 without its mark", "too deep"],
)
def test_a_file_that_is_none_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    write(tmp_path, "a.xml", content)
    documents, (rejection,) = collected(ARTICLES, tmp_path)
    assert documents == []
    assert rejection.startswith(message)


def test_a_section_that_is_too_long_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LONGEST_TEXT", 1000)
    write(tmp_path, "a.xml", paper(body=f"<body><p>{'long ' * 300}</p></body>"))
    for source in (ARTICLES, SECTIONS):
        assert collected(source, tmp_path) == ([], ["raw/a.xml, article 1: its text is longer than 1,000 characters"])


@pytest.mark.parametrize(
    ("meta", "day"),
    [
        (META.replace("<month>9<", "<month>Sep<"), "2021-09-13"),
        (META.replace("<month>9<", "<month>September<"), "2021-09-13"),
        (META.replace("<day>13<", "<day>31<"), "2021-10-01"),  # 31 September: the other date holds
        (META.replace(EPUB, '<pub-date iso-8601-date="2021-08-02"><year>2021</year></pub-date>'), "2021-08-02"),
        (META.replace(EPUB, '<pub-date iso-8601-date="2021-08"><year>2021</year></pub-date>'), "2021-10-01"),
    ],
    ids=["Sep", "September", "one that is no day", "ISO", "an ISO month"],
)
def test_a_date_is_read_as_publishers_write_it(meta: str, day: str, tmp_path: Path) -> None:
    write(tmp_path, "a.xml", paper(meta))
    (document,), rejected = collected(ARTICLES, tmp_path)
    assert (document.available_at, rejected) == (day, [])
