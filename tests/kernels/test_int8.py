"""int8 layers compute what their weights and scales say, up to the rounding of the input."""

import pytest
import torch

from r1tailor.kernels.int8 import Int8Embedding, Int8Linear, quantised


def test_the_error_of_a_weight_is_at_most_half_a_step() -> None:
    weight = torch.randn(7, 33)
    weight[3] = 0
    whole, scale = quantised(weight)
    assert whole.dtype == torch.int8
    assert ((whole.float() * scale[:, None] - weight).abs() <= scale[:, None] / 2 + 1e-6).all()
    assert int(whole.abs().max()) == 127


@pytest.mark.parametrize("bias", [False, True])
def test_a_linear_layer_is_exact_to_the_rounding_of_each_row(bias: bool) -> None:
    weight, x = torch.randn(24, 64), torch.randn(2, 5, 64)
    shift = torch.randn(24) if bias else None
    whole, scale = quantised(weight)
    step = x.abs().amax(-1, keepdim=True) / 127
    wanted = torch.nn.functional.linear((x / step).round() * step, whole.float() * scale[:, None], shift)
    assert torch.allclose(Int8Linear(whole, scale, shift)(x), wanted, atol=1e-4)


def test_a_large_row_takes_no_precision_from_the_others() -> None:
    x = torch.randn(4, 64)
    layer = Int8Linear(*quantised(torch.randn(24, 64)), None)
    alone = layer(x)
    assert torch.equal(layer(torch.cat([x, 1000 * x[:1]]))[:4], alone)


def test_an_embedding_gives_back_rows_with_their_own_scales() -> None:
    weight = torch.randn(10, 8) * torch.arange(1, 11)[:, None]
    whole, scale = quantised(weight)
    ids = torch.tensor([[0, 9], [4, 4]])
    assert torch.equal(Int8Embedding(whole, scale)(ids), whole[ids].float() * scale[ids].unsqueeze(-1))
