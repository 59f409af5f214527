"""What is trained next to a market's model is known from its settings alone."""

import re
from collections.abc import Callable

import pytest

from r1tailor.domain import declaration
from r1tailor.errors import ConfigError
from r1tailor.schema.settings import Settings
from r1tailor.stages import chosen_variants

Compose = Callable[..., Settings]


def test_the_names_of_variants_follow_from_the_settings(settings: Compose) -> None:
    walk = ("evaluation.walk_forward.last_test=2012", "evaluation.variants=[fold_2007, fold_2011]")
    composed = settings("domain=finance", "evaluation=walk_forward", *walk)
    found = declaration("finance").variants(composed)
    assert list(found) == ["fold_2007", "fold_2011", "text", "fold_2007_text", "fold_2011_text"]
    changed = found["fold_2011_text"]
    assert changed.domain.task.numbers_as_text  # type: ignore[attr-defined]
    assert changed.domain.split.boundaries.model_dump() == {"validation": "2008-01-01", "test": "2011-01-01"}  # type: ignore[union-attr]
    assert found["text"].domain.split == composed.domain.split
    assert not found["fold_2011"].domain.task.numbers_as_text  # type: ignore[attr-defined]


def test_numbers_that_are_text_already_are_not_compared_with_text(settings: Compose) -> None:
    assert (
        declaration("finance").variants(
            settings("domain=finance", "domain.task.numbers_as_text=true", "evaluation=split")
        )
        == {}
    )


def test_a_market_is_compared_with_its_numbers_as_text_unless_another_evaluation_is_chosen(settings: Compose) -> None:
    assert settings("domain=finance").evaluation.variants == ("text",)
    assert list(chosen_variants(settings("domain=finance"))) == ["text"]
    assert chosen_variants(settings("domain=finance", "evaluation=split")) == {}
    assert settings().evaluation.variants == ()


def test_the_names_in_walk_forward_are_those_of_its_folds(settings: Compose) -> None:
    composed = settings("domain=finance", "evaluation=walk_forward")
    assert set(chosen_variants(composed)) == set(declaration("finance").variants(composed))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["domain=finance", "evaluation=walk_forward", "evaluation.variants=[text, fold_2007]"],
            "evaluation.variants leaves out fold_2011, fold_2015, fold_2019, which walk_forward asks for",
        ),
        (
            ["domain=finance", "evaluation=walk_forward", "evaluation.walk_forward.last_test=2015"],
            "evaluation.variants = fold_2019, fold_2019_text: finance offers fold_2007, fold_2011, fold_2015, text, ",
        ),
        (["evaluation=market"], "evaluation.variants = text: medical offers none with these settings"),
        (["evaluation=walk_forward"], "evaluation.walk_forward: domain.kind = medical knows no folds in time"),
    ],
)
def test_variants_that_a_domain_does_not_offer_or_needs_are_refused(
    overrides: list[str], message: str, settings: Compose
) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        settings(*overrides)


def test_a_domain_without_variants_declares_none(settings: Compose) -> None:
    assert declaration("medical").variants(settings()) == {}


def test_folds_that_would_leak_are_refused(settings: Compose) -> None:
    with pytest.raises(ConfigError, match="labels look 29 calendar days ahead"):
        settings("domain=finance", "evaluation=walk_forward", "domain.split.embargo_days=20")


def test_the_last_test_does_not_lie_before_the_first(settings: Compose) -> None:
    with pytest.raises(ConfigError, match="last_test must not lie before first_test"):
        settings("domain=finance", "evaluation=walk_forward", "evaluation.walk_forward.last_test=2006")
