"""What it saves to hold a conversation's history once: ``python tests/benchmarks/turns.py``.

1,000 conversations of 6 turns, each answer trained after its history. Counted are the positions of all packed rows of
one pass, as training makes them (batch size and row of the composition), against rows that repeat the history for each
answer. Speed is forward and backward of a toy model over the same optimizer steps, the two kinds alternating, as a
ratio: whatever else the machine does falls on both.
"""

import argparse
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch

from r1tailor import config
from r1tailor.batching import packing
from r1tailor.batching.packing import MicroBatch
from r1tailor.batching.prefixes import prefix_tree
from r1tailor.batching.tokens import TokenizedExample, tokenize
from r1tailor.model import load
from r1tailor.objective.supervised import summed_loss
from r1tailor.records import Example, Turn
from r1tailor.schema.settings import Settings
from r1tailor.training.data import Steps

WORDS = [
    "court",
    "tenant",
    "rent",
    "notice",
    "deposit",
    "contract",
    "breach",
    "damages",
    "appeal",
    "evidence",
    "deadline",
    "landlord",
    "clause",
    "letter",
]


def conversations(count: int, turns: int, reasoning: int) -> list[Example]:
    """Return the examples of made-up conversations: questions of about 40 tokens, answers of 60, so much reasoning."""
    drawn, made = random.Random(20), []
    for number in range(count):
        before: tuple[Turn, ...] = ()
        for turn in range(turns):
            asked, answer, why = (" ".join(drawn.choices(WORDS, k=size)) for size in (6, 9, reasoning // 7))
            made.append(Example(f"{number}.{turn}", "", asked, answer, why, turns=before, conversation=str(number)))
            before = (*before, Turn("user", asked), Turn("assistant", answer, why, trained=True))
    return made


@contextmanager
def repeated() -> Iterator[None]:
    """Let rows repeat what examples share."""
    packing.prefix_tree = partial(prefix_tree, worth=10**9)  # type: ignore[assignment]
    try:
        yield
    finally:
        packing.prefix_tree = prefix_tree


def rows(tokens: list[TokenizedExample], settings: Settings, padding: int) -> list[list[MicroBatch]]:
    """Return the optimizer steps of one pass."""
    return list(Steps(tokens, settings, padding))


def positions(steps: list[list[MicroBatch]]) -> int:
    """Return how many positions their rows have, padding included."""
    return sum(row.input_ids.numel() for step in steps for row in step)


def seconds(model: torch.nn.Module, step: list[MicroBatch]) -> float:
    """Return how long forward and backward of one step take."""
    began = time.perf_counter()
    for row in step:
        summed_loss(model, row, 0.0).backward()
    model.zero_grad(set_to_none=True)
    return time.perf_counter() - began


def main() -> None:
    """Count, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--steps", type=int, default=12, help="optimizer steps that are timed; 0 counts only")
    parser.add_argument("--reasoning", type=int, nargs="+", default=[0, 60], help="tokens before each answer")
    asked = parser.parse_args()
    settings = config.load(["model=tiny_llama", "trainer.max_epochs=1", "trainer.max_steps=null"])
    tokenizer = load.load_tokenizer(settings.model, config.ROOT)
    model = load.load_model(settings.model, config.ROOT, torch.float32, 0).train()
    for reasoning in asked.reasoning:
        examples = conversations(asked.conversations, asked.turns, reasoning)
        tokens = tokenize(examples, tokenizer, settings.model.context_length).examples
        once = rows(tokens, settings, tokenizer.end)
        with repeated():
            again = rows(tokens, settings, tokenizer.end)
        share = positions(once) / positions(again)
        print(
            f"{asked.conversations:,} conversations of {asked.turns} turns, reasoning of {reasoning} tokens: "
            f"{positions(once):,} positions instead of {positions(again):,} ({share:.2f} x)",
            flush=True,
        )
        if not asked.steps:
            continue
        pairs = list(zip(once, again, strict=True))[: asked.steps + 1]
        times = [(seconds(model, one), seconds(model, other)) for one, other in pairs][1:]  # the first warms up
        speed = sum(other for _, other in times) / sum(one for one, _ in times)
        print(f"  forward and backward {speed:.1f} x as fast", flush=True)


if __name__ == "__main__":
    main()
