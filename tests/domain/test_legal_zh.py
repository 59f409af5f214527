"""Citations of Chinese law: what an answer cites, and whether it exists."""

from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor.domain import open_domain
from r1tailor.domain.legal_zh import LegalZh
from r1tailor.records import Document
from r1tailor.schema.settings import Settings
from tests.support.domain_runs import evaluated, scores_of

FACTS = {"source": "s", "licence": "l", "sha256": "0", "available_at": "2020-01-01"}
Compose = Callable[..., Settings]


def _zh(law: str, article: str, department: str, in_force: bool = True, text: str = "甲。乙。") -> Document:
    fields = {"law": law, "article": article, "department": department, "in_force": in_force}
    return Document(f"{law}-{article}", text, position=article, fields=fields, **FACTS)


LAWS = [
    *(_zh("中华人民共和国民法典", article, "民法商法") for article in ("第一条", "第一百二十三条")),
    *(_zh("中华人民共和国刑法", article, "刑法") for article in ("第一百二十条", "第一百二十条之一")),
    _zh("中华人民共和国刑法", "第一百九十九条", "刑法", in_force=False),
    _zh("中华人民共和国刑法修正案", "第三条", "刑法"),
    _zh("中华人民共和国公司法", "第五条", "民法商法", in_force=False),
    _zh("中华人民共和国刑法修正案", "全文", "刑法"),
]


@pytest.fixture
def legal_zh(settings: Compose) -> LegalZh:
    domain = open_domain(settings("domain=legal_zh", "domain.task.largest_laws=2").domain, LAWS)
    assert isinstance(domain, LegalZh)
    return domain


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
        assert set(scores_of(legal_zh, example, example.output, f"《{example.fields['law']}》").values()) == {1.0}


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
    assert scores_of(legal_zh, example, answer, "《中华人民共和国刑法》") == {
        "law_accuracy": law,
        "law_accuracy_ranked": 0,
        "article_accuracy": article,
        "field_of_law_accuracy": field,
        "citation_completeness": complete,
        "citation_validity": valid,
    }


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
def test_the_domain_goes_from_raw_material_to_an_evaluated_model(tmp_path: Path) -> None:
    metrics = evaluated("legal_zh", tmp_path, 40, "domain.task.largest_laws=9")
    assert 0 <= metrics["models"]["tuned"]["citation_validity"]["value"] <= 1
    assert "law_accuracy_against_base_ranked" in metrics["comparisons"]
