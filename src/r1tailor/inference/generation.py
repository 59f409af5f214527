"""Answers in batches: one row a prompt, padded on the left, with a cache of keys and values."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import nn
from transformers import GenerationConfig

from r1tailor.batching.tokens import ChatTokenizer, TokenizedExample
from r1tailor.batching.windows import Windows, separated
from r1tailor.inference.answerer import Progress
from r1tailor.inference.sampling import Sampling
from r1tailor.kernels.attention import PACKED_ROWS, unwrapped
from r1tailor.model.temporal import embeddings


def generate(
    model: nn.Module,
    tokenizer: ChatTokenizer,
    prompts: Sequence[TokenizedExample],
    sampling: Sampling,
    batch_size: int,
    progress: Progress,
) -> list[str]:
    """Return the answer to each prompt, as text without special tokens at its end.

    Args:
        model: in evaluation mode, with attention over packed rows.
        tokenizer: of that model.
        prompts: their responses are ignored.
        sampling: ``max_new_tokens`` given.
        batch_size: prompts at a time; those of similar length go together.
        progress: called after each batch.
    """
    config = _config(sampling, tokenizer.end)
    device = next(model.parameters()).device
    answers = [""] * len(prompts)
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index].prompt))
    with generating(model), _drawing(sampling):
        for start in range(0, len(order), batch_size):
            members = order[start : start + batch_size]
            ids, mask, windows = _left_padded([prompts[index] for index in members], tokenizer.end)
            read = _read(model, ids.to(device), windows)
            generator = cast("Any", model)
            output = generator.generate(**read, attention_mask=mask.to(device), generation_config=config)
            answered = output if windows else output[:, ids.shape[1] :]  # after embeddings only what is new comes back
            for index, row in zip(members, answered.tolist(), strict=True):
                kept = row[: row.index(tokenizer.end)] if tokenizer.end in row else row
                answers[index] = str(tokenizer.tokenizer.decode(kept, skip_special_tokens=False)).strip()
            progress(len(members))
    return answers


def _config(sampling: Sampling, end: int) -> GenerationConfig:
    drawn = (
        {"do_sample": False}
        if sampling.greedy
        else {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
    )
    return GenerationConfig(max_new_tokens=sampling.max_new_tokens, eos_token_id=end, pad_token_id=end, **drawn)


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
        yield
    finally:
        base.set_attn_implementation(PACKED_ROWS)
        base.generation_config = own


@contextmanager
def _drawing(sampling: Sampling) -> Iterator[None]:
    """Draw from the sampling's own seed; the global generators are left alone."""
    if sampling.greedy:
        yield
        return
    with torch.random.fork_rng():
        torch.manual_seed(sampling.seed)
        yield


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
