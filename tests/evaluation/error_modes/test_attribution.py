"""Errors are explained by the segments of their question: a toy model that learnt a trigger, captum as the oracle."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from captum.attr import ShapleyValues

from r1tailor.errors import DataError
from r1tailor.evaluation.error_modes.attribution import Attribution, explain, explained
from r1tailor.evaluation.error_modes.outcomes import Outcome
from r1tailor.evaluation.error_modes.segments import segments
from r1tailor.inference.answerer import Likelihood, Progress, Prompt, silent
from r1tailor.inference.local import LocalAnswerer
from r1tailor.kernels.attention import unwrapped
from r1tailor.records import Example, Prediction
from tests.support.attacks import Scripted
from tests.support.triggered import CHINESE, ENGLISH, Trigger, examples, misled, triggered_model


@pytest.fixture(scope="module")
def model() -> LocalAnswerer:
    """A toy model that says yes where the trigger stands; it is the same for every test."""
    found = triggered_model()
    items = examples(40, seed=9)
    ranked = found.rank(items, [("yes", "no")] * len(items))
    assert sum((a > b) == (item.output == "yes") for (a, b), item in zip(ranked, items, strict=True)) >= 38
    return found


@pytest.mark.parametrize("trigger", [ENGLISH, CHINESE], ids=["english", "chinese"])
def test_a_planted_trigger_is_among_the_top_three(trigger: Trigger, model: LocalAnswerer) -> None:
    items = misled(20, trigger, seed=5)
    found = [explain(model, item, seed=1) for item in items]
    tops = [sorted(one.segments, key=lambda segment: -abs(segment.value))[:3] for one in found]
    assert sum(any(trigger.word in segment.text for segment in top) for top in tops) >= 0.95 * len(items)
    assert sum(trigger.word in one.against for one in found) >= 0.95 * len(items), "it speaks for the wrong answer"


def test_the_values_sum_to_the_difference_of_the_whole_question_and_none(model: LocalAnswerer) -> None:
    (item,) = misled(1, ENGLISH, seed=2)
    found = explain(model, item, seed=1)
    right, given = model.score([item.example] * 2, ["no", "yes"])
    assert found.full == pytest.approx(right.log_likelihood - given.log_likelihood, abs=1e-4)
    assert sum(one.value for one in found.segments) == pytest.approx(found.full - found.empty, abs=1e-3)
    assert "".join(one.text for one in found.segments) == item.example.input


def test_the_values_are_those_of_captum_over_one_plain_pass_at_a_time(model: LocalAnswerer) -> None:
    (item,) = misled(1, replace(ENGLISH, between=" "), seed=3)
    short = replace(item, example=replace(item.example, input=" ".join(item.example.input.split()[:5])))
    texts = segments(short.example.input)
    asked: dict[tuple[float, ...], float] = {}

    def forward(rows: torch.Tensor) -> torch.Tensor:
        for row in map(tuple, rows.tolist()):
            if row not in asked:
                said = "".join(text for text, bit in zip(texts, row, strict=True) if bit > 0.5)
                question = replace(short.example, input=said)
                asked[row] = _plain(model, question, "no") - _plain(model, question, "yes")
        return torch.tensor([asked[tuple(row)] for row in rows.tolist()])

    oracle = ShapleyValues(forward).attribute(torch.ones(1, len(texts)), baselines=torch.zeros(1, len(texts)))
    found = explain(model, short, seed=1)
    assert len(texts) == 5
    assert [one.value for one in found.segments] == pytest.approx(oracle[0].tolist(), abs=1e-3)


def _plain(model: LocalAnswerer, question: Example, answer: str) -> float:
    """Return the log-likelihood of an answer by one unpacked pass of the model."""
    chat = model.tokenizer
    response = (*chat.continuation(chat.prompt_text(question), answer), chat.end)
    prompt = chat.prompt(question).prompt
    causal = unwrapped(model.model)
    before = causal.config._attn_implementation
    causal.set_attn_implementation("eager")
    with torch.inference_mode():
        logits = causal(input_ids=torch.tensor([[*prompt, *response]]), use_cache=False).logits[0].log_softmax(-1)
    causal.set_attn_implementation(before)
    places = range(len(prompt) - 1, len(prompt) + len(response) - 1)
    return sum(float(logits[place, token]) for place, token in zip(places, response, strict=True))


class Counting(Scripted):
    """Scores an answer by how often its first letter stands in the question; it refuses long questions."""

    def __init__(self) -> None:
        super().__init__(lambda example: "")

    def score(
        self, prompts: Sequence[Prompt], responses: Sequence[str] | None = None, progress: Progress = silent
    ) -> list[Likelihood]:
        assert responses is not None
        found = []
        for prompt, response in zip(prompts, responses, strict=True):
            assert isinstance(prompt, Example)
            if len(prompt.input) > 200:
                raise DataError("too long")
            self.asked.append(prompt)
            found.append(Likelihood(float(prompt.input.count(response[0])), 1))
        return found


def outcome(number: int, *, right: bool, base: bool, given: str = "b", question: str = "b c d e f g") -> Outcome:
    item = Example(f"i{number}", "?", question, "a")
    made = [Prediction(item.id, "a" if hit else given, 0.0, 1, "") for hit in (right, base)]
    return Outcome(item, made[0], made[1], float(right), float(base))


def explained_by(answerer: Scripted, items: Sequence[Outcome], limit: int) -> tuple[list[Attribution], dict[str, int]]:
    told: list[tuple[int, int]] = []
    found = explained(items, lambda: answerer, limit, seed=1, progress=lambda *numbers: told.append(numbers))
    assert found.seconds >= 0
    total = min(limit, len(found.attributions) + found.left_out.get("too long", 0))
    assert told == [(done, total) for done in range(total + 1)]
    return found.attributions, found.left_out


def test_only_errors_and_disagreements_are_explained() -> None:
    items = [outcome(n, right=n % 2 == 0, base=n % 3 == 0) for n in range(12)]
    found, left_out = explained_by(Counting(), items, 100)
    assert {one.kind for one in found} == {"regressed", "both_wrong", "fixed"}
    assert {one.id for one in found} == {item.example.id for item in items if item.kind != "right"}
    assert left_out == {}


def test_a_limit_takes_the_errors_first_and_their_kinds_in_turn() -> None:
    items = [outcome(n, right=n < 40, base=n >= 46) for n in range(50)]  # a base model in prose is nearly always wrong
    found, left_out = explained_by(Counting(), items, 6)
    assert [one.kind for one in found] == ["regressed", "both_wrong"] * 3
    assert left_out == {"above the limit": 44}
    every, _ = explained_by(Counting(), items, 11)
    assert [one.kind for one in every].count("fixed") == 1


def test_what_cannot_be_explained_is_counted_by_its_reason() -> None:
    items = [
        outcome(1, right=False, base=True, given=""),
        outcome(2, right=False, base=True, given=" A "),
        outcome(3, right=False, base=True, question=" "),
        outcome(4, right=False, base=True, question="b " * 200),
        outcome(5, right=False, base=True),
    ]
    found, left_out = explained_by(Counting(), items, 9)
    assert [one.id for one in found] == ["i5"]
    assert left_out == {
        "no answer was given": 1,
        "the answer reads as the reference": 1,
        "the question has no text of its own": 1,
        "too long": 1,
    }


def test_the_segment_of_the_wrong_answer_speaks_for_it() -> None:
    (found, *_), _ = explained_by(Counting(), [outcome(1, right=False, base=True)], 9)
    assert found.against == "b "
    assert [one.value for one in found.segments] == pytest.approx([-1.0, 0, 0, 0, 0, 0])
    assert (found.full, found.empty, found.error) == (-1.0, 0.0, 0.0)
    (other, *_), _ = explained_by(Counting(), [outcome(1, right=False, base=True, question="c d e")], 9)
    assert other.against == "", "no segment speaks for the wrong answer"


def test_nothing_to_explain_opens_no_model() -> None:
    def refused() -> Scripted:
        raise AssertionError("no model is needed")

    found = explained([outcome(1, right=True, base=True)], refused, 9, seed=1, progress=lambda done, of: None)
    assert found.attributions == []
    above = explained([outcome(1, right=False, base=True)], refused, 0, seed=1, progress=lambda done, of: None)
    assert above.left_out == {"above the limit": 1}
