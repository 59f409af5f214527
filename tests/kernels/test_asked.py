"""Layers that are asked are the same function: together, adapted, in rows and in columns; and they are put back."""

import copy
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from torch import nn
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaMLP

from r1tailor.kernels import asked as module
from r1tailor.kernels.asked import asked
from r1tailor.kernels.linear import patch_linears
from r1tailor.kernels.lora_linear import patch_lora


class Layer(nn.Module):
    """Projections of one input, of which the first alone has a bias, and a gated feed-forward part."""

    def __init__(self) -> None:
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj = nn.Linear(24, 40), nn.Linear(24, 8, bias=False), nn.Linear(24, 8)
        self.o_proj = nn.Linear(40, 24)
        sizes: Any = {"hidden_size": 24, "intermediate_size": 48, "num_attention_heads": 4}
        self.mlp: Any = LlamaMLP(LlamaConfig(**sizes, mlp_bias=True))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query, key, value = self.q_proj(x), self.k_proj(x), self.v_proj(x)
        return self.mlp(self.o_proj(query) + torch.cat([key, value, key], -1))


def layer_of(targets: list[str], *, patched: bool) -> nn.Module:
    torch.manual_seed(0)
    model: Any = Layer().double()
    if targets:
        ranks = {"v_proj": 2, "gate_proj": 3} if len(targets) > 2 else {"v_proj": 2}
        options: Any = {"rank_pattern": ranks, "alpha_pattern": {"v_proj": 3}, "lora_dropout": 0.5}
        model = get_peft_model(model, LoraConfig(r=4, lora_alpha=12, target_modules=targets, **options)).double()
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                nn.init.normal_(parameter)
        if patched:
            patch_lora(model)
    elif patched:
        patch_linears(model)
    return model.eval()


@pytest.mark.parametrize("tokens", [1, 5, 300])
@pytest.mark.parametrize("patched", [False, True])
@pytest.mark.parametrize(
    "targets", [[], ["q_proj", "v_proj"], ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]]
)
@pytest.mark.parametrize("small", [True, False])
def test_asked_layers_are_the_same_function_and_put_back(
    targets: list[str], patched: bool, tokens: int, small: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``small`` weights are one product of a CPU; others stay apart."""
    if not small:
        monkeypatch.setattr(module, "_SMALL", 0)
    model = layer_of(targets, patched=patched)
    kinds, state = [type(one) for one in model.modules()], copy.deepcopy(model.state_dict())
    x = torch.randn(1, tokens, 24, dtype=torch.float64)
    with torch.inference_mode():
        expected = model(x)
        for _ in range(2):
            with asked(model):
                assert [type(one) for one in model.modules()] != kinds
                torch.testing.assert_close(model(x), expected)
            assert [type(one) for one in model.modules()] == kinds
        assert torch.equal(model(x), expected)
    for name, value in model.state_dict().items():
        assert torch.equal(value, state[name]), name


def test_weights_of_layers_that_read_the_same_input_become_parts_of_one_tensor_and_can_train() -> None:
    model: Any = layer_of([], patched=False)
    with torch.inference_mode(), asked(model):
        pass
    query, key = model.q_proj.weight, model.k_proj.weight
    assert key.data_ptr() == query.data_ptr() + query.numel() * query.element_size()
    model(torch.randn(2, 24, dtype=torch.float64)).sum().backward()
    assert query.grad is not None


def test_what_training_or_a_cast_changed_is_asked() -> None:
    model: Any = layer_of([], patched=False)
    x = torch.randn(3, 24, dtype=torch.float64)
    with torch.inference_mode(), asked(model):
        model(x)
    with torch.no_grad():
        model.k_proj.weight.add_(1)
    model.float().double()
    model.v_proj.weight.data = model.v_proj.weight.data + 1
    with torch.inference_mode():
        expected = model(x)
        with asked(model):
            torch.testing.assert_close(model(x), expected)
