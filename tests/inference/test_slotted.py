"""Slots are given, outgrown and taken over; logits exist for last tokens alone."""

from typing import Any

import pytest

from r1tailor.inference import slotted
from r1tailor.inference.wanted import Budget
from r1tailor.kernels.key_values import Slots
from tests.support.toy_answerers import toy
from tests.support.written import lengths, one_by_one, prompts, together


@pytest.mark.parametrize("memory", [2**16, 2**13, 1])
def test_little_memory_takes_longer_and_changes_nothing(memory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    _, model, tokenizer = toy("tiny_llama")
    asked, longest = prompts(14), lengths(14)
    made: list[int] = []
    begin = Slots.__init__

    def counted(self: Slots, shapes: Any, count: int, *rest: Any) -> None:  # noqa: ANN401
        made.append(count)
        begin(self, shapes, count, *rest)

    monkeypatch.setattr(Slots, "__init__", counted)
    found = together(model, asked, longest, tokenizer.end, Budget(memory, 64, 16))
    assert found == one_by_one(model, asked, longest, tokenizer.end)
    assert max(made) < 16
    assert memory > 1 or max(made) == 1


def test_slots_are_taken_over_as_answers_end(monkeypatch: pytest.MonkeyPatch) -> None:
    _, model, tokenizer = toy("tiny_llama")
    asked, longest = prompts(24, shared=(0,)), [2, 60] * 12
    rows: list[int] = []
    forward = slotted.forward

    def counted(model: Any, read: Any, *rest: Any) -> Any:  # noqa: ANN401
        rows.append(next(iter(read.values())).shape[1])
        return forward(model, read, *rest)

    monkeypatch.setattr(slotted, "forward", counted)
    found = together(model, asked, longest, tokenizer.end, Budget(2**28, 300, 8))
    assert found == one_by_one(model, asked, longest, tokenizer.end)
    assert len(rows) < 3 * 60 + 30, "three rounds of eight would be 180 steps of eight rows; short answers make room"


def test_logits_are_made_of_last_tokens_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    _, model, tokenizer = toy("tiny_llama")
    most: list[int] = []
    model.lm_head.register_forward_hook(lambda _, given, __: most.append(given[0].shape[:-1].numel()))
    asked = prompts(20, shared=(90,))
    together(model, asked, [4] * 20, tokenizer.end)
    assert max(most) <= 20 < sum(map(len, asked))
