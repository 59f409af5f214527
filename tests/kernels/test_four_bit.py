"""Weights in 4 bits are restored as bitsandbytes does, and asked for only where it is installed."""

import pytest
import torch
from torch import nn

from r1tailor import config
from r1tailor.errors import ConfigError
from r1tailor.kernels import four_bit
from r1tailor.optimization.optimizer import optimizer_class
from r1tailor.planning.preflight import refuse_early
from tests.conftest import ROOT


def test_a_layer_in_four_bits_computes_with_what_is_restored() -> None:
    pytest.importorskip("bitsandbytes")
    torch.manual_seed(3)
    whole, rows = nn.Linear(64, 32, bias=False), torch.randn(5, 64)
    layer = four_bit.four_bit_layer(whole, torch.float32, double=True)
    restored = four_bit.restored(layer.weight, torch.float32)
    assert four_bit.is_four_bit(layer)
    assert not four_bit.is_four_bit(whole)
    torch.testing.assert_close(layer(rows), rows @ restored.T)
    assert 0 < float((restored - whole.weight).detach().abs().max()) < 0.05
    assert torch.equal(four_bit.restored(whole.weight, torch.float32), whole.weight)


def test_without_bitsandbytes_it_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(four_bit, "find_spec", lambda name: None)
    with pytest.raises(
        ConfigError, match=r'strategy = qlora: bitsandbytes is not installed; pip install "r1-tailor\[q'
    ):
        refuse_early(config.load(["model=tiny_llama", "strategy=qlora"]), ROOT)
    with pytest.raises(ConfigError, match=r"AdamW8bit: bitsandbytes is not installed; pip install"):
        optimizer_class(config.load(["optimizer=adamw_8bit"]).optimizer)
