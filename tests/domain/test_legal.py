"""Citations of EU law: passages, what an answer cites, and whether it exists."""

from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor.domain import open_domain
from r1tailor.domain.legal import Legal
from r1tailor.errors import ConfigError
from r1tailor.records import Document
from r1tailor.schema.settings import Settings
from tests.domain.test_legal_zh import LAWS
from tests.support.domain_runs import evaluated, scores_of

FACTS = {"source": "s", "licence": "l", "sha256": "0", "available_at": "2020-01-01"}
Compose = Callable[..., Settings]


def _eu(act: str, number: int, official: str, text: str = "One. Two.") -> Document:
    fields = {"act": act, "article": number, "official_number": official}
    return Document(f"{official}-{number}", text, position=f"article {number}", fields=fields, **FACTS)


ACTS = [
    *(_eu("EU AI Act", number, "2024/1689") for number in (1, 2, 3)),
    _eu("GDPR", 17, "2016/679", "Right to erasure 1. The data subject shall have the right. 2. It shall not apply."),
    _eu("NIS2 Directive", 1, "2022/2555"),
]


@pytest.fixture
def legal(settings: Compose) -> Legal:
    domain = open_domain(settings("domain=legal", "domain.task.passage_characters=60").domain, ACTS)
    assert isinstance(domain, Legal)
    return domain


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
    assert scores_of(legal, example, answer, "GDPR") == {
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
        scores = scores_of(legal, example, example.output, example.fields["act"])
        assert (set(scores), set(scores.values())) == ({metric.name for metric in legal.metrics}, {1.0})


@pytest.mark.parametrize("domain", ["legal", "legal_zh"])
def test_a_response_that_names_something_else_is_refused(domain: str, settings: Compose) -> None:
    composed = settings(f"domain={domain}", "domain.task.response='{judge}'").domain
    with pytest.raises(ConfigError, match=r"domain\.task\.response = '\{judge\}': only \{\w+\}, .* may stand in it$"):
        list(open_domain(composed, ACTS if domain == "legal" else LAWS).examples())


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
def test_the_domain_goes_from_raw_material_to_an_evaluated_model(tmp_path: Path) -> None:
    metrics = evaluated("legal", tmp_path, 5)
    assert 0 <= metrics["models"]["tuned"]["citation_validity"]["value"] <= 1
    assert "act_accuracy_against_base_ranked" in metrics["comparisons"]
