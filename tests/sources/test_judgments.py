"""Court judgments, Chinese and English: parts, statutes cited, case number, court and date."""

from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.schema.sources import JudgmentSource
from r1tailor.sources import judgments, streams
from tests.support.raw import DESCRIBED, collected, write

SOURCE = JudgmentSource(kind="judgments", encoding="utf-8", **DESCRIBED)
CHINESE = """北京市第一中级人民法院
民 事 判 决 书
（2021）京01民终123号
上诉人（原审被告）：某甲有限公司，住所地北京市海淀区。
被上诉人（原审原告）：张某，女，1980年1月1日出生。
上诉人某甲有限公司因与被上诉人张某买卖合同纠纷一案，不服一审判决，向本院提起上诉。本院依法组成合议庭，现已审理终结。
张某向一审法院起诉请求：判令返还货款38.5万元。
一审法院认为，合同有效。
本院认为，当事人应当全面履行义务。上诉人没有（-）交付，构成违约。
综上，依照《中华人民共和国民法典》第五百七十七条、《中华人民共和国民事诉讼法》第一百七十七条第一款第一项之规定，判决如下：
驳回上诉，维持原判。
本判决为终审判决。
审判长　李某
二〇二一年三月五日
"""
BRITISH = """[2019] UKSC 41
THE SUPREME COURT
Judgment given on
24 September 2019
Miller v The Prime Minister
JUDGMENT
Background
1. The claimant occupied the land.
Analysis
2. The duty arises under section 2(1) of the Occupiers' Liability Act 1957.
3. The background was set out above.
Conclusion
4. The appeal is allowed.
"""
AMERICAN = """SUPREME COURT OF THE UNITED STATES
No. 17-345
JOHN DOE, PETITIONER v. UNITED STATES
Argued November 5, 2018—Decided March 5, 2019
ORDER
I. STATEMENT OF THE FACTS
The defendant sent 3 letters.
II. DISCUSSION
That violates 18 U.S.C. § 1343 and 17 CFR 240.10b-5(a).
IT IS SO ORDERED that the judgment is affirmed.
"""
EUROPEAN = """JUDGMENT OF THE COURT (Grand Chamber)
16 July 2020
ECLI:EU:C:2020:559
Case C-311/18
Legal framework
Article 6(1)(f) of the GDPR applies, as do Articles 45 and 46(1) of Regulation (EU) 2016/679.
On those grounds, the Court hereby rules:
The decision is invalid.
"""


def test_a_chinese_judgment_becomes_a_document(tmp_path: Path) -> None:
    path = write(tmp_path, "2021/123.txt", CHINESE)
    (document,), rejected = collected(SOURCE, tmp_path)
    assert rejected == []
    assert (document.id, document.position, document.sha256) == ("s-2021/123.txt", "line 1", store.sha256_file(path))
    assert document.available_at == "2021-03-05"
    assert document.text == CHINESE.strip()
    lines = CHINESE.strip().split("\n")
    assert document.fields == {
        "case_number": "(2021)京01民终123号",
        "court": "北京市第一中级人民法院",
        "date": "2021-03-05",
        "statutes": [
            {"act": "中华人民共和国民法典", "provision": "577"},
            {"act": "中华人民共和国民事诉讼法", "provision": "177(1)(1)"},
        ],
        "parties": "\n".join(lines[3:5]),
        "facts": "\n".join(lines[5:8]),
        "reasoning": "\n".join(lines[8:10]),
        "ruling": "\n".join(lines[10:]),
        "body": "",
    }


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        (BRITISH, ("[2019] UKSC 41", "SUPREME COURT", "2019-09-24")),
        (AMERICAN, ("No. 17-345", "SUPREME COURT OF THE UNITED STATES", "2019-03-05")),
        (EUROPEAN, ("ECLI:EU:C:2020:559", "JUDGMENT OF THE COURT (Grand Chamber)", "2020-07-16")),
    ],
    ids=["British", "American", "European"],
)
def test_an_english_judgment_says_what_it_is(text: str, facts: tuple[str, str, str], tmp_path: Path) -> None:
    write(tmp_path, "a.txt", text)
    (document,), _ = collected(SOURCE, tmp_path)
    assert (document.fields["case_number"], document.fields["court"], document.fields["date"]) == facts
    assert document.available_at == facts[2]


@pytest.mark.parametrize(
    ("text", "first_lines"),
    [
        (BRITISH, ["Miller v The Prime Minister", "Background", "Analysis", "Conclusion"]),
        (
            AMERICAN,
            ["JOHN DOE, PETITIONER v. UNITED STATES", "I. STATEMENT OF THE FACTS", "II. DISCUSSION", "IT IS SO"],
        ),
        (EUROPEAN, ["", "", "Legal framework", "On those grounds, the Court hereby rules:"]),
    ],
    ids=["British", "American", "European"],
)
def test_the_parts_of_an_english_judgment(text: str, first_lines: list[str], tmp_path: Path) -> None:
    write(tmp_path, "a.txt", text)
    (document,), _ = collected(SOURCE, tmp_path)
    for part, first in zip(("parties", "facts", "reasoning", "ruling"), first_lines, strict=True):
        found = document.fields[part]
        assert found.startswith(first)
        assert bool(found) == bool(first)


def test_a_title_and_what_is_told_again_begin_no_part(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", AMERICAN.replace("IT IS", "BACKGROUND\nIT IS"))
    (document,), _ = collected(SOURCE, tmp_path)
    assert document.fields["parties"].endswith("\nORDER")
    assert document.fields["reasoning"].endswith("\nBACKGROUND")


def test_html_is_read_as_lines_and_what_it_says_of_its_encoding_is_not_believed(tmp_path: Path) -> None:
    rows = "".join(f"<div>{line}</div>" for line in CHINESE.strip().split("\n"))
    page = (
        f'<html><head><meta charset="gb2312"><title>x</title></head><body><script>alert("<p>no</p>")</script>{rows}'
        "<table><tr><td>费用</td><td>100元</td></tr></table></body></html>"
    )
    write(tmp_path, "a.html", page)
    write(tmp_path, "b.txt", CHINESE + "费用 | 100元")
    (html, text), rejected = collected(SOURCE, tmp_path)
    assert rejected == []
    assert html.text == text.text
    assert html.fields == text.fields


def test_gb18030_is_read_where_the_settings_say_so(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", CHINESE.encode("gb18030"))
    source = SOURCE.model_copy(update={"encoding": "gb18030"})
    (document,), _ = collected(source, tmp_path)
    assert document.text == CHINESE.strip()


def test_a_judgment_with_a_number_only_has_one_part(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "（2020）沪0115民初9号\n全文如此。\n")
    (document,), rejected = collected(SOURCE, tmp_path)
    assert rejected == []
    assert document.fields["body"] == document.text == "（2020）沪0115民初9号\n全文如此。"
    assert (document.fields["case_number"], document.available_at) == ("(2020)沪0115民初9号", "2000-01-01")


OTHER = SOURCE.model_copy(update={"encoding": "gb18030"})


@pytest.mark.parametrize(
    ("name", "content", "source", "message"),
    [
        ("a.txt", b"", SOURCE, "neither a heading nor a case number of a judgment in it"),
        ("a.txt", b"A shopping list:\nmilk\n", SOURCE, "neither a heading nor a case number of a judgment in it"),
        ("a.html", b"", SOURCE, "neither a heading nor a case number of a judgment in it"),
        ("a.html", b"<!-- only a comment -->", SOURCE, "neither a heading nor a case number of a judgment in it"),
        ("a.html", b"<html><body></body></html>", SOURCE, "neither a heading nor a case number of a judgment in it"),
        ("a.txt", CHINESE.encode("gb18030"), SOURCE, "not UTF-8; if it is GB 18030: encoding: gb18030"),
        ("a.txt", CHINESE.encode(), OTHER, "UTF-8, not GB 18030; say so: encoding: utf-8"),
        ("a.txt", b"caf\xe9\xff" + CHINESE.encode("gb18030"), OTHER, "not GB 18030"),
        ("a.txt", CHINESE.encode("utf-16"), SOURCE, "a null character: not plain text, or UTF-16"),
        ("a.txt", CHINESE.replace("没有", "\0").encode(), SOURCE, "a null character: not plain text, or UTF-16"),
        ("a.html", b"<div>" * 3000 + CHINESE.encode(), SOURCE, "nested too deeply"),
    ],
    ids=[
        *("empty text", "no judgment", "empty page", "a page of comments", "a page without text", "GB 18030"),
        *("UTF-8", "neither", "UTF-16", "a NUL", "too deep"),
    ],
)
def test_what_is_no_judgment_is_rejected_and_the_others_come(
    name: str, content: bytes, source: JudgmentSource, message: str, tmp_path: Path
) -> None:
    write(tmp_path, name, content)
    write(tmp_path, "other.txt", CHINESE.encode(source.encoding))
    documents, rejected = collected(source, tmp_path)
    assert [document.id for document in documents] == ["s-other.txt"]
    assert rejected == [f"raw/{name}: {message}"]


def test_a_text_that_is_too_long_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.txt", CHINESE)
    monkeypatch.setattr(streams, "LONGEST_TEXT", 100)
    assert collected(SOURCE, tmp_path) == ([], ["raw/a.txt: its text is longer than 100 characters"])
    monkeypatch.setattr(judgments, "_LARGEST_FILE", 400)
    assert collected(SOURCE, tmp_path) == ([], ["raw/a.txt: larger than 400 bytes"])


_HEAD = ["北京市第一中级人民法院", "民 事 判 决 书", "（2021）京01民终1234号", "上诉人（原审被告）：张三，男，汉族。"]
_FOUND, _HELD = (
    "本院经审理查明：被告借款未还。",
    "本院认为，依照《中华人民共和国民法典》第六百七十五条之规定，判决如下：",
)
_RULED = "驳回上诉，维持原判。"


@pytest.mark.parametrize(
    "lines",
    [
        [_FOUND, _HELD, _RULED],
        [_FOUND, _HELD + _RULED],
        [_FOUND + _HELD, _RULED],
        [_FOUND + _HELD + _RULED],
        [_FOUND, "一审法院判决如下：张三还款。" + _HELD + _RULED],
    ],
    ids=["apart", "verdict in the line", "facts in the line", "one paragraph", "another court's verdict"],
)
def test_a_paragraph_is_cut_where_the_next_part_begins(lines: list[str], tmp_path: Path) -> None:
    write(tmp_path, "ruling.txt", "\n".join([*_HEAD, *lines, "二〇二一年十二月三十一日"]))
    (document,), _ = collected(SOURCE, tmp_path)
    fields = document.fields
    assert fields["ruling"] == f"{_RULED}\n二〇二一年十二月三十一日"
    assert fields["reasoning"] == _HELD
    assert fields["facts"].startswith(_FOUND)
    assert _RULED not in fields["facts"] + fields["reasoning"]


@pytest.mark.parametrize(
    "verdict",
    [
        "It is so ordered that the appeal be dismissed.",
        "For the foregoing reasons, the judgment is AFFIRMED.",
        "For these reasons we would reverse.",
        "Accordingly, it is ORDERED that the motion is denied.",
        "On those grounds, the Court hereby rules.",
    ],
)
def test_an_english_verdict_at_the_end_of_the_reasoning_is_the_ruling(verdict: str, tmp_path: Path) -> None:
    held = "The appeal must fail for the reasons above."
    write(tmp_path, "ruling.txt", f"Doe v. Roe\nNo. 12-345\nFACTS\nHe fell.\nANALYSIS\n{held} {verdict}")
    (document,), _ = collected(SOURCE, tmp_path)
    assert (document.fields["reasoning"], document.fields["ruling"]) == (f"ANALYSIS\n{held}", verdict)
