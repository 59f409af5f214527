"""Tensors on their way to a device; to a GPU, ``tests/device`` shows."""

import torch

from r1tailor.batching.moved import moved


def test_a_tensor_that_is_there_already_is_itself() -> None:
    tensor = torch.ones(2)
    assert moved(tensor, torch.device("cpu")) is tensor
