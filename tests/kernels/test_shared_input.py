"""Layers that read one input."""

import copy

import pytest
import torch
from torch.utils.checkpoint import checkpoint

from r1tailor.kernels.lora_linear import patch_lora
from tests.kernels.test_lora_linear import projections


@pytest.mark.parametrize("targets", [["q_proj", "k_proj", "v_proj", "o_proj"], ["q_proj", "v_proj"]])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("checkpointed", [True, False])
def test_layers_computed_together_equal_pefts_one_by_one(targets: list[str], bias: bool, checkpointed: bool) -> None:
    peft = projections(bias, targets)
    ours = copy.deepcopy(peft)
    patch_lora(ours)
    x, y = (torch.randn(2, 7, 24, generator=torch.Generator().manual_seed(2)).requires_grad_() for _ in range(2))
    for model, given in ((ours, x), (peft, y)):
        for _ in range(2):  # the second call meets what the first left behind
            output = checkpoint(model, given, use_reentrant=False) if checkpointed else model(given)
            output.square().sum().backward()
    assert x.grad is not None
    assert torch.equal(ours.base_model.model.q_proj.base_layer.weight, peft.base_model.model.q_proj.base_layer.weight)
    for mine, theirs in [(x, y), *zip(ours.parameters(), peft.parameters(), strict=True)]:
        torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-4, atol=1e-3)


def test_layers_computed_together_keep_no_copy_of_the_frozen_weights_and_follow_when_they_change() -> None:
    ours = projections(False, ["q_proj", "k_proj"])
    patch_lora(ours)
    inner = ours.base_model.model
    x = torch.randn(3, 24)
    q, k = inner.q_proj.base_layer.weight, inner.k_proj.base_layer.weight
    kept: set[int] = set()

    def note(tensor: torch.Tensor) -> torch.Tensor:
        kept.add(tensor.data_ptr())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        before = inner.q_proj(x), inner.k_proj(x)
    assert {q.data_ptr(), k.data_ptr()} <= kept, "the weights themselves are kept for the backward pass"
    q.data = q.data.clone() * 2
    after = inner.q_proj(x), inner.k_proj(x)
    assert not torch.allclose(before[0], after[0])
    assert torch.equal(before[1], after[1])


def test_adapters_with_different_scaling_are_not_computed_together() -> None:
    peft = projections(False, ["q_proj", "k_proj"])
    peft.base_model.model.k_proj.scaling["default"] = 0.5
    ours = copy.deepcopy(peft)
    patch_lora(ours)
    torch.testing.assert_close(ours.base_model.model.k_proj(x := torch.randn(3, 24)), peft.base_model.model.k_proj(x))
