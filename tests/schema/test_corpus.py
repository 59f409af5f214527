"""How documents become clean: settings that cannot be meant are refused."""

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from r1tailor.corpus.clean import CHAIN
from r1tailor.errors import ConfigError
from r1tailor.schema.corpus import CleaningRule, Terms
from tests.corpus.privacy.test_deidentify import _privacy
from tests.corpus.test_engine import Compose
from tests.corpus.test_vocabularies import CSV, UMLS
from tests.support.refusals import faults_of

RULES = ", ".join(get_args(CleaningRule))

REFUSED: list[tuple[str, list[str]]] = [
    (
        "domain.cleaning.rules=[straighten_quote]",
        [f"domain.cleaning.rules.0 = 'straighten_quote': must be one of {RULES}. Did you mean straighten_quotes?"],
    ),
]


@pytest.mark.parametrize(("line", "faults"), REFUSED, ids=[line for line, _ in REFUSED])
def test_a_setting_is_refused_with_every_fault(line: str, faults: list[str]) -> None:
    assert faults_of(line) == faults


@pytest.mark.parametrize(
    ("section", "key"),
    [
        (UMLS | {"languages": ["english"]}, "languages"),
        (UMLS | {"languages": []}, "languages"),
        (UMLS | {"sources": []}, "sources"),
        (CSV | {"path": ""}, "path"),
        (CSV | {"languages": ["ENG"]}, "languages"),
    ],
)
def test_a_vocabulary_is_said_wholly_and_correctly(section: dict[str, Any], key: str) -> None:
    with pytest.raises(ValidationError, match=key):
        Terms.model_validate({"mode": "annotate", "vocabularies": [section], "fuzzy": None})


@pytest.mark.parametrize("similarity", [0.4, 1.0])
def test_a_similarity_that_is_none_of_a_near_duplicate_is_refused(similarity: float, settings: Compose) -> None:
    with pytest.raises(
        ConfigError, match=r"domain\.cleaning\.duplicates\.similarity = .*: must be (greater|less) than"
    ):
        settings(
            f"domain.cleaning.duplicates={{similarity: {similarity}}}", "domain=generic", "domain.sources.0.path=x"
        )


def test_a_mode_must_fit_its_kind() -> None:
    with pytest.raises(
        ValidationError, match=r"kinds\.date = pseudonymise is not possible; allowed: redact, shift_dates"
    ):
        _privacy(date="pseudonymise")
    with pytest.raises(ValidationError, match=r"kinds\.ssn = shift_dates is not possible"):
        _privacy(ssn="shift_dates")


def test_schema_and_chain_name_the_same_rules_in_the_same_order() -> None:
    assert get_args(CleaningRule) == tuple(CHAIN)
