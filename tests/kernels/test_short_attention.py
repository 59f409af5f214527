"""Attention of short segments."""

import torch

from r1tailor.batching.packing import Segment
from r1tailor.kernels.short_attention import attend_by_products


def test_attention_differentiates_values_of_less_precision_than_queries_and_keys() -> None:
    torch.manual_seed(1)
    shapes, segments = ((4, 17, 8), (2, 17, 8), (2, 17, 8)), (Segment(1, 5, ()), Segment(3, 4, (0,)))
    whole = [torch.randn(shape, requires_grad=True) for shape in shapes]
    mixed = [tensor.detach().clone().requires_grad_() for tensor in whole[:2]]
    mixed.append(whole[2].detach().bfloat16().requires_grad_())
    for tensors in (whole, mixed):
        attend_by_products(*tensors, segments, 0.3).float().square().sum().backward()
    for exact, found in zip(whole, mixed, strict=True):
        assert found.grad is not None
        assert found.grad.dtype is found.dtype
        torch.testing.assert_close(found.grad.float(), exact.grad, rtol=5e-2, atol=5e-2)
