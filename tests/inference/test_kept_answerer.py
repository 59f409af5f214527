"""A model with a memory answers as without, and is asked once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from r1tailor.inference.kept_answerer import KeptAnswerer
from r1tailor.inference.local import LocalAnswerer
from r1tailor.inference.sampling import GREEDY, Sampling
from r1tailor.records import Example
from tests.support.toy_answerers import answerer

LABELS = ("alpha", "beta")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("R1TAILOR_CACHE", str(tmp_path))


class Deaf(LocalAnswerer):
    """A model that must not be asked."""

    def written(self, *_: Any) -> Any:  # noqa: ANN401
        raise AssertionError

    score = rank = written  # type: ignore[assignment]


def deaf(model: LocalAnswerer) -> KeptAnswerer:
    return KeptAnswerer(Deaf(model.model, model.tokenizer, model.settings), "m")


def test_a_model_is_asked_once_and_answers_as_without_a_memory(examples: list[Example]) -> None:
    model, some = answerer(), examples[:4]
    labels = [LABELS] * len(some)
    first, done = KeptAnswerer(model, "m"), list[int]()
    assert first.answer(some, GREEDY, done.append) == model.answer(some)
    assert first.score(some) == model.score(some)
    assert first.rank(some, labels) == model.rank(some, labels)
    again = deaf(model)
    assert again.answer(some, GREEDY, done.append) == model.answer(some)
    assert again.score(some) == model.score(some)
    assert again.rank(some, labels) == model.rank(some, labels)
    assert sum(done) == 2 * len(some)


def test_an_interrupted_run_goes_on_where_it_was(examples: list[Example], monkeypatch: pytest.MonkeyPatch) -> None:
    model, some = answerer(), examples[:6]
    expected = model.answer(some)
    done: list[int] = []

    def interrupt(count: int) -> None:
        done.append(count)
        if len(done) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        KeptAnswerer(model, "m").answer(some, GREEDY, interrupt)
    asked: list[int] = []
    write = LocalAnswerer.written

    def counted(self: LocalAnswerer, prompts: Any, *rest: Any) -> Any:  # noqa: ANN401
        asked.append(len(prompts))
        return write(self, prompts, *rest)

    monkeypatch.setattr(LocalAnswerer, "written", counted)
    assert KeptAnswerer(model, "m").answer(some) == expected
    assert asked == [3]


def test_another_question_model_or_way_of_asking_is_asked(examples: list[Example]) -> None:
    model, (one, *_) = answerer(), examples
    KeptAnswerer(model, "m").answer([one])
    assert deaf(model).answer([replace(one, id="other", output="what is wanted is no part of the prompt")])
    for changed, how in (
        (replace(one, input="another"), GREEDY),
        (replace(one, instruction="another"), GREEDY),
        (one, Sampling(max_answer_tokens=3)),
        (one, Sampling(temperature=1.0)),
    ):
        with pytest.raises(AssertionError):
            deaf(model).answer([changed], how)
    with pytest.raises(AssertionError):
        KeptAnswerer(Deaf(model.model, model.tokenizer, model.settings), "another").answer([one])


def test_draws_are_kept_by_item(examples: list[Example]) -> None:
    model, some = answerer(), examples[:2]
    drawn = Sampling(temperature=1.5, seed=1)
    found = KeptAnswerer(model, "m").answer(some, drawn)
    assert deaf(model).answer(some[::-1], drawn) == found[::-1]
    with pytest.raises(AssertionError):
        deaf(model).answer([replace(some[0], id="other")], drawn)
