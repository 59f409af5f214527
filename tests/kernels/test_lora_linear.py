"""Our LoRA layer is peft's: outputs, gradients, dropout; alone, together with its siblings, under recomputation."""

import copy
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from torch import nn

from r1tailor.kernels.lora_linear import AdaptedLinear, keep_mask, patch_lora


def adapted(layer: nn.Linear, r: int, alpha: float, dropout: float) -> nn.Module:
    options: Any = {"r": r, "lora_alpha": alpha, "lora_dropout": dropout, "target_modules": ["0"]}
    return get_peft_model(nn.Sequential(layer), LoraConfig(**options)).train()


def adapted_pair(bias: bool) -> tuple[nn.Module, nn.Module]:
    peft: Any = adapted(nn.Linear(24, 40, bias=bias), r=4, alpha=12, dropout=0.0)
    nn.init.normal_(peft.base_model.model[0].lora_B["default"].weight)
    ours = copy.deepcopy(peft)
    patch_lora(ours)
    assert type(ours.base_model.model[0]) is AdaptedLinear
    return ours, peft


@pytest.mark.parametrize("bias", [True, False])
def test_our_adapted_layer_equals_pefts_in_output_and_gradients(bias: bool) -> None:
    ours, peft = (model.double() for model in adapted_pair(bias))
    drawn = torch.randn(2, 7, 24, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    x, y = (drawn.clone().requires_grad_() for _ in range(2))
    outputs = ours(x), peft(y)
    torch.testing.assert_close(*outputs)
    for output in outputs:
        output.square().sum().backward()
    assert x.grad is not None
    pairs = [(x, y), *zip(ours.parameters(), peft.parameters(), strict=True)]
    assert sum(parameter.requires_grad for parameter, _ in pairs) == 3
    for mine, theirs in pairs:
        torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-10, atol=1e-10)


def test_our_adapted_layer_is_pefts_own_when_nothing_is_learned() -> None:
    ours, peft = adapted_pair(bias=True)
    x = torch.randn(5, 24)
    with torch.no_grad():
        assert torch.equal(ours(x), peft(x))
    torch.testing.assert_close(ours.eval()(x), peft.eval()(x))
    with ours.disable_adapter():
        assert torch.equal(ours(x), peft.base_model.model[0].base_layer(x))


def test_dropout_of_our_adapted_layer_zeroes_its_share_and_rests_in_evaluation() -> None:
    model: Any = adapted(nn.Linear(64, 64, bias=False), r=64, alpha=64, dropout=0.25)
    patch_lora(model)
    layer = model.base_model.model[0]
    with torch.no_grad():
        layer.base_layer.weight.zero_()
        for part in (layer.lora_A["default"], layer.lora_B["default"]):
            part.weight.copy_(torch.eye(64))
    output = model(torch.ones(500, 64))
    assert float((output == 0).float().mean()) == pytest.approx(0.25, abs=0.01)
    torch.testing.assert_close(output[output != 0], torch.full_like(output[output != 0], 1 / 0.75))
    torch.testing.assert_close(model.eval()(torch.ones(500, 64)), torch.ones(500, 64))


@pytest.mark.parametrize("p", [0.001, 0.05, 0.1, 0.5, 0.9, 0.998])
def test_a_keep_mask_is_zero_with_its_probability(p: float) -> None:
    mask = keep_mask(torch.empty(2001, 299), p)
    assert mask.dtype is torch.int8
    assert set(mask.unique().tolist()) <= {0, -1}
    spread = (p * (1 - p) / mask.numel()) ** 0.5
    assert float((mask == 0).double().mean()) == pytest.approx(p, abs=5 * spread)
    assert float(mask.float().mean(0).std()) < 0.03, "no column is favoured"


class Projections(nn.Module):
    """Three layers that read one input, as in attention, and one that reads another."""

    def __init__(self, bias: bool) -> None:
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(24, out, bias=bias) for out in (40, 8, 8))
        self.o_proj = nn.Linear(40, 24, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mixed: torch.Tensor = self.o_proj(self.q_proj(x).tanh()) + self.k_proj(x).sum(-1, True) * self.v_proj(x).mean()
        return mixed


def projections(bias: bool, targets: list[str], dropout: float = 0.0) -> Any:  # noqa: ANN401
    options: Any = {"r": 4, "lora_alpha": 12, "lora_dropout": dropout, "target_modules": targets}
    model = get_peft_model(Projections(bias), LoraConfig(**options)).train()
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            nn.init.normal_(parameter)
    return model
