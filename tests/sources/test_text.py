"""Plain text and HTML: what stays of a page, in which encoding it was written, where a section ends."""

import codecs
import html
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor.records import Document, Rejection
from r1tailor.sources import read
from r1tailor.sources.blocks import Block, joined, plain_blocks, sections
from r1tailor.sources.charset import decoded
from r1tailor.sources.html import page
from tests.support.source_cases import Case

PROPERTY = settings(deadline=None, derandomize=True, database=None, max_examples=150)
CHINESE = "患者血压：１２０／８０，无发热。"


def documents(root: Path, path: str, unit: str) -> list[Document]:
    rejected: list[Rejection] = []
    case = Case("", {"kind": "text", "path": path, "unit": unit}, lambda *_: None)
    found = list(read(case.source(), root, rejected))
    assert rejected == []
    return found


def texts(markup: str) -> list[str]:
    return [block.text for block in page(markup)[1]]


GUIDE = """# Fever

Measure twice.
Write both down.

## Children

Ask the mother.
"""


def test_a_file_is_a_document_with_its_title_and_headings(tmp_path: Path) -> None:
    (tmp_path / "guide.md").write_text(GUIDE, encoding="utf-8")
    (found,) = documents(tmp_path, "guide.md", "file")
    assert found.text == "Fever\n\nMeasure twice.\nWrite both down.\n\nChildren\n\nAsk the mother."
    assert (found.id, found.position) == ("mine", "line 1")
    assert found.fields == {"title": "Fever", "headings": ["Fever", "Children"]}


def test_a_section_is_a_document_with_the_headings_above_it(tmp_path: Path) -> None:
    (tmp_path / "guides").mkdir()
    (tmp_path / "guides" / "guide.txt").write_text(GUIDE, encoding="utf-8")
    (tmp_path / "guides" / "page.HTM").write_text("<title> A\n page</title><h1>Pain</h1>none<h3>Feet</h3><p>some")
    (tmp_path / "guides" / "scan.pdf").write_bytes(b"%PDF-1.7 is for another reader")
    found = documents(tmp_path, "guides", "section")
    assert [(d.id, d.position, d.text) for d in found] == [
        ("mine-guide.txt-1", "section 1", "Fever\n\nMeasure twice.\nWrite both down."),
        ("mine-guide.txt-2", "section 2", "Children\n\nAsk the mother."),
        ("mine-page.HTM-1", "section 1", "Pain\n\nnone"),
        ("mine-page.HTM-2", "section 2", "Feet\n\nsome"),
    ]
    assert [(d.fields["title"], d.fields["headings"]) for d in found] == [
        ("Fever", ["Fever"]),
        ("Fever", ["Fever", "Children"]),
        ("A page", ["Pain"]),
        ("A page", ["Pain", "Feet"]),
    ]


BLOCKS = st.lists(st.builds(Block, st.text("ab。 ", min_size=1), st.integers(0, 6)))


@PROPERTY
@given(BLOCKS)
def test_sections_hold_every_block_once_in_order_and_their_headings_lead_down(blocks: list[Block]) -> None:
    found = list(sections(blocks))
    assert [block for section in found for block in section.blocks] == blocks
    assert "\n\n".join(section.text for section in found) == joined(blocks)
    for section in found:
        levels = [block.level for block in section.blocks]
        assert levels == sorted(levels, key=lambda level: level == 0)  # headings come before paragraphs
        if levels[0]:
            assert section.headings[-1] == [block for block in section.blocks if block.level][-1].text


@PROPERTY
@given(st.text("a第三章1.# \r\nChapter-"))
def test_plain_text_keeps_every_line_but_its_marks(text: str) -> None:
    kept = joined(plain_blocks(text))
    assert "".join(kept.split()).replace("#", "") == "".join(text.split()).replace("#", "")


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("# Fever", 1),
        ("### Fever ###", 3),
        ("#Fever", 0),
        ("####### Fever", 0),
        ("# ", 0),
        ("第一编 总则", 1),
        ("第十二章　医疗损害责任", 2),
        ("第3节 用药", 3),
        ("第五条 自然人的民事权利能力一律平等。", 0),
        ("第三章规定，其适用范围如下。", 0),
        ("Part II", 1),
        ("CHAPTER 3: Dosage in children", 2),
        ("Section 12", 3),
        ("Section 12 of the act says that this holds.", 0),
        ("Chapter 3 " + "x" * 80, 0),
        ("Chapters are many", 0),
    ],
)
def test_a_heading_of_plain_text_says_so(line: str, level: int) -> None:
    first, *rest = plain_blocks(f"{line}\nmore")
    assert (first.level, len(rest)) == (level, 1 if level else 0)
    (inside,) = plain_blocks(f"before\n{line}")
    assert inside.level == 0


@pytest.mark.parametrize(
    ("markup", "kept"),
    [
        ("<p>one<p>two <b>bold</b>\n  words", ["one", "two bold words"]),
        ("loose<div>a<span>b</span></div>tail", ["loose", "ab", "tail"]),
        ("a<br>b<br/> c", ["a\nb\nc"]),
        ("<script>x</script>a<style>p{}</style>b<noscript>n</noscript>c<nav>m</nav>d", ["abc", "d"]),
        ("<ul><li>one<li>two<ol><li>three</ol></ul>", ["one", "two", "three"]),
        ("<table><tr><th>Drug<th>Dose<tr><td>A<td>5 mg</table>", ["Drug | Dose", "A | 5 mg"]),
        ("<table><tr><td><p>A</p></td><td></td><td>5&nbsp;mg</td></tr></table>", ["A | | 5\xa0mg"]),
        ("<table><tr><td>menu<td><h1>Fever</h1><p>hot</table>", ["menu", "Fever", "hot"]),
        ("<pre>a\n  b  c\n</pre>d", ["a\n  b  c", "d"]),
        ("<!-- no -->a<?php no ?>b", ["ab"]),
        ("&lt;5 &amp; &ge;3 &#x1F600;", ["<5 & ≥3 😀"]),
        ("<?xml version='1.0' encoding='gb2312'?><html><body><p>血压</p></body></html>", ["血压"]),
        ("<select><option>one<option>two</select>", ["one", "two"]),
        ("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><p>a&e;b", ["]>", "a&e;b"]),
    ],
)
def test_what_a_reader_would_read_is_kept(markup: str, kept: list[str]) -> None:
    assert texts(markup) == kept


@pytest.mark.parametrize(
    ("markup", "kept"),
    [
        ("10<sup>9</sup>/L", "10⁹/L"),
        ("m<sup>2</sup>", "m²"),
        ("10<sup>-3</sup>", "10⁻³"),
        ("Ca<sup>2+</sup>, Na<sup>+</sup>", "Ca²⁺, Na⁺"),
        ("x<sup>n</sup>, 2<sup>-x</sup>, 5<sup>a</sup>", "xⁿ, 2^(-x), 5^(a)"),
        ("H<sub>2</sub>O, T<sub>max</sub>, x<sub>2a</sub>", "H₂O, Tmax, x_(2a)"),
        ("1<sup>st</sup>, 38<sup>o</sup>C, Name<sup>TM</sup>", "1st, 38oC, NameTM"),
        ("seen.<sup>[12]</sup> Later<sup><a href='#'>3</a>*</sup>", "seen.[¹²] Later³*"),
    ],
)
def test_raised_and_lowered_signs_stay_apart_from_the_number_before(markup: str, kept: str) -> None:
    assert texts(markup) == [kept]


@PROPERTY
@given(st.text("0123456789+-").filter(bool), st.sampled_from(["sup", "sub"]))
def test_no_raised_or_lowered_digit_becomes_a_plain_one(digits: str, tag: str) -> None:
    (text,) = texts(f"10<{tag}>{digits}</{tag}>")
    assert text.startswith("10")
    assert not any(sign in "0123456789" for sign in text[2:])
    assert len(text) == 2 + len(digits)


@PROPERTY
@given(st.lists(st.text(st.characters(exclude_categories=("C", "Z"))).filter(bool), min_size=1))
def test_a_paragraph_of_any_signs_comes_back(words: list[str]) -> None:
    text = " ".join(words)
    assert texts(f"<p>{html.escape(text)}</p>") == [text]


@pytest.mark.parametrize(
    ("raw", "declares", "text"),
    [
        (CHINESE.encode(), False, CHINESE),
        (CHINESE.encode("gb18030"), False, CHINESE),
        (codecs.BOM_UTF8 + CHINESE.encode(), False, CHINESE),
        (codecs.BOM_UTF16_LE + CHINESE.encode("utf-16-le"), False, CHINESE),
        (codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be"), False, CHINESE),
        (codecs.BOM_UTF32_LE + CHINESE.encode("utf-32-le"), False, CHINESE),
        (codecs.BOM_UTF32_BE + CHINESE.encode("utf-32-be"), False, CHINESE),
        (codecs.BOM_UTF8 + b"<meta charset=gbk>\xc3\xa9", True, "<meta charset=gbk>é"),
        (b"<meta charset=GB2312>" + "镕㐀".encode("gb18030"), True, "<meta charset=GB2312>镕㐀"),
        (b"<meta charset=gb2312>\xa1\xa4\xa1\xaa", True, "·—"),
        (b"<meta charset='windows-1252'>\xe9t\xe9", True, "<meta charset='windows-1252'>été"),
        (b"<meta http-equiv=x content='text/html; charset=iso-8859-1'>5\x80", True, "5€"),
        (b'<?xml version="1.0" encoding="Shift_JIS"?>\x8a\xb3', True, "患"),
        (b"<meta charset=big5>\xb1\x77", True, "患"),
        (b"<meta charset=utf-8>\xbb\xbc", True, "患"),
        (b"<meta charset=unicode_escape>\\x41", True, "<meta charset=unicode_escape>\\x41"),
        (b"<meta charset=iso-8859-99>a", True, "<meta charset=iso-8859-99>a"),
        (b" " * 1024 + b"<meta charset=windows-1252>\xc3\xa9", True, "é"),
    ],
)
def test_the_encoding_is_found_by_mark_then_declaration_then_trial(raw: bytes, declares: bool, text: str) -> None:
    found = decoded(raw, declares=declares)
    assert found is not None
    assert found.endswith(text)


@pytest.mark.parametrize("raw", [b"\xff\xff", b"<meta charset='windows-1252'>\xe9t\xe9", codecs.BOM_UTF8 + b"\xbb\xbc"])
def test_what_is_in_none_of_the_encodings_is_no_text(raw: bytes) -> None:
    assert decoded(raw, declares=False) is None
