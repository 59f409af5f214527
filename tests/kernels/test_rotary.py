"""Our rotary embedding is each architecture's own, in value and gradient; interleaved pairs are left alone."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, PreTrainedModel, Qwen3Config

from r1tailor import config
from r1tailor.batching.packing import Segment
from r1tailor.kernels.attention import PACKED_ROWS
from r1tailor.kernels.rotary import patch_rotations
from r1tailor.model import families
from r1tailor.schema.model import RandomModel

SEGMENTS = (Segment(1, 5, ()), Segment(2, 4, (0,)))
POSITIONS = torch.tensor([[*range(5), *range(5, 9), *range(5, 9), 0, 0, 0]])


def plain(name: str) -> PreTrainedModel:
    if name == "qwen3":
        architecture: Any = Qwen3Config(
            vocab_size=300, hidden_size=32, intermediate_size=48, num_hidden_layers=1, head_dim=16,
            num_attention_heads=4, num_key_value_heads=2,
        )  # fmt: skip
    else:
        settings = config.load([f"model={name}"]).model
        assert isinstance(settings, RandomModel)
        architecture = families.tiny_config(settings)
    torch.manual_seed(5)
    model: PreTrainedModel = AutoModelForCausalLM.from_config(architecture, attn_implementation=PACKED_ROWS)
    return model.double()


def outcome(model: PreTrainedModel) -> tuple[Tensor, list[Tensor | None]]:
    ids = torch.arange(10, 10 + POSITIONS.shape[1])[None]
    logits = model(input_ids=ids, position_ids=POSITIONS, use_cache=False, packed_segments=SEGMENTS).logits
    logits[:, :13].sin().sum().backward()
    return logits[:, :13].detach(), [parameter.grad for parameter in model.parameters()]


@pytest.mark.parametrize("name", ["tiny_llama", "tiny_qwen2", "qwen3"])
def test_the_patched_attention_has_the_outputs_and_gradients_of_the_plain_one(name: str) -> None:
    theirs = plain(name)
    ours = copy.deepcopy(theirs)
    patch_rotations(ours)
    assert type(ours.model.layers[0].self_attn) is not type(theirs.model.layers[0].self_attn)
    (mine, my_gradients), (their, their_gradients) = outcome(ours), outcome(theirs)
    torch.testing.assert_close(mine, their, rtol=1e-10, atol=1e-10)
    assert any(gradient is not None and gradient.abs().sum() > 0 for gradient in my_gradients)
    for one, other in zip(my_gradients, their_gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)


def test_interleaved_rotation_is_left_alone() -> None:
    model = plain("tiny_deepseek_v3")
    before = [type(module) for module in model.modules()]
    patch_rotations(model)
    assert [type(module) for module in model.modules()] == before


def test_generation_with_a_cache_goes_the_plain_way() -> None:
    theirs = plain("tiny_llama")
    ours = copy.deepcopy(theirs)
    patch_rotations(ours)
    for model in (ours, theirs):
        model.set_attn_implementation("eager")
    ids = torch.tensor([[11, 12, 13, 14]])
    assert torch.equal(ours(ids, use_cache=True).logits, theirs(ids, use_cache=True).logits)
