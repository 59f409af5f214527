"""Weights in fewer bits: what a configuration says of them, and that such a model can be asked."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig

from r1tailor import config
from r1tailor.inference import local
from r1tailor.model import families, load
from r1tailor.model.quantised import restore_when_loaded, stored
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("described", "said", "bits"),
    [
        ({"quant_method": "fp8"}, "FP8", None),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "4-bit (bitsandbytes)", 4.5),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "8-bit (bitsandbytes)", 8),
        ({"quant_method": "gptq", "bits": 4, "group_size": 128}, "4-bit (gptq)", 4.125),
        ({"quant_method": "awq", "bits": 4, "group_size": -1}, "4-bit (awq)", 4.125),
    ],
)
def test_what_a_configuration_says_of_its_weights(described: dict[str, Any], said: str, bits: float | None) -> None:
    form = stored(LlamaConfig(quantization_config=described))
    assert form is not None
    assert (form.name, form.bits) == (said, bits)
    assert "lm_head" in form.whole


def test_whole_weights_have_no_form() -> None:
    assert stored(LlamaConfig()) is None
    assert stored(LlamaConfig(quantization_config={"quant_method": "another"})) is None


def test_fp8_is_restored_when_it_is_loaded() -> None:
    eight, four = (
        LlamaConfig(quantization_config={"quant_method": name, "load_in_4bit": True})
        for name in ("fp8", "bitsandbytes")
    )
    for one in (eight, four):
        restore_when_loaded(one)
    assert eight.quantization_config["dequantize"] is True
    assert "dequantize" not in four.quantization_config


def test_a_folder_in_four_bits_is_asked(tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")
    from transformers import BitsAndBytesConfig

    settings = config.load(["model=tiny_llama", "model.hidden_size=128"])
    load.load_model(settings.model, ROOT, torch.bfloat16, 1).save_pretrained(tmp_path / "whole")
    nf4 = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16)
    AutoModelForCausalLM.from_pretrained(tmp_path / "whole", quantization_config=nf4).save_pretrained(tmp_path / "nf4")
    families.byte_tokenizer().save_pretrained(tmp_path / "nf4")
    asked = config.load(
        ["model=local", f"model.path={tmp_path / 'nf4'}", "model.chat=deepseek", "trainer.precision=bf16"]
    )
    assert len(local.open_base(asked, ROOT).answer(["Which one?"])) == 1
