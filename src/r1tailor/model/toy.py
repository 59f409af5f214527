"""A configuration at toy size: the same class with the same flags, every size shrunk.

What a row crosses in the real model, it crosses in the toy: a sliding window is shorter than the toy's rows where the
real one is shorter than what the model reads. Per-layer patterns keep one layer of each kind.
"""

import copy
import re
from typing import Any

from transformers import PreTrainedConfig

LONGEST = 256  # tokens that a toy reads
_WINDOW = 8  # tokens of a window that a toy's rows cross
_HEADS, _HEAD = 4, 16
SIZES: dict[str, int] = {
    **dict.fromkeys(("intermediate_size", "ffn_hidden_size", "ffn_dim", "n_inner", "intermediate_size_mlp"), 48),
    **dict.fromkeys(("moe_intermediate_size", "expert_ffn_hidden_size"), 24),
    **dict.fromkeys(("shared_expert_intermediate_size", "shared_intermediate_size", "dense_intermediate_size"), 40),
    **dict.fromkeys(("q_lora_rank", "kv_lora_rank", "o_lora_rank"), 16),
    **dict.fromkeys(("qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim", "rotary_dim"), 8),
    "qk_head_dim": 16,
}
_EXPERTS = ("n_routed_experts", "num_local_experts", "num_experts", "moe_num_experts")
_CHOSEN = ("num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_k", "top_k_experts")
_FEW = {**dict.fromkeys(_CHOSEN, 2), "n_group": 2, "topk_group": 1, "n_shared_experts": 1, "moe_num_shared_experts": 1}
# Which layers have experts, by their number.
_LEADING = ("first_k_dense_replace", "num_dense_layers", "moe_layer_start_index")
_EVERY = ("decoder_sparse_step", "interleave_moe_layer_step", "moe_layer_freq", "moe_layer_interval")
WINDOWS = ("sliding_window", "attention_chunk_size", "attention_window_size", "sliding_window_size")
_IDS = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
VOCABULARY = 64


def toy_config(config: PreTrainedConfig, length: int) -> PreTrainedConfig:
    """Return a model's configuration at toy size.

    Args:
        config: of the real model.
        length: the most tokens that it reads, which decides whether its windows are crossed.
    """
    toy = copy.deepcopy(config)
    found = vars(config)
    for name, value in (SIZES | dict.fromkeys(_EXPERTS, 4)).items():
        if isinstance(found.get(name), int) and found[name]:
            setattr(toy, name, value)
    for name, value in (_FEW | dict.fromkeys(_LEADING, 1) | dict.fromkeys(_EVERY, 2)).items():
        if isinstance(found.get(name), int):
            setattr(toy, name, min(found[name], value))
    for name in WINDOWS:
        if isinstance(found.get(name), int):
            setattr(toy, name, _WINDOW if found[name] < length else LONGEST)
    for name in found:
        if isinstance(found[name], float) and re.search("dropout|_pdrop|jitter", name):  # drawn at random
            setattr(toy, name, 0.0)
    toy.vocab_size = VOCABULARY
    for name, value in _IDS.items():
        if getattr(config, name, None) is not None:
            setattr(toy, name, value)
    _shrink_heads(toy, config)
    _shrink_layers(toy)
    _shrink_positions(toy, config)
    for name in ("_name_or_path", "transformers_version", "architectures", "dtype", "quantization_config"):
        toy.__dict__.pop(name, None)
    return toy


def _shrink_heads(toy: Any, config: Any) -> None:  # noqa: ANN401
    """Keep how query heads share key-value heads, and whether the heads together are as wide as the hidden states."""
    heads, shared = config.num_attention_heads, getattr(config, "num_key_value_heads", None)
    toy.num_attention_heads = _HEADS
    if shared is not None:
        toy.num_key_value_heads = _HEADS if shared == heads else min(shared, _HEADS // 2)
    head, width = getattr(config, "head_dim", None), config.hidden_size
    toy.hidden_size = _HEADS * _HEAD if head is None or head * heads == width else 3 * _HEAD
    if "head_dim" in vars(config) and head is not None:
        toy.head_dim = SIZES["qk_rope_head_dim"] if head == getattr(config, "qk_rope_head_dim", None) else _HEAD


def _shrink_layers(toy: Any) -> None:  # noqa: ANN401
    total = toy.num_hidden_layers
    patterns = {
        name: value for name, value in vars(toy).items() if isinstance(value, list | tuple) and len(value) == total
    }
    by_number = any(getattr(toy, name, 0) for name in (*_LEADING, *_EVERY))
    kept = _of_each_kind([repr(layer) for layer in zip(*patterns.values(), strict=True)], 3 if by_number else 2)
    for name, value in patterns.items():
        setattr(toy, name, [value[index] for index in kept])
    toy.num_hidden_layers = len(kept)
    if hasattr(toy, "max_window_layers"):
        toy.max_window_layers = min(toy.max_window_layers, len(kept))


def _of_each_kind(layers: list[str], least: int) -> list[int]:
    """Return the indexes of the first layer of each kind, and of more so that there are enough.

    >>> _of_each_kind(["window", "window", "window", "full"], 2)
    [0, 3]
    >>> _of_each_kind([], 2)
    [0, 1]
    """
    first = [layers.index(kind) for kind in dict.fromkeys(layers)]
    more = [index for index in range(max(len(layers), least)) if index not in first]
    return sorted(first + more[: max(least - len(first), 0)])


def _shrink_positions(toy: Any, config: Any) -> None:  # noqa: ANN401
    """Scale the lengths that rotary embeddings know; the ratio of a stretched length to the original one stays."""
    longest = getattr(config, "max_position_embeddings", None)
    if longest is None:
        return
    toy.max_position_embeddings = LONGEST
    rope = getattr(toy, "rope_parameters", None)
    if not isinstance(rope, dict):
        return
    for one in (rope, *rope.values()):
        if isinstance(one, dict) and "rope_type" in one:
            _shrink_rope(toy, config, one, longest)


def _shrink_rope(toy: Any, config: Any, rope: dict[str, Any], longest: int) -> None:  # noqa: ANN401
    original = rope.get("original_max_position_embeddings")
    if original and rope["rope_type"] == "longrope":  # depends on the row's length: never crossed
        toy.max_position_embeddings = LONGEST * max(longest // original, 1)
        rope["original_max_position_embeddings"] = LONGEST
    elif original:
        rope["original_max_position_embeddings"] = 2 * _WINDOW
    if original and getattr(config, "original_max_position_embeddings", None):
        toy.original_max_position_embeddings = rope["original_max_position_embeddings"]
    rotated = int(_HEAD * rope.get("partial_rotary_factor", 1.0))
    for name in ("short_factor", "long_factor"):
        if name in rope:
            rope[name] = rope[name][: rotated // 2]
