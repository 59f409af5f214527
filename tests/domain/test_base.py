"""A reference answer names only what the records hold; an answer is read without its reasoning."""

import pytest

from r1tailor.domain.base import answer_of, coverage, written
from r1tailor.errors import ConfigError, DataError
from tests.support.made_examples import generic_domain, record


@pytest.mark.parametrize("response", ["{colour}", "{}", "{term"])
def test_a_response_with_an_unknown_placeholder_is_refused(response: str) -> None:
    domain = generic_domain([record(1, "a")], f"domain.task.response='{response}'")
    with pytest.raises(ConfigError, match=r"domain\.task\.response = .*: only \{input\}, .* may stand in it$"):
        list(domain.examples())


def test_a_response_is_written_with_the_values_of_a_record() -> None:
    task = generic_domain([], "domain.task.response='{input}: {output}'").settings.task
    assert written(task, {"input": "a", "output": "b"}) == "a: b"


def test_an_answer_follows_the_last_reasoning() -> None:
    assert answer_of("<think>\nfirst\n</think>\n\n<think></think> b ") == "b"
    assert answer_of(" b ") == "b"


def test_coverage_is_the_share_of_entities_and_ignores_case() -> None:
    assert coverage(["Aspirin", "pain"], "ASPIRIN") == 0.5
    assert coverage([], "") == 1.0


def test_a_null_value_does_not_become_the_word_none() -> None:
    task = generic_domain([], "domain.task.response='{ward}: {output}'").settings.task
    with pytest.raises(DataError, match=r"^domain\.task\.response names \{ward\}, and a record has nothing there$"):
        written(task, {"output": "a", "ward": None})  # type: ignore[dict-item]
    assert written(task, {"output": "a", "ward": "W", "more": None}) == "W: a"  # type: ignore[dict-item]
