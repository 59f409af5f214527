"""A packed row against plain transformers, one example at a time, at toy size: is training on rows exact here?

The loss and every gradient have to agree within 1e-5 in fp32, for full weights and for adapters. The rows hold shared
prefixes of two levels and rectangles of unequal tails, once for each of the attention's two implementations. Weights
are drawn so that attention is sharp: with those that a new model has, a wrong mask would hardly show.
"""

import copy
import warnings
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel

from r1tailor.batching.packing import pack
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.kernels.attention import PACKED_ROWS
from r1tailor.kernels.linear import patch_linears
from r1tailor.kernels.lora_linear import patch_lora
from r1tailor.model import load
from r1tailor.model.families import target_modules
from r1tailor.model.head import hidden_and_head
from r1tailor.model.toy import VOCABULARY

TOLERANCE = 1e-5  # of the loss and of each gradient, relative to their size
_LARGEST = 2_000_000  # weights of a toy
_BUDGET = 1_000  # positions of a row
_Outcome = tuple[Tensor, dict[str, Tensor]]


def difference(toy: PreTrainedConfig) -> str | None:
    """Return how packed rows differ from plain transformers, or None where they are the same.

    Whatever a model's code raises is passed on. The global generator is left alone.

    Args:
        toy: a configuration at toy size.

    Raises:
        ValueError: it is not at toy size, since it has sizes that ``model/toy.py`` does not know.
    """
    plainly = (torch.inference_mode(False), torch.enable_grad(), torch.autocast("cpu", enabled=False))
    with torch.random.fork_rng(devices=[]), plainly[0], plainly[1], plainly[2]:
        torch.manual_seed(20)
        plain, examples = _plain(toy), _examples()
        for name, model in (("full weights", plain), ("LoRA", _adapted(plain))):
            packed = _packed(model)
            expected, found = _one_by_one(model, examples), _in_rows(packed, examples)
            if differing := _differing(expected, found):
                return f"{differing} ({name})"
    return None


def _plain(toy: PreTrainedConfig) -> PreTrainedModel:
    """Return the model as transformers computes it."""
    weights = sum(parameter.numel() for parameter in load.skeleton(copy.deepcopy(toy)).parameters())
    if weights > _LARGEST:
        raise ValueError(f"it still has {weights:,} weights at toy size")
    model: PreTrainedModel = AutoModelForCausalLM.from_config(
        copy.deepcopy(toy), dtype=torch.float32, attn_implementation="eager", trust_remote_code=False
    )
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn_like(parameter)
            if parameter.ndim == 1:
                parameter.add_(noise, alpha=0.2)
            else:
                parameter.copy_(noise / parameter.shape[-1] ** 0.5)
        embedding: Any = model.get_input_embeddings()
        embedding.weight.copy_(torch.randn_like(embedding.weight))
    return model.requires_grad_(True).train()


def _adapted(plain: PreTrainedModel) -> nn.Module:
    """Return the model with peft's adapters, none of which are zero."""
    model = copy.deepcopy(plain)
    config = LoraConfig(r=4, lora_alpha=8, target_modules=target_modules(model, "all_linear"), task_type="CAUSAL_LM")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        adapted: nn.Module = get_peft_model(model, config, autocast_adapter_dtype=False)
    with torch.no_grad():
        for parameter in adapted.parameters():
            if parameter.requires_grad:
                parameter.copy_(torch.randn_like(parameter) / 16)
    return adapted.train()


def _packed(plain: nn.Module) -> nn.Module:
    """Return a copy of a model as it is trained: with attention over packed rows and our operations."""
    model = copy.deepcopy(plain)
    base: Any = getattr(model, "get_base_model", lambda: model)()
    base.set_attn_implementation(PACKED_ROWS)
    load.patch(base)
    if base is model:
        patch_linears(model)
    else:
        patch_lora(model)
    return model


def _examples() -> list[list[TokenizedExample]]:
    """Return the examples of two rows: of short sequences, and with long ones."""
    first, second = _ids(12), _ids(18)
    prompts = [(*first, *second, *_ids(3)), (*first, *second, *_ids(7)), (*first, *_ids(5)), (*first, *_ids(11))]
    short = [_example(prompt, 2 + number) for number, prompt in enumerate([*prompts, _ids(6)])]
    return [short, [_example((*first, *_ids(4)), 130), _example((*first, *_ids(60)), 90)]]


def _ids(count: int) -> tuple[int, ...]:
    return tuple(torch.randint(3, VOCABULARY, (count,)).tolist())


def _example(prompt: tuple[int, ...], response: int) -> TokenizedExample:
    return TokenizedExample("", prompt, _ids(response))


def _one_by_one(model: nn.Module, rows: Sequence[Sequence[TokenizedExample]]) -> _Outcome:
    total = torch.zeros(())
    for example in (example for row in rows for example in row):
        logits = model(input_ids=torch.tensor([example.read]), use_cache=False).logits[0, len(example.prompt) - 1 :]
        total = total + F.cross_entropy(logits, torch.tensor(example.response), reduction="sum")
    return _with_gradients(model, total)


def _in_rows(model: nn.Module, rows: Sequence[Sequence[TokenizedExample]]) -> _Outcome:
    total = torch.zeros(())
    for micro in (micro for row in rows for micro in pack(row, _BUDGET, 0)):
        hidden, head = hidden_and_head(model, micro)
        total = total + head.loss(hidden, micro.labels, 0.0)
    return _with_gradients(model, total)


def _with_gradients(model: nn.Module, loss: Tensor) -> _Outcome:
    model.zero_grad()
    torch.autograd.backward(loss)
    gradients = {name: part.grad for name, part in model.named_parameters() if part.grad is not None}
    return loss.detach(), gradients


def _differing(expected: _Outcome, found: _Outcome) -> str | None:
    """Return what differs most, by how much of its size."""
    (loss, gradients), (other, others) = expected, found
    off = float((loss - other).abs() / loss.abs())
    if not off <= TOLERANCE:
        return f"the loss differs by {off:.1e} of itself"
    least = 1e-2 * max(float(gradient.norm()) for gradient in gradients.values())
    worst, at = 0.0, ""
    for name in gradients.keys() | others.keys():
        one, two = (part.get(name, torch.zeros(())) for part in (gradients, others))
        off = float((one - two).norm()) / max(float(one.norm()), least)
        if not off <= worst:
            worst, at = off, name
    return f"the gradient of {at} differs by {worst:.1e} of its size" if not worst <= TOLERANCE else None
