"""A model in 4 bits and back: all linear layers but the head, and what comes back is what was computed with."""

import copy

import pytest
import torch
from torch import nn

from r1tailor.model.four_bit import has_four_bits, restore_whole_weights, round_to_four_bits
from tests.strategy.test_lora import base_model, logits

pytest.importorskip("bitsandbytes")


def test_what_is_rounded_comes_back_as_it_was_computed_with() -> None:
    whole = base_model()
    rounded = copy.deepcopy(whole)
    round_to_four_bits(rounded, torch.float32, double=True)
    assert has_four_bits(rounded)
    assert not has_four_bits(whole)
    assert type(rounded.get_output_embeddings()) is nn.Linear
    in_four_bits = logits(rounded)
    restore_whole_weights(rounded, rounded)
    assert not has_four_bits(rounded)
    torch.testing.assert_close(logits(rounded), in_four_bits, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(logits(whole), in_four_bits, atol=1e-4)
