"""What one model makes of the held-out examples: likelihoods, rankings, greedy answers."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from torch import nn
from transformers import GenerationConfig

from r1tailor.batching.packing import pack
from r1tailor.batching.tokens import ChatTokenizer, TokenizedExample, tokenize
from r1tailor.batching.windows import Windows, separated
from r1tailor.errors import DataError
from r1tailor.inference.ranking import likeliest, rank
from r1tailor.kernels.attention import PACKED_ROWS, unwrapped
from r1tailor.model.temporal import embeddings, soft_tokens
from r1tailor.objective.supervised import log_likelihoods
from r1tailor.records import Example, Prediction
from r1tailor.schema.evaluation import Evaluation

Progress = Callable[[int], None]


def predict(
    model: nn.Module,
    tokenizer: ChatTokenizer,
    examples: Sequence[Example],
    labels: Sequence[Sequence[str]],
    settings: Evaluation,
    token_budget: int,
    max_length: int,
    progress: Progress,
) -> list[Prediction]:
    """Return one prediction for each example, in order.

    A model with a temporal encoder reads the examples' windows. One without, as the untrained base, cannot read soft
    tokens: its prompts are rendered without them.

    Args:
        model: in evaluation mode, with attention over packed rows.
        tokenizer: of that model.
        examples: the held-out items.
        labels: for each example the closed set to rank, may be empty.
        settings: lengths and batch sizes.
        token_budget: positions of a packed row.
        max_length: examples longer than this raise, for a reference must be scored whole.
        progress: called with the number of examples done in each of the three passes.
    """
    tokenizer = tokenizer.with_soft_tokens(soft_tokens(model))
    tokenized = tokenize(examples, tokenizer, max_length)
    if tokenized.too_long:
        listed = ", ".join(tokenized.too_long[:5])
        raise DataError(f"{len(tokenized.too_long)} held-out items are longer than the model reads: {listed}")
    tokens = tokenized.examples
    device = next(model.parameters()).device
    with torch.inference_mode():
        likelihoods = _likelihoods(model, tokens, token_budget, tokenizer.end, device)
        progress(len(examples))
        scores = rank(model, tokenizer, examples, labels, token_budget, device, progress)
        generated = _generate(model, tokenizer, tokens, settings, device, progress)
    return [
        Prediction(example.id, answer, likelihood, len(encoded.response), likeliest(closed, values), tuple(values))
        for example, encoded, answer, likelihood, closed, values in zip(
            examples, tokens, generated, likelihoods, labels, scores, strict=True
        )
    ]


def _likelihoods(
    model: nn.Module, tokens: Sequence[TokenizedExample], budget: int, padding: int, device: torch.device
) -> list[float]:
    """Return the log-likelihood of each reference response, in nats."""
    result = [0.0] * len(tokens)
    for micro in pack(tokens, budget, padding):
        values = log_likelihoods(model, micro.to(device)).tolist()
        for member, value in zip(micro.members, values, strict=True):
            result[member] = value
    return result


def _generate(
    model: nn.Module,
    tokenizer: ChatTokenizer,
    tokens: Sequence[TokenizedExample],
    settings: Evaluation,
    device: torch.device,
    progress: Progress,
) -> list[str]:
    """Return the greedy answer to each prompt, as text without special tokens at its end."""
    base, generator = unwrapped(model), cast("Any", model)
    config = GenerationConfig(
        max_new_tokens=settings.max_new_tokens, do_sample=False, eos_token_id=tokenizer.end, pad_token_id=tokenizer.end
    )
    answers = [""] * len(tokens)
    order = sorted(range(len(tokens)), key=lambda index: len(tokens[index].prompt))
    base.set_attn_implementation("sdpa")  # generation pads on the left and keeps a cache: one row an example
    try:
        for start in range(0, len(order), settings.batch_size):
            members = order[start : start + settings.batch_size]
            ids, mask, windows = _left_padded([tokens[index] for index in members], tokenizer.end)
            read = _read(model, ids.to(device), windows)
            output = generator.generate(**read, attention_mask=mask.to(device), generation_config=config)
            answered = output if windows else output[:, ids.shape[1] :]  # after embeddings only what is new comes back
            for index, row in zip(members, answered.tolist(), strict=True):
                kept = row[: row.index(tokenizer.end)] if tokenizer.end in row else row
                answers[index] = str(tokenizer.tokenizer.decode(kept, skip_special_tokens=False)).strip()
            progress(len(members))
    finally:
        base.set_attn_implementation(PACKED_ROWS)
    return answers


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
