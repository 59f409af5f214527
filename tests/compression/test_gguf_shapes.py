"""What llama.cpp computes of an exported model is what transformers computes, for every architecture and scaling."""

from pathlib import Path

import pytest
import torch
from transformers import GPTNeoXConfig, LlamaConfig, PreTrainedConfig, Qwen2Config

from r1tailor.compression import gguf_shapes
from r1tailor.compression.gguf_shapes import architecture, stored
from r1tailor.errors import UserError
from tests.support.shapes import SHAPES, expected, exported, next_tokens, toy

IDS = [(i * 37 + 11) % 250 for i in range(60)]  # past the 32 positions from which scaling matters


def _largest(folder: Path, config: PreTrainedConfig, weight_type: str) -> float:
    model = toy(config)
    engine = exported(folder, model, weight_type)
    try:
        pairs = [(expected(model, IDS[:n]), next_tokens(engine, IDS[:n], config.vocab_size)) for n in (1, 9, 60)]
    finally:
        engine.close()
    return max(float((mine - theirs)[torch.isfinite(theirs)].abs().max()) for mine, theirs in pairs)


@pytest.mark.parametrize("name", SHAPES)
def test_log_probabilities_of_the_exported_model_are_those_of_transformers(name: str, tmp_path: Path) -> None:
    assert _largest(tmp_path, SHAPES[name], "f32") < 1e-4


@pytest.mark.parametrize(
    ("name", "attribute", "fault"),
    [
        ("llama", "_pairs", lambda weight, heads: weight),
        ("llama llama3", "_llama3_factors", lambda config: torch.ones(8)),
        ("deepseek_v3 yarn", "_scaling", lambda config: {}),
    ],
)
def test_a_step_of_the_export_left_out_is_seen(
    name: str, attribute: str, fault: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gguf_shapes, attribute, fault)
    assert _largest(tmp_path, SHAPES[name], "f32") > 1e-2


def test_a_tied_embedding_is_stored_once() -> None:
    model = toy(SHAPES["llama tied"])
    names = [one.name for one in stored(model.config, model.state_dict())]
    assert "token_embd.weight" in names
    assert "output.weight" not in names
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            GPTNeoXConfig(),
            f"GGUF: architecture gpt_neox is not supported; {', '.join(gguf_shapes.SUPPORTED)} are",
        ),
        (LlamaConfig(hidden_act="gelu"), "GGUF: llama with hidden_act = gelu is not supported; silu is"),
        (Qwen2Config(use_sliding_window=True), "GGUF: qwen2 with use_sliding_window = True is not supported; false is"),
        (
            LlamaConfig(rope_parameters={"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}),
            "GGUF: llama with rope_type = dynamic is not supported; default, linear, yarn (and llama3 of Llama) is",
        ),
    ],
    ids=["architecture", "activation", "window", "scaling"],
)
def test_what_llama_cpp_would_compute_otherwise_is_refused_by_name(config: PreTrainedConfig, message: str) -> None:
    with pytest.raises(UserError) as refused:
        architecture(config)
    assert str(refused.value) == message


def test_a_weight_without_a_place_is_refused_by_name() -> None:
    model = toy(SHAPES["llama"])
    weights = model.state_dict() | {"model.layers.0.self_attn.gate.weight": torch.zeros(2, 2)}
    with pytest.raises(UserError, match=r"weight model\.layers\.0\.self_attn\.gate\.weight of llama has no place"):
        list(stored(model.config, weights))
