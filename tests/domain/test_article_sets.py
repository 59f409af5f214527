"""Sets of articles: what a provision or a case needs, asked without it, and an answer's set scored."""

from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor.domain import open_domain
from r1tailor.domain.article_sets import ArticleSets
from r1tailor.domain.cited_articles import Article
from r1tailor.errors import DataError
from r1tailor.instruction.build import build
from r1tailor.record_files import read_examples
from r1tailor.records import Document, Example
from r1tailor.schema.settings import Settings
from r1tailor.sources import judgments
from tests.sources.test_judgments import CHINESE
from tests.sources.test_judgments import SOURCE as JUDGMENTS
from tests.support.asked import asked
from tests.support.domain_runs import evaluated, scores_of

FACTS = {"source": "s", "licence": "l", "sha256": "0", "available_at": "2020-01-01"}
Compose = Callable[..., Settings]


def eu(act: str, number: int, official: str, text: str = "Nothing here.") -> Document:
    fields = {"act": act, "article": number, "official_number": official}
    return Document(f"{official}-{number}", text, position=f"article {number}", fields=fields, **FACTS)


def zh(law: str, article: str, text: str = "无。", in_force: bool = True) -> Document:
    fields = {"law": law, "article": article, "department": "民法商法", "in_force": in_force}
    return Document(f"{law}-{article}-{in_force}", text, position=article, fields=fields, **FACTS)


def judgment(number: int, facts: str, reasoning: str, ruling: str = "") -> Document:
    fields = {"facts": facts, "reasoning": reasoning, "ruling": ruling, "statutes": []}
    return Document(f"case-{number}", facts + reasoning, position="line 1", fields=fields, **FACTS)


ACTS = [
    eu("GDPR", 1, "2016/679"),
    eu("GDPR", 2, "2016/679", "Under Articles 1 and 3, and Article 2(1). By Article 4 of Directive (EU) 2022/2555."),
    eu("GDPR", 3, "2016/679", "Article 99 and Article 5 TFEU and Article 3(2) apply."),
    eu("GDPR", 4, "2016/679", "In Article 1, the following point is inserted: Article 3."),
    eu("NIS2 Directive", 4, "2022/2555", "Article 1 of Regulation (EU) 2016/679 applies."),
]
LAWS = [
    zh("中华人民共和国民法典", "第一条"),
    zh("中华人民共和国民法典", "第二条", "依照本法第一条、第三条和《中华人民共和国刑法》第五条的规定处理。"),
    zh("中华人民共和国民法典", "第三条", in_force=False),
    zh("中华人民共和国刑法", "第五条", "已废止的第二条。", in_force=False),
    zh("中华人民共和国刑法", "第五条", "违反本法第六条规定的。"),
    zh("中华人民共和国刑法", "第六条"),
    zh("中华人民共和国刑法", "全文", "第五条。"),
]


def opened(settings: Compose, documents: list[Document], *overrides: str) -> ArticleSets:
    domain = open_domain(settings(*overrides).domain, documents)
    assert isinstance(domain, ArticleSets)
    return domain


@pytest.fixture
def english(settings: Compose) -> ArticleSets:
    return opened(settings, ACTS, "domain=legal_articles")


@pytest.fixture
def chinese(settings: Compose) -> ArticleSets:
    return opened(settings, LAWS, "domain=legal_zh_articles")


def of_task(domain: ArticleSets, task: str) -> list[Example]:
    return [example for example in domain.examples() if example.fields["task"] == task]


def test_a_provision_is_asked_for_the_articles_it_cites_of_the_library(english: ArticleSets) -> None:
    first, second = of_task(english, "citations")
    assert first.input == "GDPR\n\nUnder Article […], and Article […]. By Article […]."
    assert first.output == "GDPR, Articles 1, 3; NIS2 Directive, Article 4"
    assert (first.group, first.fields["act"]) == ("2016/679-2", "GDPR")
    assert (second.input, second.output) == ("NIS2 Directive\n\nArticle […] applies.", "GDPR, Article 1")
    assert english.remarks() == ("1 provisions change another act: what they cite is not told apart",)


def test_only_articles_in_force_are_asked_for(chinese: ArticleSets) -> None:
    first, second = of_task(chinese, "citations")
    assert first.input == "《民法典》\n\n依照第【…】条和第【…】条的规定处理。"
    assert first.output == "《民法典》第一条；《刑法》第五条"
    assert (second.input, second.output) == ("《刑法》\n\n违反第【…】条规定的。", "《刑法》第六条")


def test_the_acts_that_cite_the_most_are_chosen(settings: Compose) -> None:
    domain = opened(
        settings, [*ACTS, eu("GDPR", 5, "2016/679", "See Article 1.")], "domain=legal_articles", "domain.task.acts=1"
    )
    assert {example.fields["act"] for example in domain.examples()} == {"GDPR"}


def test_every_article_in_force_is_read_in_train_alone_and_without_its_citations(chinese: ArticleSets) -> None:
    reads = of_task(chinese, "article")
    assert [example.output for example in reads] == [
        "《民法典》第一条",
        "《民法典》第二条",
        "《刑法》第五条",
        "《刑法》第六条",
    ]
    assert reads[1].input == "《民法典》\n\n依照第【…】条和第【…】条的规定处理。"
    assert chinese.placed(list(chinese.examples())) == {example.id: "train" for example in reads}


def test_articles_to_read_stay_in_train_and_those_like_a_held_out_item_in_no_part(settings: Compose) -> None:
    words = [f"w{number * 7919 % 1013}" for number in range(4000)]
    texts = {n: f"{' '.join(words[40 * n : 40 * n + 40])} under Article {1 + n % 9}." for n in range(1, 91)}
    documents = [eu("GDPR", number, "2016/679", text) for number, text in texts.items()]
    domain = opened(settings, documents, "domain=legal_articles", "domain.split.validation=0.2")
    parts = build(domain, 1).parts
    assert {example.fields["task"] for example in (*parts["validation"], *parts["test"])} == {"citations"}
    held_out = {example.group for example in (*parts["validation"], *parts["test"])}
    read = {example.group for example in parts["train"] if example.fields["task"] == "article"}
    assert read
    assert not read & held_out, "a held-out provision's own text is read in train"


@pytest.mark.parametrize(
    ("answer", "hits", "named", "invented", "repealed"),
    [
        ("GDPR, Articles 1, 3; NIS2 Directive, Article 4", 3, 3, 0, 0),
        ("<think>\nArticle 9\n</think>\n\nArticles 1 and 3, Article 4 of the NIS2 Directive", 3, 3, 0, 0),
        ("GDPR, Articles 1, 1, 3", 2, 2, 0, 0),
        ("GDPR, Articles 1, 98, 99", 1, 3, 2, 0),
        ("GDPR, Article 1; Directive 95/46/EC, Article 7", 1, 2, 0, 1),
        ("Article 7 of Directive 2000/31/EC", 0, 1, 1, 0),
        ("NIS2 Directive, Article 1", 0, 1, 1, 0),
        ("<think>\nGDPR, Article 1", 0, 0, 0, 0),
        ("none", 0, 0, 0, 0),
    ],
)
def test_an_answers_set_is_scored(
    answer: str, hits: int, named: int, invented: int, repealed: int, english: ArticleSets
) -> None:
    example = of_task(english, "citations")[0]
    assert scores_of(english, example, answer) == {
        "article_f1": pytest.approx(2 * hits / (named + 3)),
        "article_precision": pytest.approx(hits / named if named else 0.0),
        "article_recall": pytest.approx(hits / 3),
        "all_articles": float(hits == 3),
        "citation_validity": float(named > 0 and not invented),
        "invented_articles": invented,
        "repealed_articles": repealed,
    }


@pytest.mark.parametrize(
    ("answer", "valid", "invented", "repealed"),
    [
        ("《民法典》第一条", 1, 0, 0),
        ("《民法典》第三条", 1, 0, 1),  # no longer in force
        ("《刑法》第五条", 1, 0, 0),  # an earlier version is not, this one is
        ("《中华人民共和国合同法》第五十二条", 1, 0, 1),  # replaced by the Civil Code
        ("《民法典》第九百条、《合同法》第五十二条", 0, 1, 1),
    ],
)
def test_repealed_articles_are_told_from_invented_ones(
    answer: str, valid: int, invented: int, repealed: int, chinese: ArticleSets
) -> None:
    scores = scores_of(chinese, of_task(chinese, "citations")[0], answer)
    assert (scores["citation_validity"], scores["invented_articles"], scores["repealed_articles"]) == (
        valid,
        invented,
        repealed,
    )


def test_the_majority_answer_is_the_set_cited_most_often_and_every_reference_is_right(
    english: ArticleSets, chinese: ArticleSets
) -> None:
    examples = list(english.examples())
    assert english.majority_answer([*examples, examples[1]]) == "GDPR, Article 1"
    assert english.majority_answer(of_task(english, "article")) == ""
    for domain in (english, chinese):
        for example in domain.examples():
            scores = scores_of(domain, example, example.output)
            assert set(scores) == {metric.name for metric in domain.metrics}
            assert [scores[name] for name in ("article_f1", "all_articles", "citation_validity")] == [1, 1, 1]
            assert scores["invented_articles"] + scores["repealed_articles"] == 0


def test_the_facts_of_a_judgment_are_asked_for_what_the_court_applied(settings: Compose) -> None:
    cases = [
        judgment(
            1,
            "甲主张依据《民法典》第一条解除合同。",
            "本院认为，依照《中华人民共和国民法典》第二条、《票据法》第七条，",
            "判决如下：驳回。",
        ),
        judgment(2, "", "依照《民法典》第一条。"),
        judgment(3, "乙未付款。", "事实清楚。"),
        judgment(4, "丙。", "依照《民法典》第九百条。"),
    ]
    domain = opened(settings, [*LAWS, *cases], "domain=legal_zh_articles", "domain.task.case_instruction='何条？'")
    (example,) = (one for one in domain.examples() if one.id.startswith("case"))
    assert (example.instruction, example.input) == ("何条？", "甲主张依据第【…】条解除合同。")
    assert example.output == "《民法典》第二条；《票据法》第七条"
    assert example.fields["act"] == ""
    assert domain.remarks() == (
        "1 documents are no numbered article and no judgment",
        "3 judgments have no facts, or cite no article of the library",
    )
    scores = scores_of(domain, example, "《票据法》第七条、第八条；第九条")
    assert (scores["article_recall"], scores["invented_articles"]) == (0.5, 2)


def test_a_judgment_file_becomes_a_case(settings: Compose, tmp_path: Path) -> None:
    (tmp_path / "j.txt").write_text(CHINESE, "utf-8")
    source = JUDGMENTS.model_copy(update={"path": "j.txt"})
    (document,) = judgments.read(source, tmp_path)
    assert isinstance(document, Document)
    (example,) = opened(settings, [document], "domain=legal_zh_articles").examples()
    assert example.output == "《民事诉讼法》第一百七十七条；《民法典》第五百七十七条"
    assert "买卖合同纠纷一案" in example.input
    assert "依照" not in example.input
    assert (example.group, example.available_at) == (document.id, "2021-03-05")


def test_documents_that_are_neither_articles_nor_judgments_are_refused(settings: Compose) -> None:
    letter = Document("d", "Dear Sir", position="1", fields={"output": "x"}, **FACTS)
    with pytest.raises(DataError, match=r"^domain legal_articles: no document is an article .* or a judgment; sources"):
        list(opened(settings, [letter], "domain=legal_articles").examples())


def test_acts_of_ones_own_need_an_act_and_an_article(settings: Compose) -> None:
    rows = [{"act": "House Rules", "article": "1"}, {"act": "House Rules", "article": "2a"}]
    texts = ("Nothing.", "See Article 1 of the House Rules.")
    own = [Document(f"r{n}", texts[n], position="1", fields=row, **FACTS) for n, row in enumerate(rows)]
    example = of_task(opened(settings, own, "domain=legal_articles"), "citations")[0]
    assert (example.input, example.output) == ("House Rules\n\nSee Article […].", "House Rules, Article 1")


def test_judgments_alone_are_a_library_of_what_they_cite(settings: Compose) -> None:
    case = judgment(
        1, "He took it under section 4 of the Theft Act 1968.", "Section 2(1) of the Theft Act 1968 applies."
    )
    domain = opened(settings, [case], "domain=legal_articles")
    (example,) = domain.examples()
    assert (example.input, example.output) == ("He took it under Article […].", "section 2 of the Theft Act 1968")
    assert example.fields["cited"] == [list(Article("Theft Act 1968", "2"))]
    assert scores_of(domain, example, "sections 2, 9 of the Theft Act 1968")["invented_articles"] == 1


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
@pytest.mark.parametrize(
    ("name", "every", "question"),
    [
        ("legal_articles", 2, "GDPR\n\nThe controller shall assess the risk in accordance with Article […]."),
        ("legal_zh_articles", 12, "《公司法》\n\n违反第【…】条规定的，责令改正。"),
    ],
)
def test_the_domain_goes_from_raw_material_to_an_answer(
    name: str, every: int, question: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = evaluated(name, tmp_path, every, "evaluation.max_answer_tokens=12")
    tuned = metrics["models"]["tuned"]
    assert 0 <= tuned["article_f1"]["value"] <= 1
    assert tuned["invented_articles"]["value"] >= 0
    assert "all_articles" in metrics["against_plain"]
    examples = read_examples(tmp_path / "instruct" / "test.jsonl")
    mark = "第【…】条" if "zh" in name else "Article […]"
    assert examples
    assert all(mark in example.input for example in examples)
    assert asked(name, tmp_path, question, capsys, "evaluation.max_answer_tokens=12").strip()
