"""Attention of long sequences."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from r1tailor.kernels.long_attention import attend_long, fits
from r1tailor.kernels.short_attention import causal_mask

WIDTH = 300  # more than two blocks of queries, and a part of one


def drawn(before: int, dtype: torch.dtype) -> list[Tensor]:
    """Return queries of 2 examples with 6 heads, keys and values with 2, and a gradient of the output."""
    generator = torch.Generator().manual_seed(before)
    shapes = (6, WIDTH), (2, before + WIDTH), (2, before + WIDTH), (6, WIDTH)
    return [torch.randn(2, *shape, 16, generator=generator, dtype=torch.float64).to(dtype) for shape in shapes]


def plain(query: Tensor, key: Tensor, value: Tensor, window: int | None) -> Tensor:
    """Return what torch's attention gives."""
    before = key.shape[2] - query.shape[2]
    mask = causal_mask(WIDTH, before, 1, query.dtype, query.device, window)
    return F.scaled_dot_product_attention(query, key, value, mask, scale=0.3, enable_gqa=True)


def differentiated(attended: Tensor, tensors: list[Tensor], gradient: Tensor) -> list[Tensor]:
    """Return an output and its gradients, in double precision."""
    return [one.detach().double() for one in (attended, *torch.autograd.grad(attended, tensors, gradient))]


@pytest.mark.parametrize("window", [None, 7, 150, 299])
@pytest.mark.parametrize("before", [0, 3, 140])
def test_it_is_plain_attention(before: int, window: int | None) -> None:
    *tensors, gradient = drawn(before, torch.float64)
    leaves = [tensor.requires_grad_() for tensor in tensors]
    expected = differentiated(plain(*tensors, window), leaves, gradient)
    found = differentiated(attend_long(*tensors, 0.3, window), leaves, gradient)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6)  # gradients of keys are summed in fp32


@pytest.mark.parametrize("larger", [1.0, 6.0])
def test_in_bf16_it_is_about_as_precise_as_torch(larger: float) -> None:
    *tensors, gradient = drawn(5, torch.bfloat16)
    tensors[0] = tensors[0] * larger  # scores of several tens
    exact_leaves = [tensor.double().requires_grad_() for tensor in tensors]
    exact = differentiated(plain(*exact_leaves, None), exact_leaves, gradient.double())
    leaves = [tensor.requires_grad_() for tensor in tensors]
    ours = differentiated(attend_long(*tensors, 0.3, None), leaves, gradient)
    torchs = differentiated(plain(*tensors, None), leaves, gradient)
    for one, other, right in zip(ours, torchs, exact, strict=True):
        assert (one - right).norm() <= max(2.5 * (other - right).norm(), 0.01 * right.norm())


def test_it_is_for_half_precision_on_a_cpu() -> None:
    query, key, value, _ = drawn(0, torch.float32)
    assert not fits(query, key, value)
    assert fits(query.bfloat16(), key.bfloat16(), value.bfloat16())
    assert not fits(query.bfloat16(), key.bfloat16(), value.bfloat16()[..., :8])  # DeepSeek's latent heads
    with torch.autocast("cpu", torch.bfloat16):
        assert fits(query, key, value)
        assert attend_long(query, key, value, 0.3, None).dtype is torch.bfloat16
