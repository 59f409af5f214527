"""Does a model that thinks go on thinking? A toy that thinks half of the time is trained on under each choice.

The toy has R1's chat template, which opens ``<think>`` in the prompt. It is trained to close the block at once in one
half of its answers and to reason in the other. Then 60 steps of all weights follow on other answers, tokenised as
``domain.task.reasoning`` chooses, and its answers are sampled: the think rate is the share whose block is closed and
not empty.

    python tests/benchmarks/thinking.py --seeds 3 --samples 200
"""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from r1tailor import config
from r1tailor.batching.packing import pack
from r1tailor.batching.tokens import ChatTokenizer, tokenize
from r1tailor.instruction.reasoning import meaning
from r1tailor.instruction.template import END_THINK
from r1tailor.model import load
from r1tailor.objective.supervised import log_likelihoods
from r1tailor.planning.power import wilson
from r1tailor.records import Example
from r1tailor.schema.domain import Reasoning

MODEL = ("model=tiny_llama", "model.hidden_size=64")
BATCH = 16
BASE_STEPS, BASE_LR = 400, 2e-3  # the rate falls to nothing over each run
STEPS, LR = 60, 4e-4
LONGEST = 40  # new tokens: bytes
COLOURS = ("red", "green", "blue")


@dataclass(frozen=True)
class Case:
    """One choice, and what it is trained on.

    Attributes:
        name: of the row.
        reasoning: ``domain.task.reasoning``.
        reasoned: of the examples, the share that has reasoning.
    """

    name: str
    reasoning: Reasoning
    reasoned: float

    @property
    def said(self) -> str:
        """What is said before training."""
        return meaning(self.reasoning, round(40 * self.reasoned), 40, "opened")


CASES = (
    Case("unsupervised", "unsupervised", 0.0),
    Case("keep, half of the examples with reasoning", "keep", 0.5),
    Case("keep, every example with reasoning", "keep", 1.0),
    Case("keep, no example with reasoning", "keep", 0.0),
    Case("empty", "empty", 0.0),
)


@dataclass(frozen=True)
class Rate:
    """How many of some answers thought."""

    thought: int
    answers: int

    @property
    def share(self) -> float:
        """The think rate."""
        return self.thought / self.answers

    def __str__(self) -> str:
        low, high = wilson(self.thought, self.answers, 0.95)
        return f"{self.share:.2f} [{low:.2f}, {high:.2f}]"


def examples(reasoned: float, moved: int = 0, count: int = 40) -> list[Example]:
    """Return examples of which a share has reasoning, evenly spread; ``moved`` gives every item another answer."""
    made = []
    for number in range(count):
        answer = COLOURS[(number + moved) % len(COLOURS)]
        thinks = math.floor((number + 1) * reasoned) > math.floor(number * reasoned)
        why = f"let me see {number % 7}" if thinks else ""
        made.append(Example(f"e{number}", "Name it.", f"item {number}", answer, why))
    return made


def tokenizer(reasoning: Reasoning) -> ChatTokenizer:
    """Return the toy's tokenizer, with R1's template."""
    return load.load_tokenizer(config.load([*MODEL]).model, config.ROOT, reasoning=reasoning)


def trained(model: nn.Module, made: list[Example], reasoning: Reasoning, steps: int, lr: float, seed: int) -> None:
    """Train all weights for some steps, as the product tokenises, packs and counts the loss."""
    chat = tokenizer(reasoning)
    tokens = tokenize(made, chat, 256).examples
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    falling = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, steps)
    generator = torch.Generator().manual_seed(seed)
    model.train()
    for _ in range(steps):
        drawn = [tokens[place] for place in torch.randperm(len(tokens), generator=generator)[:BATCH].tolist()]
        supervised = sum(len(one.response) for one in drawn)
        for row in pack(drawn, 4096, chat.end):
            (-log_likelihoods(model, row).sum() / supervised).backward()
        optimizer.step()
        falling.step()
        optimizer.zero_grad()
    model.eval()


def think_rate(model: nn.Module, samples: int, seed: int) -> Rate:
    """Return the share of sampled answers with a closed, non-empty block."""
    chat = tokenizer("keep")
    asked = [chat.prompt(one).prompt for one in examples(0.0)]
    prompts = [asked[number % len(asked)] for number in range(samples)]
    width = max(map(len, prompts))
    ids = torch.tensor([[chat.end] * (width - len(prompt)) + list(prompt) for prompt in prompts])
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    torch.manual_seed(seed)
    plain = _plain(model)
    written = plain.generate(  # type: ignore[operator]
        ids,
        attention_mask=mask,
        do_sample=True,
        top_k=0,
        max_new_tokens=LONGEST,
        pad_token_id=chat.end,
        eos_token_id=chat.end,
    )
    return rate([chat.tokenizer.decode(one) for one in written[:, width:].tolist()])


def rate(answers: Sequence[str]) -> Rate:
    """Count the answers, to prompts that open the block, in which it is closed and holds something."""
    parts = [answer.partition(END_THINK) for answer in answers]
    return Rate(sum(bool(closed and before.strip()) for before, closed, _ in parts), len(answers))


def _plain(model: nn.Module) -> nn.Module:
    """Return the same weights with transformers' own attention, which generates."""
    copy = type(model)(model.config)
    copy.load_state_dict(model.state_dict())
    copy.set_attn_implementation("eager")
    return copy.eval()


def base(seed: int, steps: int = BASE_STEPS) -> nn.Module:
    """Return a toy that thinks before half of its answers."""
    model = load.load_model(config.load([*MODEL]).model, config.ROOT, torch.float32, seed)
    half = [*examples(1.0), *(replace(one, id=f"{one.id}-") for one in examples(0.0))]
    trained(model, half, "keep", steps, BASE_LR, seed)
    return model


def measured(case: Case, before: nn.Module, samples: int, seed: int, lr: float = LR) -> Rate:
    """Return the think rate after training a copy of a model as a case has it."""
    model = load.load_model(config.load([*MODEL]).model, config.ROOT, torch.float32, seed)
    model.load_state_dict(before.state_dict())
    trained(model, examples(case.reasoned, moved=1), case.reasoning, STEPS, lr, seed)
    return think_rate(model, samples, seed)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--lr", type=float, default=LR, help="of the 60 steps")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    rates: dict[str, list[Rate]] = {}
    for seed in range(1, asked.seeds + 1):
        before = base(seed)
        rates.setdefault("before", []).append(think_rate(before, asked.samples, seed))
        for case in CASES:
            rates.setdefault(case.name, []).append(measured(case, before, asked.samples, seed, asked.lr))
        print(f"seed {seed} of {asked.seeds}", file=sys.stderr)
    print("| `task.reasoning` | think rate after 60 steps | said before training |\n|---|---|---|")
    said = {case.name: case.said for case in CASES}
    for name, found in rates.items():
        pooled = Rate(sum(one.thought for one in found), sum(one.answers for one in found))
        print(f"| {name} | {pooled} | {said.get(name, '')} |")
    if asked.json:
        text = json.dumps({name: [(one.thought, one.answers) for one in found] for name, found in rates.items()})
        asked.json.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
