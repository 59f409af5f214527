"""Which tensors and facts llama.cpp wants of an architecture, and how they follow from transformers' own.

llama.cpp applies rotary embeddings to neighbouring pairs for ``llama`` and ``deepseek2`` and to halves for the others.
transformers' Llama uses halves, so the rows of its query and key projections are reordered; DeepSeek's are stored in
pairs already. DeepSeek's latent attention is written as multi-query attention over the compressed keys: ``kv_b_proj``
becomes one matrix for keys and one for values.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedConfig

from r1tailor.errors import UserError

Fact = int | float | bool | str
_DENSE = {"llama": "llama", "qwen2": "qwen2", "qwen3": "qwen3"}
_LATENT = ("deepseek_v2", "deepseek_v3")
SUPPORTED = (*_DENSE, *_LATENT)
_SOFTMAX, _SIGMOID = 1, 2  # llama.cpp's numbers of the experts' gating functions

_TOP = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}
_IN_A_LAYER = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "self_attn.q_a_proj": "attn_q_a",
    "self_attn.q_a_layernorm": "attn_q_a_norm",
    "self_attn.q_b_proj": "attn_q_b",
    "self_attn.kv_a_proj_with_mqa": "attn_kv_a_mqa",
    "self_attn.kv_a_layernorm": "attn_kv_a_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "mlp.gate": "ffn_gate_inp",
    "mlp.shared_experts.gate_proj": "ffn_gate_shexp",
    "mlp.shared_experts.up_proj": "ffn_up_shexp",
    "mlp.shared_experts.down_proj": "ffn_down_shexp",
}
_LAYER = re.compile(r"model\.layers\.(\d+)\.(.+)")


@dataclass(frozen=True)
class Stored:
    """One tensor of the file.

    Attributes:
        name: llama.cpp's.
        shape: as in torch, the last dimension contiguous.
        values: returns it in fp32; called once, when it is written.
    """

    name: str
    shape: tuple[int, ...]
    values: Callable[[], Tensor]


def architecture(config: PreTrainedConfig) -> str:
    """Return llama.cpp's name of an architecture.

    Raises:
        UserError: it is not one that we export, or has a feature that llama.cpp computes otherwise.
    """
    if config.model_type not in SUPPORTED:
        raise UserError(f"GGUF: architecture {config.model_type} is not supported; {', '.join(SUPPORTED)} are")
    for name, value, wanted in _unsupported(config):
        raise UserError(f"GGUF: {config.model_type} with {name} = {value} is not supported; {wanted} is")
    return _DENSE.get(config.model_type, "deepseek2")


def _unsupported(config: PreTrainedConfig) -> Iterator[tuple[str, object, str]]:
    """Yield settings that change what the model computes and that are not exported."""
    values = config.to_dict()
    if values.get("hidden_act", "silu") != "silu":
        yield "hidden_act", values["hidden_act"], "silu"
    if values.get("use_sliding_window"):
        yield "use_sliding_window", True, "false"
    if config.rope_parameters.get("partial_rotary_factor", 1.0) != 1.0:
        yield "partial_rotary_factor", config.rope_parameters["partial_rotary_factor"], "1.0"
    if values.get("rope_interleave") is False:
        yield "rope_interleave", False, "true"
    if config.model_type == "deepseek_v2" and values["topk_method"] != "greedy" and (values["n_group"] or 1) > 1:
        yield "topk_method", values["topk_method"], "greedy"
    kind = config.rope_parameters["rope_type"]
    if kind not in ("default", "linear", "yarn", *(("llama3",) if config.model_type == "llama" else ())):
        yield "rope_type", kind, "default, linear, yarn (and llama3 of Llama)"


def facts(config: PreTrainedConfig, context_length: int) -> dict[str, Fact]:
    """Return what llama.cpp reads of an architecture, by the key that follows the architecture's name.

    Args:
        config: of the model; ``architecture`` was asked before.
        context_length: longest input, in tokens.
    """
    common: dict[str, Fact] = {
        "context_length": context_length,
        "embedding_length": config.hidden_size,
        "block_count": config.num_hidden_layers,
        "feed_forward_length": config.intermediate_size,
        "attention.head_count": config.num_attention_heads,
        "attention.layer_norm_rms_epsilon": float(config.rms_norm_eps),
        "vocab_size": config.vocab_size,
        "rope.freq_base": float(config.rope_parameters["rope_theta"]),
    }
    return common | (_latent(config) if config.model_type in _LATENT else _dense(config)) | _scaling(config)


def _dense(config: PreTrainedConfig) -> dict[str, Fact]:
    width = _head_dim(config)
    return {
        "attention.head_count_kv": config.num_key_value_heads,
        "attention.key_length": width,
        "attention.value_length": width,
        "rope.dimension_count": width,
    }


def _latent(config: PreTrainedConfig) -> dict[str, Fact]:
    values = config.to_dict()
    found: dict[str, Fact] = {
        "attention.head_count_kv": 1,
        "attention.kv_lora_rank": config.kv_lora_rank,
        "attention.key_length": config.kv_lora_rank + config.qk_rope_head_dim,
        "attention.value_length": config.kv_lora_rank,
        "attention.key_length_mla": config.qk_nope_head_dim + config.qk_rope_head_dim,
        "attention.value_length_mla": config.v_head_dim,
        "rope.dimension_count": config.qk_rope_head_dim,
        "leading_dense_block_count": config.first_k_dense_replace,
        "expert_feed_forward_length": config.moe_intermediate_size,
        "expert_count": config.n_routed_experts,
        "expert_used_count": config.num_experts_per_tok,
        "expert_shared_count": config.n_shared_experts,
        "expert_weights_scale": float(config.routed_scaling_factor),
        "expert_gating_func": _SIGMOID if config.model_type == "deepseek_v3" else _SOFTMAX,
    }
    found["attention.q_lora_rank"] = config.q_lora_rank or 0
    if config.model_type == "deepseek_v3":  # transformers' V2 normalises no weights, whatever its configuration says
        found["expert_weights_norm"] = bool(values["norm_topk_prob"])
        if values["n_group"] > 1:
            found |= {"expert_group_count": values["n_group"], "expert_group_used_count": values["topk_group"]}
    return found


def _scaling(config: PreTrainedConfig) -> dict[str, Fact]:
    """Return how positions beyond the pre-trained length are scaled."""
    rope = config.rope_parameters
    if rope["rope_type"] == "linear":
        return {"rope.scaling.type": "linear", "rope.scaling.factor": float(rope["factor"])}
    if rope["rope_type"] != "yarn":
        return {}
    original = rope.get("original_max_position_embeddings") or config.max_position_embeddings
    found: dict[str, Fact] = {
        "rope.scaling.type": "yarn",
        "rope.scaling.factor": float(rope["factor"]),
        "rope.scaling.original_context_length": int(original),
    }
    if rope.get("mscale_all_dim"):
        found["rope.scaling.yarn_log_multiplier"] = 0.1 * float(rope["mscale_all_dim"])
    return found


def stored(config: PreTrainedConfig, weights: Mapping[str, Tensor]) -> Iterator[Stored]:
    """Yield the tensors of the file, each computed when it is written.

    Args:
        config: of the model.
        weights: its state by transformers' names; tied ones may stand there twice.

    Raises:
        UserError: there is a weight that has no place in the file.
    """
    for name, weight in weights.items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue  # llama.cpp takes the embedding where there is no output.weight: it is stored once
        if name in _TOP:
            yield _plain(_TOP[name], weight)
        else:
            yield from _of_layer(config, name, weight)
    if config.rope_parameters["rope_type"] == "llama3":
        yield _plain("rope_freqs.weight", _llama3_factors(config))


def _of_layer(config: PreTrainedConfig, name: str, weight: Tensor) -> Iterator[Stored]:
    found = _LAYER.fullmatch(name)
    if found is None:
        raise UserError(f"GGUF: weight {name} of {config.model_type} has no place in the file")
    layer, within = f"blk.{found[1]}", found[2]
    part, _, leaf = within.rpartition(".")
    if within in (
        "self_attn.q_proj.weight",
        "self_attn.k_proj.weight",
        "self_attn.q_proj.bias",
        "self_attn.k_proj.bias",
    ):
        heads = config.num_attention_heads if ".q_proj" in within else config.num_key_value_heads
        paired = config.model_type == "llama"
        yield _made(f"{layer}.{_IN_A_LAYER[part]}.{leaf}", weight, lambda: _pairs(weight, heads) if paired else weight)
    elif within == "self_attn.kv_b_proj.weight":
        yield from _keys_and_values(config, layer, weight)
    elif within == "mlp.gate.e_score_correction_bias":
        yield _plain(f"{layer}.exp_probs_b.bias", weight)
    elif within == "mlp.experts.gate_up_proj":  # [experts, 2 x width, hidden]
        half = weight.shape[1] // 2
        yield _plain(f"{layer}.ffn_gate_exps.weight", weight[:, :half])
        yield _plain(f"{layer}.ffn_up_exps.weight", weight[:, half:])
    elif within == "mlp.experts.down_proj":
        yield _plain(f"{layer}.ffn_down_exps.weight", weight)
    elif part in _IN_A_LAYER and leaf in ("weight", "bias"):
        yield _plain(f"{layer}.{_IN_A_LAYER[part]}.{leaf}", weight)
    else:
        raise UserError(f"GGUF: weight {name} of {config.model_type} has no place in the file")


def _plain(name: str, weight: Tensor) -> Stored:
    return _made(name, weight, lambda: weight)


def _made(name: str, like: Tensor, values: Callable[[], Tensor]) -> Stored:
    return Stored(name, tuple(like.shape), lambda: values().detach().to("cpu", torch.float32).contiguous())


def _pairs(weight: Tensor, heads: int) -> Tensor:
    """Return rows in the order of rotated pairs: (0, d/2), (1, d/2 + 1), ... within each head."""
    return (
        weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).transpose(1, 2).reshape(weight.shape)
    )


def _keys_and_values(config: PreTrainedConfig, layer: str, weight: Tensor) -> Iterator[Stored]:
    """Split [heads x (nope + value), rank] into keys [heads, rank, nope] and values [heads, value, rank]."""
    heads, nope, value = config.num_attention_heads, config.qk_nope_head_dim, config.v_head_dim
    both = weight.reshape(heads, nope + value, weight.shape[1])
    yield _plain(f"{layer}.attn_k_b.weight", both[:, :nope].transpose(1, 2))
    yield _plain(f"{layer}.attn_v_b.weight", both[:, nope:])


def _llama3_factors(config: PreTrainedConfig) -> Tensor:
    """Return [head_dim / 2] what Llama 3's scaling divides each frequency by."""
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    scaled, _ = ROPE_INIT_FUNCTIONS["llama3"](config, torch.device("cpu"))
    width = _head_dim(config)
    plain = 1.0 / config.rope_parameters["rope_theta"] ** (torch.arange(0, width, 2, dtype=torch.float32) / width)
    factors: Tensor = plain / scaled
    return factors


def _head_dim(config: PreTrainedConfig) -> int:
    found: Any = getattr(config, "head_dim", None)
    return int(found or config.hidden_size // config.num_attention_heads)
