"""What a run asks of its machine: figures held against what is known of it."""

import psutil
import torch

from r1tailor.training.system_metrics import peak_memory


def test_the_most_memory_is_no_less_than_what_is_held_now_and_grows_with_it() -> None:
    before = peak_memory(torch.device("cpu"))
    assert before >= 0.9 * psutil.Process().memory_info().rss
    held = torch.ones(2**27)  # half a GiB, written
    assert peak_memory(torch.device("cpu")) >= max(before, psutil.Process().memory_info().rss * 0.9)
    assert held.numel() == 2**27
