"""Citations of EU and Chinese law: passages, what an answer cites, and whether that exists."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from r1tailor.domain import Domain, open_domain
from r1tailor.domain.chinese_numerals import article_numbers, chinese_number
from r1tailor.domain.legal import Legal
from r1tailor.domain.legal_zh import LegalZh
from r1tailor.domain.passages import passages
from r1tailor.errors import ConfigError
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.settings import Settings

FACTS = {"source": "s", "licence": "l", "sha256": "0", "available_at": "2020-01-01"}
Compose = Callable[..., Settings]
_PROPERTY = profile(deadline=None, derandomize=True, database=None, max_examples=200)


def _eu(act: str, number: int, official: str, text: str = "One. Two.") -> Document:
    fields = {"act": act, "article": number, "official_number": official}
    return Document(f"{official}-{number}", text, position=f"article {number}", fields=fields, **FACTS)


def _zh(law: str, article: str, department: str, in_force: bool = True, text: str = "甲。乙。") -> Document:
    fields = {"law": law, "article": article, "department": department, "in_force": in_force}
    return Document(f"{law}-{article}", text, position=article, fields=fields, **FACTS)


ACTS = [
    *(_eu("EU AI Act", number, "2024/1689") for number in (1, 2, 3)),
    _eu("GDPR", 17, "2016/679", "Right to erasure 1. The data subject shall have the right. 2. It shall not apply."),
    _eu("NIS2 Directive", 1, "2022/2555"),
]
LAWS = [
    *(_zh("中华人民共和国民法典", article, "民法商法") for article in ("第一条", "第一百二十三条")),
    *(_zh("中华人民共和国刑法", article, "刑法") for article in ("第一百二十条", "第一百二十条之一")),
    _zh("中华人民共和国刑法", "第一百九十九条", "刑法", in_force=False),
    _zh("中华人民共和国刑法修正案", "第三条", "刑法"),
    _zh("中华人民共和国公司法", "第五条", "民法商法", in_force=False),
    _zh("中华人民共和国刑法修正案", "全文", "刑法"),
]


@pytest.fixture
def legal(settings: Compose) -> Legal:
    domain = open_domain(settings("domain=legal", "domain.task.passage_characters=60").domain, ACTS)
    assert isinstance(domain, Legal)
    return domain


@pytest.fixture
def legal_zh(settings: Compose) -> LegalZh:
    domain = open_domain(settings("domain=legal_zh", "domain.task.largest_laws=2").domain, LAWS)
    assert isinstance(domain, LegalZh)
    return domain


def _scores(domain: Domain, example: Example, answer: str, ranked: str = "") -> dict[str, float]:
    return domain.score(example, Prediction(example.id, answer, -1.0, 1, ranked))


def test_a_passage_is_asked_for_its_act_and_article_and_stays_with_its_article(legal: Legal) -> None:
    examples = [example for example in legal.examples() if example.group == "2016/679-17"]
    assert [example.input for example in examples] == [
        "Right to erasure 1. The data subject shall have the right.",
        "2. It shall not apply.",
    ]
    assert {example.output for example in examples} == {"GDPR, Article 17"}
    assert [example.id for example in examples] == [f"2016/679-17#{number}" for number in range(2)]
    assert legal.labels() == ("EU AI Act", "GDPR", "NIS2 Directive")


@pytest.mark.parametrize(
    ("answer", "act", "article", "complete", "valid"),
    [
        ("GDPR, Article 17", 1, 1, 1, 1),
        ("<think>\nThe AI Act?\n</think>\n\ngdpr art. 17", 1, 1, 1, 1),
        ("Article 17 of Regulation (EU) 2016/679", 1, 1, 1, 1),
        ("GDPR, Article 18", 1, 0, 1, 0),  # invented
        ("GDPR, Articles 17 and Article 170", 1, 1, 1, 0),  # one of them invented
        ("AI Act, Article 3", 0, 0, 1, 1),
        ("the NIS2, Article 17", 0, 0, 1, 0),  # exists, but in another act
        ("GDPR", 1, 0, 0, 0),
        ("Article 17", 0, 0, 0, 0),
        ("GDPRX Article 17", 0, 0, 0, 0),
        ("", 0, 0, 0, 0),
    ],
)
def test_a_citation_of_an_act_is_accurate_complete_and_valid_or_not(
    answer: str, act: int, article: int, complete: int, valid: int, legal: Legal
) -> None:
    example = next(example for example in legal.examples() if example.fields["act"] == "GDPR")
    assert _scores(legal, example, answer, "GDPR") == {
        "act_accuracy": act,
        "act_accuracy_ranked": 1,
        "article_accuracy": article,
        "citation_completeness": complete,
        "citation_validity": valid,
    }


def test_the_majority_answer_cites_the_most_frequent_act_and_every_reference_is_right(legal: Legal) -> None:
    examples = list(legal.examples())
    assert legal.majority_answer([examples[0], examples[0], examples[1], examples[-1]]) == "EU AI Act, Article 1"
    for example in examples:
        scores = _scores(legal, example, example.output, example.fields["act"])
        assert (set(scores), set(scores.values())) == ({metric.name for metric in legal.metrics}, {1.0})


def test_only_articles_in_force_of_the_largest_laws_become_examples(legal_zh: LegalZh) -> None:
    examples = list(legal_zh.examples())
    assert [example.output for example in examples] == [
        "《中华人民共和国民法典》第一条，民法商法",
        "《中华人民共和国民法典》第一百二十三条，民法商法",
        "《中华人民共和国刑法》第一百二十条，刑法",
        "《中华人民共和国刑法》第一百二十条之一，刑法",
    ]
    assert [example.fields["number"] for example in examples] == [[1, 0], [123, 0], [120, 0], [120, 1]]
    assert legal_zh.labels() == ("《中华人民共和国民法典》", "《中华人民共和国刑法》")
    for example in examples:
        assert set(_scores(legal_zh, example, example.output, f"《{example.fields['law']}》").values()) == {1.0}


@pytest.mark.parametrize(
    ("answer", "law", "article", "field", "complete", "valid"),
    [
        ("《中华人民共和国民法典》第一百二十三条，民法商法", 1, 1, 1, 1, 1),
        ("民法典第123条", 1, 1, 0, 1, 1),
        ("《民法典》第一百二十四条", 1, 0, 0, 1, 0),  # invented
        ("《民法典》第一百二十三条之一", 1, 0, 0, 1, 0),
        ("《刑法》第一百九十九条，刑法", 0, 0, 0, 1, 1),  # no longer in force, but not invented
        ("《公司法》第五条，民法商法", 0, 0, 1, 1, 1),
        ("《刑法修正案》第一百二十条", 0, 0, 0, 1, 0),
        ("《民法典》", 1, 0, 0, 0, 0),
        ("第一百二十三条", 0, 0, 0, 0, 0),
        ("<think>\n民法典第一百二十三条\n</think>\n\n不知道", 0, 0, 0, 0, 0),
    ],
)
def test_a_chinese_citation_is_accurate_complete_and_valid_or_not(
    answer: str, law: int, article: int, field: int, complete: int, valid: int, legal_zh: LegalZh
) -> None:
    example = list(legal_zh.examples())[1]
    assert _scores(legal_zh, example, answer, "《中华人民共和国刑法》") == {
        "law_accuracy": law,
        "law_accuracy_ranked": 0,
        "article_accuracy": article,
        "field_of_law_accuracy": field,
        "citation_completeness": complete,
        "citation_validity": valid,
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("第一百二十三条", [(123, 0)]),
        ("第十条、第十二条和第二十条", [(10, 0), (12, 0), (20, 0)]),
        ("第一千二百六十条", [(1260, 0)]),
        ("第一千零五条", [(1005, 0)]),
        ("第一百二十条之一", [(120, 1)]),
        ("第123条", [(123, 0)]),
        ("第三章 第一款 条", []),
    ],
)
def test_article_numbers_are_read_in_chinese_and_in_digits(text: str, found: list[tuple[int, int]]) -> None:
    assert article_numbers(text) == found


def _numeral(number: int) -> str:
    """Write a number below 10,000 as Chinese laws do."""
    digits, units, text = "零一二三四五六七八九", ("千", "百", "十", ""), ""
    for digit, unit in zip(f"{number:04d}", units, strict=True):
        if digit != "0":
            text += digits[int(digit)] + unit
        elif text and not text.endswith("零"):
            text += "零"
    text = text.rstrip("零")
    return text.removeprefix("一") if text.startswith("一十") else text


@_PROPERTY
@given(st.integers(1, 9999))
def test_every_numeral_below_ten_thousand_is_read_back(number: int) -> None:
    assert chinese_number(_numeral(number)) == number == chinese_number(str(number))
    assert article_numbers(f"依照第{_numeral(number)}条") == [(number, 0)]


@_PROPERTY
@given(st.text("ab .;。；\n1条"), st.integers(5, 40))
def test_passages_hold_the_whole_text_in_order_and_none_is_too_long(text: str, longest: int) -> None:
    found = list(passages(text, longest))
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(0 < len(passage) <= longest for passage in found)


@pytest.mark.parametrize(
    ("text", "longest", "found"),
    [
        ("The Member States’ rights. A café; no. 3 of it.", 60, ["The Member States’ rights. A café; no. 3 of it."]),
        ("The Member States’ rights. A café; no. 3 of it.", 35, ["The Member States’ rights. A café;", "no. 3 of it."]),
        ("甲。乙；\n丙。", 6, ["甲。乙；丙。"]),
        ("甲。乙；\n丙。", 4, ["甲。乙；", "丙。"]),
        ("abcdef. g", 4, ["abcd", "ef.", "g"]),
    ],
)
def test_passages_are_whole_sentences_with_their_spaces(text: str, longest: int, found: list[str]) -> None:
    assert list(passages(text, longest)) == found


@pytest.mark.parametrize("domain", ["legal", "legal_zh"])
def test_a_response_that_names_something_else_is_refused(domain: str, settings: Compose) -> None:
    composed = settings(f"domain={domain}", "domain.task.response='{judge}'").domain
    with pytest.raises(ConfigError, match=r"domain\.task\.response = '\{judge\}': only \{\w+\}, .* may stand in it$"):
        list(open_domain(composed, ACTS if domain == "legal" else LAWS).examples())
