"""What is trained next to a market's model is known from its settings alone."""

from collections.abc import Callable

import pytest

from r1tailor.domain import declaration
from r1tailor.errors import ConfigError
from r1tailor.schema.settings import Settings

Compose = Callable[..., Settings]


def test_the_names_of_variants_follow_from_the_settings(settings: Compose) -> None:
    composed = settings("domain=finance", "evaluation=walk_forward", "evaluation.walk_forward.last_test=2012")
    found = declaration("finance").variants(composed)
    assert list(found) == ["fold_2007", "fold_2011", "text", "fold_2007_text", "fold_2011_text"]
    changed = found["fold_2011_text"]
    assert changed.domain.task.numbers_as_text  # type: ignore[attr-defined]
    assert changed.domain.split.boundaries.model_dump() == {"validation": "2008-01-01", "test": "2011-01-01"}  # type: ignore[union-attr]
    assert found["text"].domain.split == composed.domain.split
    assert not found["fold_2011"].domain.task.numbers_as_text  # type: ignore[attr-defined]


@pytest.mark.parametrize("override", ["evaluation.ablate_text=false", "domain.task.numbers_as_text=true"])
def test_numbers_are_not_compared_with_text_where_that_is_not_asked_for(override: str, settings: Compose) -> None:
    assert declaration("finance").variants(settings("domain=finance", override)) == {}


def test_a_domain_without_variants_declares_none(settings: Compose) -> None:
    assert declaration("medical").variants(settings()) == {}


def test_folds_that_would_leak_are_refused(settings: Compose) -> None:
    with pytest.raises(ConfigError, match="labels look 29 calendar days ahead"):
        settings("domain=finance", "evaluation=walk_forward", "domain.split.embargo_days=20")


def test_the_last_test_does_not_lie_before_the_first(settings: Compose) -> None:
    with pytest.raises(ConfigError, match="last_test must not lie before first_test"):
        settings("domain=finance", "evaluation=walk_forward", "evaluation.walk_forward.last_test=2006")
