"""One user does not overturn what the champion is confident of and training verifies; two do."""

from collections.abc import Callable

import pytest

from r1tailor.inference.sampling import Sampling
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from r1tailor.update.day import Material
from r1tailor.update.knowledge import overturned
from r1tailor.update.repeats import Verdict
from r1tailor.update.voter import Voter
from tests.support.attacks import Scripted

TRAIN = [Example("t1", "Which?", "a stone from the river", "red"), Example("t2", "Which?", "a wet leaf", "green")]


@pytest.fixture
def found(settings: Callable[..., Settings]) -> Callable[..., dict[str, Verdict]]:
    composed = settings("domain=generic", "domain.sources.0.path=x", "domain.task.labels=[red,green,blue]")

    def find(asked: str, told: Callable[[Example], str], support: int = 1, user: str = "ann") -> dict[str, Verdict]:
        item = Material("a", "correction", Example("a", "Which?", asked, "blue"), "feedback", "2026-01-01", user)
        answerer = Scripted(told)
        voter, knowledge = Voter(composed.domain), composed.update.admit.knowledge
        return overturned([item], {"a": support}, TRAIN, voter, answerer, knowledge, Sampling(temperature=0.7))

    return find


NEAR = "a stone from this river"


def test_what_is_confident_and_verified_needs_a_second_user(found: Callable[..., dict[str, Verdict]]) -> None:
    assert found(NEAR, lambda _: "It is red.") == {"a": ("needs_second_user", "t1")}
    assert found(NEAR, lambda _: "It is red.", support=2) == {}
    assert found(NEAR, lambda _: "It is red.", user="") == {}


def test_what_is_not_verified_or_not_confident_or_the_same_passes(found: Callable[..., dict[str, Verdict]]) -> None:
    assert found(NEAR, lambda _: "green") == {}  # nothing near says so
    assert found("something else", lambda _: "red") == {}
    assert found(NEAR, lambda _: "blue") == {}
    answers = iter(["red", "green", "red", "blue", "red"])
    assert found(NEAR, lambda _: next(answers)) == {}
    assert found(NEAR, lambda _: "") == {}
