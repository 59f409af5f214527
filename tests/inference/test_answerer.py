"""What can be asked of any model: answers, likelihoods, rankings."""

from dataclasses import replace

from r1tailor.inference.answerer import Likelihood, silent
from r1tailor.inference.sampling import GREEDY
from r1tailor.records import Example
from tests.support.toy_answerers import answerer


def test_nothing_asked_is_nothing_answered() -> None:
    model = answerer()
    assert (model.answer([]), model.score([]), model.rank([], [])) == ([], [], [])


def test_a_response_that_is_given_takes_the_place_of_the_reference(examples: list[Example]) -> None:
    model = answerer()
    (of_reference,), (of_given,) = model.score(examples[:1]), model.score(examples[1:2], [examples[0].output])
    assert isinstance(of_reference, Likelihood)
    assert of_given == model.score([replace(examples[1], output=examples[0].output)])[0] != of_reference


def test_an_answerer_reports_how_many_are_done_since_the_last_report() -> None:
    done: list[int] = []
    model = answerer()
    model.answer(["a", "b", "c", "d"], GREEDY, done.append)
    assert done == [1, 1, 1, 1], "each when it is written"
    assert silent(4) is None  # type: ignore[func-returns-value]
    assert model.rank(["a"], [()], done.append) == [()]
