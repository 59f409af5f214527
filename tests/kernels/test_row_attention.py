"""The fused attention over a row, by torch's own unfused function: the mask is what is ours."""

import pytest
import torch

from r1tailor.batching.packing import Segment
from r1tailor.kernels.attention import by_segments
from r1tailor.kernels.row_attention import attend_to_row

SEGMENTS = (Segment(1, 6, ()), Segment(1, 5, (0,)), Segment(2, 4, (0, 1)), Segment(3, 3, (0,)), Segment(1, 7, ()))
LENGTH = sum(part.examples * part.width for part in SEGMENTS) + 2


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@pytest.mark.parametrize("window", [1, 2, 5, 9, 12, 500, None])
def test_it_equals_attention_segment_by_segment(window: int | None) -> None:
    shapes = ((1, 4, LENGTH, 8), (1, 2, LENGTH, 8), (1, 2, LENGTH, 8))
    row = [torch.randn(shape) for shape in shapes]  # without gradients, which torch has none of on a CPU
    found = attend_to_row(*row, SEGMENTS, 0.5, window)
    torch.testing.assert_close(found[:, :-2], by_segments(*row, SEGMENTS, 0.5, window)[:, :-2], rtol=1e-5, atol=1e-6)
