"""Toy models of every architecture that is exported, and GGUF files made of them."""

from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    DeepseekV2Config,
    DeepseekV3Config,
    LlamaConfig,
    PreTrainedConfig,
    PreTrainedModel,
    Qwen2Config,
    Qwen3Config,
)

from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.compression.gguf_writer import write_gguf
from r1tailor.inference.gguf import GgufEngine
from r1tailor.model import families

_COMMON: dict[str, Any] = {
    "vocab_size": 264,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 128,
    "tie_word_embeddings": False,
}
_LATENT: dict[str, Any] = {
    "head_dim": 8,
    "num_key_value_heads": 4,
    "kv_lora_rank": 32,
    "qk_nope_head_dim": 16,
    "qk_rope_head_dim": 8,
    "v_head_dim": 16,
    "n_shared_experts": 1,
    "num_experts_per_tok": 2,
    "first_k_dense_replace": 1,
    "moe_intermediate_size": 32,
}
_GROUPS = {"n_routed_experts": 8, "n_group": 2, "topk_group": 1}


def _rope(kind: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"rope_parameters": {"rope_type": kind, "rope_theta": 10000.0, **more}}


_YARN = _rope("yarn", factor=4.0, original_max_position_embeddings=32)
_LLAMA3 = _rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32)
_MSCALE = _rope("yarn", factor=4.0, original_max_position_embeddings=32, mscale=1.0, mscale_all_dim=1.0)
SHAPES: dict[str, PreTrainedConfig] = {
    "llama": LlamaConfig(**_COMMON),
    "llama tied": LlamaConfig(**_COMMON | {"tie_word_embeddings": True}),
    "llama biases": LlamaConfig(**_COMMON, attention_bias=True),
    "llama wide heads": LlamaConfig(**_COMMON | {"head_dim": 32}),
    "llama llama3": LlamaConfig(**_COMMON | _LLAMA3),
    "llama linear": LlamaConfig(**_COMMON | _rope("linear", factor=2.0)),
    "llama yarn": LlamaConfig(**_COMMON | _YARN),
    "qwen2": Qwen2Config(**_COMMON),
    "qwen2 yarn": Qwen2Config(**_COMMON | _YARN),
    "qwen3": Qwen3Config(**_COMMON),
    "qwen3 tied": Qwen3Config(**_COMMON | {"tie_word_embeddings": True}),
    "deepseek_v2": DeepseekV2Config(
        **_COMMON | _LATENT, q_lora_rank=None, n_routed_experts=4, n_group=1, topk_group=1, topk_method="greedy"
    ),
    "deepseek_v3": DeepseekV3Config(**_COMMON | _LATENT | _GROUPS, q_lora_rank=32),
    "deepseek_v3 yarn": DeepseekV3Config(**_COMMON | _LATENT | _GROUPS | _MSCALE, q_lora_rank=32),
}


def toy(config: PreTrainedConfig, seed: int = 0) -> PreTrainedModel:
    """Return a model with random weights that are large enough for every one to matter, in fp32."""
    torch.manual_seed(seed)
    model: PreTrainedModel = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.uniform_(0.5, 1.5)
            else:
                parameter.normal_(0.0, 0.15)
    for name, buffer in model.named_buffers():
        if name.endswith("e_score_correction_bias"):
            buffer.uniform_(-0.2, 0.2)
    return model.eval()


def tokenizer() -> ChatTokenizer:
    """Return the byte tokenizer with R1's chat template."""
    inner = families.byte_tokenizer()
    inner.chat_template = families.DEEPSEEK_CHAT_TEMPLATE
    return ChatTokenizer(inner)


def exported(folder: Path, model: PreTrainedModel, weight_type: str, length: int = 128) -> GgufEngine:
    """Return a model as llama.cpp computes it, keys and values in fp32."""
    path = folder / f"{weight_type}.gguf"
    write_gguf(path, model.config, model.state_dict(), tokenizer(), length, "toy", weight_type)
    return GgufEngine(path, context_length=length, threads=1, exact=True)


def next_tokens(engine: GgufEngine, ids: list[int], vocabulary: int) -> torch.Tensor:
    """Return [V] llama.cpp's log-probabilities of the token that follows others."""
    body = {"prompt": ids, "max_tokens": 1, "temperature": 0.0, "n_probs": vocabulary, "logit_bias": [[65, 1e4]]}
    (step,) = engine.complete(body)["choices"][0]["logprobs"]["content"]
    found = torch.full((vocabulary,), -torch.inf)
    for one in step["top_logprobs"]:
        found[one["id"]] = one["logprob"]
    return found


def expected(model: PreTrainedModel, ids: list[int]) -> torch.Tensor:
    """Return [V] the same from transformers."""
    with torch.inference_mode():
        logits: torch.Tensor = model(torch.tensor([ids])).logits[0, -1]
    return logits.float().log_softmax(-1)
