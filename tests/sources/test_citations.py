"""Statutes, case numbers and dates in the forms that judgments write."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor.sources.citations import case_number, chinese_number, date_of, statutes

EU, UK = "Regulation (EU) 2016/679", "Law Reform (Contributory Negligence) Act 1945"


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("《中华人民共和国刑法》第二百六十四条", "中华人民共和国刑法 264"),
        ("《民法典》第五百七十七条、第五百八十四条", "民法典 577; 民法典 584"),
        ("《公司法》第六十条第一款、第二款", "公司法 60(1); 公司法 60(2)"),
        ("《合同法》第九十四条第（四）项", "合同法 94(4)"),
        ("《刑法》（2020年修正）第一百二十条之一第二款", "刑法 120-1(2)"),
        ("《公司法》第五条至第八条", "公司法 5; 公司法 6; 公司法 7; 公司法 8"),
        ("《公司法》第五条至第八百条", "公司法 5; 公司法 800"),
        ("《保险法》第17条和《合同法》第８条", "保险法 17; 合同法 8"),
        ("《某杂志》刊登", ""),
        ("18 U.S.C. §§ 1343, 1346 and 15 U. S. C. § 78j(b)", "18 U.S.C. 1343; 18 U.S.C. 1346; 15 U.S.C. 78j(b)"),
        ("42 U.S.C. 2000e-2(a)(1)", "42 U.S.C. 2000e-2(a)(1)"),
        ("17 C.F.R. § 240.10b-5", "17 C.F.R. 240.10b-5"),
        ("Article 6 GDPR", "GDPR 6"),
        (f"Articles 45 and 46(1) of {EU}", f"{EU} 45; {EU} 46(1)"),
        ("Art. 101(1) TFEU and Directive 95/46/EC", "TFEU 101(1)"),
        ("s. 2(1) of the Theft Act 1968", "Theft Act 1968 2(1)"),
        (f"ss 1 and 2 of the {UK}", f"{UK} 1; {UK} 2"),
        ("He acts in 1990; section 5 was empty.", ""),
    ],
)
def test_statutes_are_found_in_each_form(text: str, cited: str) -> None:
    found = statutes(f"依照{text}之规定")
    assert "; ".join(f"{each['act']} {each['provision']}" for each in found) == cited


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("案号：（2019）最高法民申1号", "(2019)最高法民申1号"),
        ("(2020)沪0115执恢2号之一", "(2020)沪0115执恢2号之一"),
        ("Neutral Citation Number: [2021] EWCA Civ 12", "[2021] EWCA Civ 12"),
        ("[2020] EWHC 99 (Admin)", "[2020] EWHC 99 (Admin)"),
        ("ECLI:DE:BGH:2020:250520UVIZR252.19.0", "ECLI:DE:BGH:2020:250520UVIZR252.19.0"),
        ("In Case C-131/12,", "Case C-131/12"),
        ("Case No. 1:20-cv-01234-ABC", "No. 1:20-cv-01234-ABC"),
        ("No. 12-345", "No. 12-345"),
        ("No. 3 High Street", ""),
    ],
)
def test_a_case_number_is_found_in_each_form(line: str, number: str) -> None:
    assert case_number(["COURT", line]) == number


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("二〇二〇年十二月三十一日", "2020-12-31"),
        ("二○一九年一月二日", "2019-01-02"),
        ("2021年3月5日", "2021-03-05"),
        ("二〇二一年二月三十日", ""),
        ("Handed down on 1 May 2020", "2020-05-01"),
        ("Date of judgment: 1 May 2020", "2020-05-01"),
        ("May 1, 2020", "2020-05-01"),
        ("on 1 May 2020 he fell", ""),
    ],
)
def test_a_date_is_found_in_each_form(line: str, day: str) -> None:
    assert date_of(["COURT", line]) == day


def _in_chinese(number: int) -> str:
    """Write a number below 10,000 in Chinese numerals, as statutes do."""
    digits, written, gap = "零一二三四五六七八九", "", False
    for value, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // value % 10
        if digit:
            written += ("零" if gap and written else "") + digits[digit] + unit
        gap = not digit
    return written.removeprefix("一") if written.startswith("一十") else written


@settings(deadline=None, derandomize=True, database=None, max_examples=300)
@given(st.integers(1, 9999), st.integers(1, 99))
def test_every_article_that_chinese_numerals_write_is_its_number(article: int, paragraph: int) -> None:
    assert chinese_number(_in_chinese(article)) == article
    cited = f"《某某法》第{_in_chinese(article)}条第{_in_chinese(paragraph)}款"
    assert statutes(cited) == [{"act": "某某法", "provision": f"{article}({paragraph})"}]
