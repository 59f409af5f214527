"""w8a8 in the format of compressed-tensors: plain transformers loads it and computes nearly the same."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from r1tailor.compression import compressed_tensors
from r1tailor.compression.compressed_tensors import W8A8
from r1tailor.errors import UserError
from tests.support.shapes import SHAPES, expected, tokenizer, toy
from tests.support.toy_run import toy_settings

IDS = [(i * 37 + 11) % 250 for i in range(24)]


@pytest.mark.parametrize("name", ["llama", "qwen3 tied"])
def test_plain_transformers_loads_it(name: str, tmp_path: Path) -> None:
    model, folder = toy(SHAPES[name]), tmp_path / "form"
    folder.mkdir()
    W8A8().write(model, tokenizer(), toy_settings(tmp_path), folder)
    stored = load_file(folder / "model.safetensors")
    assert stored["model.layers.0.mlp.up_proj.weight"].dtype == torch.int8
    assert stored["model.layers.0.mlp.up_proj.weight_scale"].shape == (96, 1)
    assert stored["model.embed_tokens.weight"].dtype == torch.bfloat16
    loaded = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    mine, theirs = expected(model, IDS), expected(loaded, IDS)
    top = mine.topk(10).indices
    assert 0 < float((mine - theirs)[top].abs().max()) < 0.5


def test_without_the_package_it_is_refused_with_the_way_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compressed_tensors, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r'pip install "r1-tailor\[w8a8\]"'):
        W8A8().write(toy(SHAPES["llama"]), tokenizer(), toy_settings(tmp_path), tmp_path)


def test_fused_experts_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="w8a8: routed experts are fused parameters here"):
        W8A8().write(toy(SHAPES["deepseek_v3"]), tokenizer(), toy_settings(tmp_path), tmp_path)
