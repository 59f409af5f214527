"""Answers token by token: what plain ``generate`` writes for one prompt at a time, and what the decoder writes."""

import random
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from r1tailor.batching.tokens import TokenizedExample
from r1tailor.inference import decoder
from r1tailor.inference.generation import generating
from r1tailor.inference.wanted import Budget, Wanted

ROOM = Budget(memory=2**28, positions=300, answers=16)


class Tokens:
    """An answer of at most ``longest`` tokens that ends with ``end``."""

    def __init__(self, end: int, longest: int) -> None:
        self.end, self.longest, self.ids, self.done = end, longest, list[int](), False

    def take(self, token: int) -> int:
        self.ids.append(token)
        self.done = token == self.end or len(self.ids) >= self.longest
        return token


def prompts(count: int, shared: Sequence[int] = (0, 40, 90), words: int = 200) -> list[tuple[int, ...]]:
    """Prompts of different lengths, of which some share beginnings."""
    draw = random.Random(count)
    common = [draw.randrange(words) for _ in range(max(shared))]
    return [
        (*common[: draw.choice(list(shared))], *(draw.randrange(words) for _ in range(draw.randrange(1, 40))))
        for _ in range(count)
    ]


def lengths(count: int) -> list[int]:
    """How long answers may be: most are short, some outgrow the slot that they are given first."""
    draw = random.Random(count)
    return [draw.choice([1, 4, 12, 90]) for _ in range(count)]


def wanted(asked: Sequence[tuple[int, ...]], longest: Sequence[int], end: int) -> list[Wanted]:
    return [
        Wanted(TokenizedExample(str(number), prompt, ()), most, Tokens(end, most))
        for number, (prompt, most) in enumerate(zip(asked, longest, strict=True))
    ]


def likeliest(logits: Tensor, _: Sequence[Tokens]) -> list[int]:
    return [int(token) for token in logits.argmax(-1)]


def one_by_one(model: Any, asked: Sequence[tuple[int, ...]], longest: Sequence[int], end: int) -> list[list[int]]:  # noqa: ANN401
    """Return the tokens that transformers generates for each prompt alone."""
    found = []
    with torch.inference_mode(), generating(model):
        for prompt, most in zip(asked, longest, strict=True):
            ids = torch.tensor([prompt])
            options = {"attention_mask": torch.ones_like(ids), "eos_token_id": end, "pad_token_id": end}
            output = model.generate(input_ids=ids, max_new_tokens=most, do_sample=False, **options)
            found.append(output[0, len(prompt) :].tolist())
    return found


def together(
    model: Any,  # noqa: ANN401
    asked: Sequence[tuple[int, ...]],
    longest: Sequence[int],
    end: int,
    budget: Budget = ROOM,
) -> list[list[int]]:
    """Return the tokens that the decoder writes."""
    answers, finished = wanted(asked, longest, end), list[int]()
    with torch.inference_mode():
        decoder.write(model, end, answers, likeliest, Budget(**vars(budget)), finished.append)
    assert sorted(finished) == list(range(len(asked))), "each one is handed over once"
    return [one.ids for one in answers]
