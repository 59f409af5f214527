"""Parts of the keys, merged, give attention over all of them: fused and not, hidden in part and whole."""

from typing import Any

import pytest
import torch
from torch import Tensor

from r1tailor.kernels.partial_attention import masked, merged, part

B, K, G, D, P = 3, 2, 4, 16, 11


def whole(query: Tensor, keys: Tensor, values: Tensor, hidden: Tensor) -> Tensor:
    scores = (query @ keys.transpose(-1, -2)) * 0.3
    return scores.masked_fill(hidden, -torch.inf).softmax(-1) @ values


@pytest.mark.parametrize("width", [D, 8], ids=["fused", "values of another width"])
@pytest.mark.parametrize(("dtype", "error"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2), (torch.float16, 3e-3)])
def test_merged_parts_are_attention_over_all_keys(width: int, dtype: torch.dtype, error: float) -> None:
    generator = torch.Generator().manual_seed(1)
    options: Any = {"generator": generator, "dtype": torch.float32}
    query, keys = torch.randn(B, K, G, D, **options), torch.randn(B, K, P, D, **options)
    values = torch.randn(B, K, P, width, **options)
    hidden = torch.rand(B, 1, 1, P, **options) < 0.4
    hidden[1, ..., 4:8] = True  # a whole part, of one row
    hidden[..., 0] = False
    low = [tensor.to(dtype) for tensor in (query, keys, values)]
    cuts = (slice(0, 4), slice(4, 8), slice(8, P))
    found = [part(low[0], low[1][:, :, cut], low[2][:, :, cut], 0.3, masked(hidden[..., cut], dtype)) for cut in cuts]
    assert all(one.output.isfinite().all() and one.weight.dtype == torch.float32 for one in found)
    result = merged(found)
    assert result.dtype == dtype
    torch.testing.assert_close(result.float(), whole(query, keys, values, hidden), atol=error, rtol=error)


def test_the_fused_kernel_and_the_plain_one_agree_on_output_and_weight() -> None:
    query, keys = torch.randn(B, K, G, D), torch.randn(B, K, P, D)
    values = torch.randn(B, K, P, D)
    fused = part(query, keys, values, 0.3, None)
    plain = part(query, keys, values[..., :8], 0.3, None)
    torch.testing.assert_close(fused.output[..., :8], plain.output)
    torch.testing.assert_close(fused.weight, plain.weight)
