"""Answers in batches: one row a prompt, padded on the left, with a cache of keys and values."""

import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import nn
from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

from r1tailor.batching.tokens import ChatTokenizer, TokenizedExample
from r1tailor.batching.windows import Windows, separated
from r1tailor.inference.answerer import Answer
from r1tailor.inference.budgets import Writing
from r1tailor.inference.drawing import drawn
from r1tailor.inference.sampling import Sampling
from r1tailor.kernels.asked import asked
from r1tailor.kernels.attention import PACKED_ROWS, unwrapped
from r1tailor.model.temporal import embeddings

MARKS = 16  # tokens that close a block, at most


def generate(
    model: nn.Module,
    tokenizer: ChatTokenizer,
    prompts: Sequence[TokenizedExample],
    sampling: Sampling,
    batch_size: int,
    finished: Callable[[int, Answer], None],
    context_length: int = sys.maxsize,
) -> list[Answer]:
    """Return the answer to each prompt, as ``transformers`` generates them: for models that ``decoder`` does not know.

    Args:
        model: in evaluation mode, with attention over packed rows.
        tokenizer: of that model.
        prompts: their responses are ignored.
        sampling: with budgets.
        batch_size: prompts at a time; those of similar length go together.
        finished: called with the number of each answer, and the answer, after its batch.
        context_length: tokens that the model reads, an answer included.
    """
    device = next(model.parameters()).device
    rows = rows_of(tokenizer, prompts, sampling, context_length)
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index].prompt))
    with generating(model):
        for start in range(0, len(order), batch_size):
            members = order[start : start + batch_size]
            ids, mask, windows = _left_padded([prompts[index] for index in members], tokenizer.end)
            read = _read(model, ids.to(device), windows)
            together = _Together([rows[index] for index in members], sampling, tokenizer.end)
            together.write(cast("Any", model), read, mask.to(device))
            for index in members:
                finished(index, rows[index].writing.answer())
    return [row.writing.answer() for row in rows]


def rows_of(
    tokenizer: ChatTokenizer, prompts: Sequence[TokenizedExample], sampling: Sampling, context_length: int
) -> list["Row"]:
    """Return an empty answer for each prompt."""
    return [
        Row(one.id, Writing(tokenizer, one.prompt, sampling, context_length - len(one.prompt)), sampling)
        for one in prompts
    ]


class Row:
    """An answer that is written, and what is drawn for it.

    Args:
        id: of the item.
        writing: the answer.
        sampling: how it is drawn.
    """

    def __init__(self, id: str, writing: Writing, sampling: Sampling) -> None:
        self.writing = writing
        self._random = random.Random(sampling.seed_of(id))

    @property
    def done(self) -> bool:
        """Whether nothing more is to be written."""
        return self.writing.done

    def take(self, token: int) -> int:
        """Add a token; return the one that was added."""
        return self.writing.take(token)

    def drawn(self) -> float:
        """Return the next number in [0, 1) of the row's own."""
        return self._random.random()


class _Together:
    """Rows that are written in one batch: what transformers' loop asks of each step.

    Args:
        rows: in their order in the batch.
        sampling: of all of them, with budgets.
        padding: id that a finished row continues with.
    """

    def __init__(self, rows: Sequence[Row], sampling: Sampling, padding: int) -> None:
        self._rows, self._sampling, self._padding = rows, sampling, padding

    def write(self, model: Any, read: Mapping[str, torch.Tensor], mask: torch.Tensor) -> None:  # noqa: ANN401
        """Let transformers write all rows; it takes the likeliest token each time, of which there is one choice."""
        most = self._sampling.longest + MARKS
        config = GenerationConfig(max_new_tokens=most, do_sample=False, pad_token_id=self._padding)
        choose, done = LogitsProcessorList([self.choose]), StoppingCriteriaList([self.done])
        model.generate(
            **read, attention_mask=mask, generation_config=config, logits_processor=choose, stopping_criteria=done
        )

    def choose(self, _: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        """Return [B, V] logits that leave each row no choice but its next token."""
        numbers = [row.drawn() for row in self._rows] if not self._sampling.greedy else []
        tokens = drawn(logits, self._sampling, numbers).tolist()
        chosen = [self._taken(row.writing, token) for row, token in zip(self._rows, tokens, strict=True)]
        alone = torch.full_like(logits, -torch.inf)
        return alone.scatter_(1, torch.tensor(chosen, device=logits.device).unsqueeze(1), 0.0)

    def done(self, ids: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        """Return [B] whether nothing more is to be written."""
        return torch.tensor([row.writing.done for row in self._rows], device=ids.device)

    def _taken(self, writing: Writing, token: int) -> int:
        return self._padding if writing.done else writing.take(token)


@contextmanager
def generating(model: nn.Module) -> Iterator[None]:
    """Let a model attend over padded rows, and follow no settings but ours.

    transformers fills what a given configuration leaves open from the model's own, which came with its folder: a
    repetition penalty there would change the greedy answer.
    """
    base = unwrapped(model)
    own, base.generation_config = base.generation_config, GenerationConfig()
    base.set_attn_implementation("sdpa")  # generation pads on the left and keeps a cache: one row a prompt
    try:
        with asked(model):
            yield
    finally:
        base.set_attn_implementation(PACKED_ROWS)
        base.generation_config = own


def _read(model: nn.Module, ids: torch.Tensor, windows: Windows | None) -> dict[str, torch.Tensor]:
    """Return the prompts as ``generate`` takes them: ids [B, L], or embeddings [B, L, D] where there are windows."""
    if windows is None:
        return {"input_ids": ids}
    return {"inputs_embeds": embeddings(model, ids, windows.to(ids.device))}


def _left_padded(
    examples: Sequence[TokenizedExample], padding: int
) -> tuple[torch.Tensor, torch.Tensor, Windows | None]:
    """Return [B, L] ids and mask of the prompts, padded on the left, and the windows that belong into them."""
    prompts = [example.prompt for example in examples]
    width = max(len(prompt) for prompt in prompts)
    rows = [token for prompt in prompts for token in (*[padding] * (width - len(prompt)), *prompt)]
    ids, windows = separated(rows, [example.series for example in examples if example.series], padding)
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    return torch.tensor(ids).view(len(prompts), width), mask, windows
