"""int8 weights on disk: every architecture comes back, small, the tied head stored once, damage refused."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel

from r1tailor.errors import CheckpointError, UserError
from r1tailor.model.int8 import WEIGHTS, load_int8, save_int8
from tests.support.shapes import SHAPES, expected, toy

IDS = [(i * 37 + 11) % 250 for i in range(24)]
DENSE = [name for name in SHAPES if not name.startswith("deepseek")]


@pytest.mark.parametrize("name", DENSE)
def test_a_model_comes_back_up_to_the_rounding(name: str, tmp_path: Path) -> None:
    model = toy(SHAPES[name])
    save_int8(model, tmp_path)
    loaded = load_int8(model.config, tmp_path)
    assert isinstance(loaded, PreTrainedModel)
    loaded.set_attn_implementation("sdpa")
    mine, theirs = expected(model, IDS), expected(loaded, IDS)
    top = mine.topk(10).indices
    assert 0 < float((mine - theirs)[top].abs().max()) < 0.5


def test_weights_take_a_byte_each_and_a_tied_head_none(tmp_path: Path) -> None:
    model = toy(SHAPES["llama tied"])
    save_int8(model, tmp_path)
    stored = load_file(tmp_path / WEIGHTS)
    assert not [name for name in stored if name.startswith("lm_head")]
    matrices = [name for name, tensor in stored.items() if tensor.ndim == 2]
    assert all(stored[name].dtype == torch.int8 for name in matrices)
    assert "model.embed_tokens.weight" in matrices


def test_fused_experts_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"routed experts are fused parameters here \(model\.layers\.1\.mlp\.experts"):
        save_int8(toy(SHAPES["deepseek_v3"]), tmp_path)


def test_a_file_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    model = toy(SHAPES["llama"])
    save_int8(model, tmp_path)
    stored = load_file(tmp_path / WEIGHTS)
    for change in (
        {name: tensor for name, tensor in stored.items() if name != "model.norm.weight"},
        {name: tensor for name, tensor in stored.items() if name != "lm_head.scale"},
        stored | {"more": torch.zeros(2)},
        stored | {"lm_head.weight": stored["lm_head.weight"].float()},
    ):
        save_file(change, tmp_path / WEIGHTS)
        with pytest.raises(CheckpointError, match=r"int8\.safetensors does not fit this base model"):
            load_int8(model.config, tmp_path)
    (tmp_path / WEIGHTS).write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match=r"int8\.safetensors does not fit"):
        load_int8(model.config, tmp_path)
