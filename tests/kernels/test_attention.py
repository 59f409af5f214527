"""Attention over packed rows."""

import pytest
import torch
from torch import nn

from r1tailor.batching.packing import Segment
from r1tailor.kernels.attention import packed_attention


def test_attention_dropout_is_refused() -> None:
    x = torch.zeros(1, 2, 8, 4)
    with pytest.raises(ValueError, match="attention dropout is not supported"):
        packed_attention(nn.Module(), x, x, x, None, 1.0, dropout=0.1, packed_segments=[Segment(1, 8, ())])
