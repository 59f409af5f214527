"""Answers token by token: one row a prompt, each drawn as it asks; a row leaves the batch when its answer ends."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from transformers import DynamicCache

from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.inference.drawing import drawn
from r1tailor.inference.generation import generating
from r1tailor.inference.sampling import Sampling


@dataclass(frozen=True)
class Drawn:
    """One token of one answer.

    Attributes:
        row: the answer's prompt, by its place.
        id: of the token.
        logprob: its log-probability (nats) under the model, before temperature and nucleus.
        top: ids and log-probabilities of the likeliest tokens in its place.
    """

    row: int
    id: int
    logprob: float
    top: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Wanted:
    """One answer to be written.

    Attributes:
        prompt: ids.
        sampling: ``max_answer_tokens`` given.
        top: how many likeliest tokens are told with each.
    """

    prompt: tuple[int, ...]
    sampling: Sampling
    top: int = 0


def stream(
    model: nn.Module, tokenizer: ChatTokenizer, wanted: Sequence[Wanted], ended: Callable[[int], bool]
) -> Iterator[list[Drawn]]:
    """Yield the next token of every answer that has not ended; the end token is the last one of an answer.

    The caller holds ``torch.inference_mode()`` in its own thread for as long as it iterates.

    Args:
        model: in evaluation mode, with attention over packed rows.
        tokenizer: of that model.
        wanted: the answers.
        ended: asked after each token whether nobody wants more of a row.
    """
    device = next(model.parameters()).device
    rows = list(range(len(wanted)))
    ids, mask = _left_padded([one.prompt for one in wanted], tokenizer.end)
    numbers = [random.Random(one.sampling.seed) for one in wanted]
    cache, written = DynamicCache(), [0] * len(wanted)
    with generating(model):
        while rows:
            positions = (mask.cumsum(-1) - 1).clamp(min=0)[:, -ids.shape[1] :]
            logits = model(
                input_ids=ids.to(device),
                attention_mask=mask.to(device),
                position_ids=positions.to(device),
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            ).logits[:, -1]
            each = zip(logits.cpu(), rows, strict=True)
            step = [_draw(values, row, wanted[row], numbers[row]) for values, row in each]
            for token in step:
                written[token.row] += 1
            yield step
            left = [
                place
                for place, token in enumerate(step)
                if token.id != tokenizer.end
                and written[token.row] < (wanted[token.row].sampling.max_answer_tokens or 0)
                and not ended(token.row)
            ]
            if left and len(left) < len(rows):
                cache.batch_select_indices(torch.tensor(left, device=device))
            mask = mask[left]
            rows = [rows[place] for place in left]
            ids = torch.tensor([[step[place].id] for place in left], dtype=torch.long).view(-1, 1)
            mask = torch.cat([mask, mask.new_ones(len(left), 1)], dim=1)


def _left_padded(prompts: Sequence[tuple[int, ...]], padding: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return [B, L] ids and mask of the prompts, padded on the left."""
    width = max(len(prompt) for prompt in prompts)
    ids = torch.tensor([[padding] * (width - len(prompt)) + list(prompt) for prompt in prompts])
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    return ids, mask


def _draw(logits: torch.Tensor, row: int, wanted: Wanted, numbers: random.Random) -> Drawn:
    """Choose a token from logits [V]."""
    logprobs = logits.float().log_softmax(-1)
    chosen = int(drawn(logits.float().unsqueeze(0), wanted.sampling, [numbers.random()]))
    top = logprobs.topk(wanted.top) if wanted.top else None
    likeliest = tuple(zip(top.indices.tolist(), top.values.tolist(), strict=True)) if top else ()
    return Drawn(row, chosen, float(logprobs[chosen]), likeliest)
