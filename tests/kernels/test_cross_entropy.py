"""The blockwise loss equals cross-entropy."""

import pytest
import torch
import torch.nn.functional as F

from r1tailor.kernels.cross_entropy import smoothed_cross_entropy


@pytest.mark.parametrize("rows", [1, 256, 300])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_blockwise_loss_equals_cross_entropy_with_gradients(rows: int, smoothing: float) -> None:
    hidden, weight, labels = torch.randn(rows, 16), torch.randn(50, 16), torch.randint(0, 50, (rows,))
    pairs = [(hidden.clone().requires_grad_(), weight.clone().requires_grad_()) for _ in range(2)]
    ours = smoothed_cross_entropy(*pairs[0], labels, smoothing)
    logits = pairs[1][0] @ pairs[1][1].T
    theirs = F.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="sum")
    torch.testing.assert_close(ours, theirs)
    (ours * 0.3).backward()
    (theirs * 0.3).backward()
    for mine, reference in zip(*pairs, strict=True):
        torch.testing.assert_close(mine.grad, reference.grad, rtol=1e-5, atol=1e-5)
