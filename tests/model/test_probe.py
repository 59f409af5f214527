"""The probe: packed rows against plain transformers."""

import pytest
import torch
from transformers import AutoConfig, LlamaConfig

from r1tailor.kernels.rms_norm import _RMSNorm
from r1tailor.model import probe
from r1tailor.model.toy import toy_config


def toy(kind: str = "llama") -> LlamaConfig:
    config: LlamaConfig = toy_config(AutoConfig.for_model(kind), 8192)
    return config


def test_it_leaves_the_generator_alone_and_gives_the_same_each_time() -> None:
    state = torch.get_rng_state()
    with torch.inference_mode():  # as where a model is asked
        assert probe.difference(toy()) is None
    assert torch.equal(torch.get_rng_state(), state)


def test_a_wrong_gradient_is_found_though_the_loss_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    right = _RMSNorm.backward

    def wrong(ctx: object, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        for_x, *others = right(ctx, *gradients)
        assert for_x is not None
        return for_x * 1.0001, *others

    monkeypatch.setattr(_RMSNorm, "backward", staticmethod(wrong))
    found = probe.difference(toy())
    assert found is not None
    assert found.startswith("the gradient of")


def test_the_tolerance_is_well_above_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "TOLERANCE", probe.TOLERANCE / 4)
    assert probe.difference(toy("deepseek_v3")) is None


def test_a_configuration_that_is_no_toy_is_not_tried() -> None:
    with pytest.raises(ValueError, match=r"it still has .* weights at toy size"):
        probe.difference(AutoConfig.for_model("llama", num_hidden_layers=1))
