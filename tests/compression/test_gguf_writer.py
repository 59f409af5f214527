"""The file: types of weights, sizes, and how near the rounded forms stay to the model."""

from pathlib import Path

import pytest
from gguf import GGMLQuantizationType, GGUFReader

from tests.support.shapes import SHAPES, expected, exported, next_tokens, toy

IDS = [(i * 37 + 11) % 250 for i in range(40)]


@pytest.mark.parametrize(("weight_type", "largest"), [("f16", 2e-2), ("q8_0", 0.3), ("q4_0", 3.0)])
def test_a_rounded_form_stays_near_its_model(weight_type: str, largest: float, tmp_path: Path) -> None:
    model = toy(SHAPES["qwen3"])
    engine = exported(tmp_path, model, weight_type)
    mine, theirs = expected(model, IDS), next_tokens(engine, IDS, model.config.vocab_size)
    engine.close()
    top = mine.topk(10).indices
    assert 0 < float((mine - theirs)[top].abs().max()) < largest


def test_matrices_are_rounded_and_vectors_and_routers_are_not(tmp_path: Path) -> None:
    exported(tmp_path, toy(SHAPES["deepseek_v3"]), "q8_0").close()
    types = {tensor.name: tensor.tensor_type for tensor in GGUFReader(tmp_path / "q8_0.gguf").tensors}
    assert types["blk.1.ffn_gate_exps.weight"] == GGMLQuantizationType.Q8_0
    assert types["blk.1.ffn_gate_inp.weight"] == GGMLQuantizationType.F32
    assert types["blk.0.attn_norm.weight"] == GGMLQuantizationType.F32
    assert types["blk.0.attn_k_b.weight"] == GGMLQuantizationType.F16  # rows of 16: no multiple of a block
