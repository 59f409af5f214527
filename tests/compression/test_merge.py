"""Adapters added into the base's weights give the same logits."""

import torch
from peft import LoraConfig, get_peft_model

from r1tailor.compression.merge import merged
from tests.support.shapes import SHAPES, expected, toy

IDS = list(range(20, 44))


def test_merged_adapters_compute_what_adapters_beside_the_base_do() -> None:
    base = expected(toy(SHAPES["llama"]), IDS)
    adapted = get_peft_model(toy(SHAPES["llama"]), LoraConfig(r=4, target_modules=["q_proj", "down_proj"]))
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, 0.1)
    before = expected(adapted.eval(), IDS)
    whole = merged(adapted)
    assert not [name for name, _ in whole.named_parameters() if "lora" in name]
    assert (expected(whole, IDS) - before).abs().max() < 1e-4 < (before - base).abs().max()


def test_full_weights_stay_as_they_are() -> None:
    model = toy(SHAPES["llama"])
    assert merged(model) is model
