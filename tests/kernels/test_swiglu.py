"""The gated feed-forward product is transformers' own, in value and gradient; what is gated otherwise is left alone."""

import copy

import pytest
import torch
from transformers import LlamaConfig, Qwen2Config
from transformers.models.llama.modeling_llama import LlamaMLP
from transformers.models.qwen2.modeling_qwen2 import Qwen2MLP

from r1tailor.kernels.swiglu import patch_gates


@pytest.mark.parametrize(("kind", "configuration"), [(LlamaMLP, LlamaConfig), (Qwen2MLP, Qwen2Config)])
def test_the_patched_layer_has_the_output_and_gradients_of_the_plain_one(kind: type, configuration: type) -> None:
    plain = kind(
        configuration(hidden_size=24, intermediate_size=40, num_attention_heads=4, num_key_value_heads=2)
    ).double()
    ours = copy.deepcopy(plain)
    patch_gates(ours)
    assert type(ours) is not kind
    x, y = (torch.linspace(-3, 3, 7 * 24, dtype=torch.float64).view(7, 24).requires_grad_() for _ in range(2))
    ours(x).square().sum().backward()
    plain(y).square().sum().backward()
    for mine, theirs in [(x, y), *zip(ours.parameters(), plain.parameters(), strict=True)]:
        torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-10, atol=1e-10)
    with torch.no_grad():
        assert torch.equal(ours(x), plain(x))


def test_another_activation_stays_as_it_is() -> None:
    layer = LlamaMLP(LlamaConfig(hidden_size=8, intermediate_size=16, num_attention_heads=2, hidden_act="gelu"))
    patch_gates(layer)
    assert type(layer) is LlamaMLP
