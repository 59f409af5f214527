"""int8 layers compute what their weights and scales say, up to the rounding of the input."""

import warnings

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
def test_a_linear_layer_is_exact_to_the_rounding_of_its_input(bias: bool) -> None:
    weight, x = torch.randn(24, 64), torch.randn(2, 5, 64)
    shift = torch.randn(24) if bias else None
    whole, scale = quantised(weight)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        product = Int8Linear(whole, scale, shift)(x)
    wanted = torch.nn.functional.linear(x, whole.float() * scale[:, None], shift)
    step = (x.max() - x.min()) / 127  # 7 bits where the processor needs them
    assert (product - wanted).abs().max() <= step / 2 * (whole.float().abs() * scale[:, None]).sum(1).max()
    assert (product - wanted).abs().mean() < 0.05 * wanted.abs().mean()


def test_an_embedding_gives_back_rows_with_their_own_scales() -> None:
    weight = torch.randn(10, 8) * torch.arange(1, 11)[:, None]
    whole, scale = quantised(weight)
    ids = torch.tensor([[0, 9], [4, 4]])
    assert torch.equal(Int8Embedding(whole, scale)(ids), whole[ids].float() * scale[ids].unsqueeze(-1))
