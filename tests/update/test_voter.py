"""What answers stand for, without the documents of the domain; draws of a model that cannot read every prompt."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from r1tailor.errors import DataError
from r1tailor.inference import GREEDY, Answer, Prompt, Sampling
from r1tailor.inference.answerer import Progress, silent
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from r1tailor.update.voter import Voter, drawn
from tests.support.attacks import Scripted

QUESTION = Example("e", "Which colour?", "a stone", "red")


def test_a_closed_set_of_its_own_comes_before_that_of_the_domain(settings: Callable[..., Settings]) -> None:
    section = settings("domain=medical").domain
    voter = Voter(section, ["red", "blue"], {"f": ["green"]})
    assert voter.labels_of(QUESTION) == ("red", "blue")
    assert voter.vote(replace(QUESTION, id="f"), "green, not red") == "green"
    assert voter.settled(replace(QUESTION, output="rather red")) == "rather red"
    assert voter.settled(replace(QUESTION, output="grey")) is None


def _voter(settings: Callable[..., Settings], *labels: str) -> Voter:
    task = settings("domain=generic", "domain.sources.0.path=x", f"domain.task.labels=[{','.join(labels)}]").domain
    return Voter(task)


def test_an_answer_is_spelt_as_its_closed_set_has_it(settings: Callable[..., Settings]) -> None:
    voter = _voter(settings, "red", "blue")
    assert voter.settled(replace(QUESTION, output="red")) == "red"
    assert voter.settled(replace(QUESTION, output="not a red one")) is None
    assert voter.vote(QUESTION, "<think>\nblue?\n</think>\nIt is red.") == "red"
    assert voter.vote(QUESTION, "<think>\nblue?") == ""
    free = Voter(settings("domain=generic", "domain.sources.0.path=x").domain)
    assert free.settled(replace(QUESTION, output="anything")) == "anything"


class _ShortSighted(Scripted):
    def answer(
        self, prompts: Sequence[Prompt], sampling: Sampling = GREEDY, progress: Progress = silent
    ) -> list[Answer]:
        if any(isinstance(one, Example) and "long" in one.input for one in prompts):
            raise DataError("too long")
        return super().answer(prompts, sampling, progress)


def test_a_prompt_that_the_model_cannot_read_gets_no_answer_and_the_others_do() -> None:
    asked = [QUESTION, replace(QUESTION, id="f", input="a long question"), replace(QUESTION, id="g")]
    assert drawn(_ShortSighted(lambda _: "red"), asked, 2, GREEDY) == [["red", "red"], [], ["red", "red"]]
    assert drawn(_ShortSighted(lambda _: "red"), [], 2, GREEDY) == []
