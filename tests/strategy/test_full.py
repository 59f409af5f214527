"""Full weights: what is saved loads with plain transformers, and what a user is told."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from r1tailor import config
from r1tailor.errors import CheckpointError
from r1tailor.strategy import load_tuned, open_strategy
from r1tailor.strategy.full import load
from tests.strategy.test_lora import MODELS, base_model, logits, tuned_model
from tests.support.saved_models import SOME_BASE


@pytest.mark.parametrize("name", MODELS)
def test_saved_full_weights_load_with_plain_transformers(name: str, tmp_path: Path) -> None:
    tuned = tuned_model(name, "strategy=full")
    assert all(parameter.requires_grad for parameter in tuned.parameters())
    open_strategy(config.load(["strategy=full"]).strategy).save(tuned, tmp_path, SOME_BASE)
    plain = AutoModelForCausalLM.from_pretrained(tmp_path, attn_implementation="eager")
    assert torch.equal(logits(plain), logits(tuned))
    assert torch.equal(logits(load_tuned(base_model(name), tmp_path, "full", temporal=False)), logits(tuned))
    assert not torch.allclose(logits(base_model(name)), logits(tuned), atol=1e-3)


def test_little_data_for_all_weights_is_a_warning() -> None:
    full = open_strategy(config.load(["strategy=full", "strategy.recommended_examples=100"]).strategy)
    model = base_model()
    parameters = sum(parameter.numel() for parameter in model.parameters())
    assert full.check(model, 100) == [f"full weights: {parameters:,} parameters train"]
    _, warning = full.check(model, 99)
    assert warning.startswith(
        f"warning: 99 training examples for {parameters:,} weights; full fine-tuning is recommended"
    )
    assert full.base_dtype(torch.bfloat16) == torch.float32


def test_saved_weights_come_back_into_a_model(tmp_path: Path) -> None:
    full = open_strategy(config.load(["strategy=full"]).strategy)
    tuned = tuned_model("tiny_llama", "strategy=full")
    full.save(tuned, tmp_path, SOME_BASE)
    fresh = full.apply(base_model())
    assert not torch.equal(logits(fresh), logits(tuned))
    full.restore(fresh, tmp_path)
    assert torch.equal(logits(fresh), logits(tuned))


def test_a_folder_without_weights_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no \*\.safetensors in it"):
        load(base_model(), tmp_path)
