"""What the kind legal_articles declares, and its two shipped compositions."""

from collections.abc import Callable

import pytest

from r1tailor import config, sources
from r1tailor.domain import open_domain
from r1tailor.domain.article_sets import ArticleSets
from r1tailor.domain.cited_articles import Article
from r1tailor.domain.declaration import unmeasured
from r1tailor.domain.legal_articles import LegalArticlesDomain
from r1tailor.errors import ConfigError
from r1tailor.schema.settings import Settings
from tests.conftest import ROOT


@pytest.mark.parametrize("name", ["legal_articles", "legal_zh_articles"])
def test_the_shipped_compositions_measure_their_goals(name: str, settings: Callable[..., Settings]) -> None:
    domain = settings(f"domain={name}").domain
    assert isinstance(domain, LegalArticlesDomain)
    assert (domain.name, unmeasured(domain)) == (name, [])


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("domain.task.acts=0", "domain.task.acts = 0: must be greater than 0"),
        ("domain.task.repealed_act=[x]", "Did you mean domain.task.repealed_acts"),
    ],
)
def test_a_wrong_setting_is_refused(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        config.load(["domain=legal_articles", override])


@pytest.mark.parametrize(("name", "items", "acts"), [("legal_articles", 600, 5), ("legal_zh_articles", 500, 30)])
def test_no_reference_stands_in_its_prompt_and_the_set_is_not_degenerate(name: str, items: int, acts: int) -> None:
    composed = config.load([f"domain={name}"]).domain
    documents = list(sources.read(composed.sources[0], ROOT, []))
    domain = open_domain(composed, documents)
    assert isinstance(domain, ArticleSets)
    examples = [example for example in domain.examples() if example.fields["task"] == "citations"]
    assert len(examples) >= items
    assert len({example.fields["act"] for example in examples}) == acts
    outputs = [example.output for example in examples]
    assert max(map(outputs.count, set(outputs))) < 0.05 * len(outputs), "one answer would be right too often"
    for example in examples:
        wanted = {Article(*pair) for pair in example.fields["cited"]}
        assert not wanted & domain.cited_in(example.input, example.fields["act"]), example.id
