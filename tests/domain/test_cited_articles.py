"""Citations in legal text: which articles of which act, and what is left when they are taken out."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor.domain.cited_articles import (
    Article,
    ChineseCitations,
    Citations,
    EnglishCitations,
    Masked,
    masked,
    number_of,
)
from r1tailor.domain.legal import names_of

ENGLISH = EnglishCitations(
    {
        name: act
        for act, number in (("GDPR", "2016/679"), ("EU AI Act", "2024/1689"), ("NIS2 Directive", "2022/2555"))
        for name in names_of(act, number)
    }
)
CHINESE = ChineseCitations(["中华人民共和国公司法", "刑事诉讼法", "刑法"])


def cited(of: Citations, text: str, own: str = "X", *, carry: bool = False) -> str:
    articles = [article for one in of.found(text, own, carry=carry) for article in one.articles]
    return "; ".join(f"{article.act} {article.number}" for article in articles)


@pytest.mark.parametrize(
    ("text", "articles"),
    [
        ("in accordance with Article 6(1)", "X 6"),
        ("Article 6(1), Articles 102 to 104 and Article 112 apply", "X 6; X 102; X 103; X 104; X 112"),
        ("Article 5 or 50.", "X 5; X 50"),
        ("Article 2(1), points (a) to (d), and Article 3, point (22)", "X 2; X 3"),
        ("Article 9(1), (2) and (4)", "X 9"),
        ("the second subparagraph of Article 49(1) of this Regulation", "X 49"),
        ("Article 19a or 29a of this Directive", "X 19a; X 29a"),
        ("Article 6, point 1, of Directive (EU) 2022/2555", "NIS2 Directive 6"),
        ("Article 9(1) of Regulation (EU) 2016/679, Article 10", "GDPR 9; X 10"),
        ("Directive (EU) 2022/2555 and Article 4 of that Directive", "NIS2 Directive 4"),
        ("under Regulation (EU) 2016/679, in particular Article 6 thereof", "GDPR 6"),
        ("Article 4 of that Directive", "of that Directive 4"),
        ("Article 16 TFEU", "TFEU 16"),
        ("Article 3(4) of the Annex to it", "the Annex 3"),
        ("Article 2, point (26), of Regulation (EC) No 765/2008", "Regulation (EC) No 765/2008 2"),
        ("Article 16 of Regulations (EU) No 1093/2010, (EU) No 1094/2010", "Regulations (EU) No 1093/2010 16"),
        ("section 2(1) of the Theft Act 1968 and 18 U.S.C. § 1343", "Theft Act 1968 2; 18 U.S.C. 1343"),
        ("Article II, and the article 19 others", "X 19"),
        ("Articles 9 to 900", "X 9; X 900"),
        ("this Article and paragraph 3", ""),
    ],
)
def test_english_citations_are_resolved_to_act_and_article(text: str, articles: str) -> None:
    found = cited(ENGLISH, text)
    assert sorted(found.split("; ")) == sorted(articles.split("; "))


@pytest.mark.parametrize(
    ("text", "articles"),
    [
        ("依照本法第四十四条第三款的规定", "X 44"),
        ("违反本法第二十四条、第二十六条规定，或者第二十七条", "X 24; X 26; X 27"),
        ("第五条至第八条和第十条第一款第（二）项", "X 5; X 6; X 7; X 8; X 10"),
        ("《中华人民共和国公司法》（2023年修订）第十六条", "公司法 16"),
        ("不适用刑事诉讼法第一百七十六条关于", "刑事诉讼法 176"),
        ("中华人民共和国刑法第一百二十条之一", "刑法 120-1"),
        ("《某条例》第二条", "某条例 2"),
        ("第一款和前条", ""),
    ],
)
def test_chinese_citations_are_resolved_to_law_and_article(text: str, articles: str) -> None:
    assert cited(CHINESE, text) == articles


@pytest.mark.parametrize(
    ("of", "answer", "articles"),
    [
        (ENGLISH, "GDPR, Articles 6, 9; AI Act, Article 5", "GDPR 6; GDPR 9; EU AI Act 5"),
        (ENGLISH, "Articles 6 and 9 of the GDPR", "GDPR 6; GDPR 9"),
        (ENGLISH, "Article 6", "X 6"),
        (ENGLISH, "NIS2 Directive: Article 3, Article 27", "NIS2 Directive 3; NIS2 Directive 27"),
        (CHINESE, "《公司法》第十六条、第二十条；《刑法》第五条", "公司法 16; 公司法 20; 刑法 5"),
        (CHINESE, "《公司法》：第16条；第20条", "公司法 16; 公司法 20"),
        (CHINESE, "第十六条", "X 16"),
    ],
)
def test_in_an_answer_an_article_is_of_the_act_named_last(of: Citations, answer: str, articles: str) -> None:
    assert cited(of, answer, carry=True) == articles


NUMBERS = st.builds(
    lambda number, inserted: f"{number}-{inserted}" if inserted else str(number),
    st.integers(1, 1300),
    st.integers(0, 9),
)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["公司法", "刑法"]), NUMBERS), min_size=1, unique=True, max_size=9))
def test_what_is_written_in_chinese_is_read_back(pairs: list[tuple[str, str]]) -> None:
    articles = sorted(Article(*pair) for pair in pairs)
    found = CHINESE.found(CHINESE.written(articles), carry=True)
    assert [article for one in found for article in one.articles] == articles


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from(["GDPR", "NIS2 Directive", "Theft Act 1968"]), st.integers(1, 400).map(str)),
        min_size=1,
        unique=True,
        max_size=9,
    )
)
def test_what_is_written_in_english_is_read_back(pairs: list[tuple[str, str]]) -> None:
    articles = {Article(*pair) for pair in pairs}
    found = ENGLISH.found(ENGLISH.written(sorted(articles)), carry=True)
    assert {article for one in found for article in one.articles} == articles


def test_each_passage_keeps_what_was_cited_in_it_and_nothing_of_the_citation() -> None:
    text = "As Article 6(1) of Regulation (EU) 2016/679 says. Article 9 and Article 6 apply. No more."
    found = ENGLISH.found(text, "X")
    assert list(masked(text, found, ENGLISH.mask, lambda whole: re.split(r"(?<=\.) ", whole))) == [
        Masked("As Article […] says.", (Article("GDPR", "6"),)),
        Masked("Article […] and Article […] apply.", (Article("X", "9"), Article("X", "6"))),
        Masked("No more.", ()),
    ]


@pytest.mark.parametrize(
    ("of", "text"), [(ENGLISH, "in Article 4, point 2 is replaced by"), (CHINESE, "第二条修改为：")]
)
def test_a_text_that_changes_another_act_is_told(of: Citations, text: str) -> None:
    assert of.amends.search(text)


def test_an_act_has_one_name_whatever_it_is_called() -> None:
    assert {ENGLISH.act(name) for name in ("nis2", "NIS2  directive", "Directive (EU) 2022/2555")} == {"NIS2 Directive"}
    assert ENGLISH.act("Directive 95/46/EC") == "Directive 95/46/EC"
    assert (number_of("Directive 95/46/EC"), number_of("TFEU")) == ("95/46", "")
    assert CHINESE.act("中华人民共和国刑法") == "刑法"


def test_characters_of_private_use_are_no_citations() -> None:
    text = "\U00100000 Article 6 \U00100001\ue000"
    (passage,) = masked(text, ENGLISH.found(text, "X"), ENGLISH.mask, lambda whole: [whole])
    assert passage == Masked("\ufffd Article […] \ufffd\ue000", (Article("X", "6"),))
