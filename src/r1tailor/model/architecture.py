"""What a configuration says that packed rows do not support, in the user's words."""

import copy
import re
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from transformers import AutoModelForCausalLM, PreTrainedConfig

from r1tailor.kernels.attention import PACKED_ROWS
from r1tailor.model.toy import SIZES, WINDOWS

CHOOSE = "choose a model of a supported architecture (docs: Architectures)"
_LOCAL = re.compile(r"window|chunk|block|index_topk|stride|ngram|mem_len|buckets|distance|extent|local")
_NOT_LOCAL = re.compile(r"max_window_layers|num_local_experts|_?sliding_window_pattern|(mamba|linear)_.*")
_ORIGINAL = "original_max_position_embeddings"
_ATTENTION = ("full_attention", "sliding_attention", "attention")
_STATES = re.compile(r"Mamba|SSM|DeltaNet|Delta|Recurrent|Conv1d|ShortConv|LinearAttention|Lightning|Rwkv|LSTM")
_DROPOUTS = ("attention_dropout", "attn_pdrop", "attention_probs_dropout_prob")
_LISTED_SIZES = (*SIZES, "hidden_size", "head_dim", "num_attention_heads", "num_key_value_heads", "num_query_heads")


def static_fault(config: PreTrainedConfig, length: int) -> str | None:
    """Return what of a configuration is not supported, or None.

    Args:
        config: of the model.
        length: the most tokens that it reads.
    """
    return next(_faults(config, length), None)


def _faults(config: Any, length: int) -> Iterator[str]:  # noqa: ANN401
    if "text_config" in config.sub_configs:
        parts = ", ".join(sorted(config.sub_configs))
        yield f"it consists of several models ({parts}); save its text model as a folder of its own, or {CHOOSE}"
    if config.is_encoder_decoder:
        yield f"it has an encoder and a decoder; {CHOOSE}"
    if sizes := [name for name in _LISTED_SIZES if isinstance(getattr(config, name, None), list | tuple)]:
        yield f"its layers differ in size ({sizes[0]} is a list); {CHOOSE}"
    if other := [kind for kind in _kinds(config) if kind not in _ATTENTION]:
        recurrent = other[0].startswith(("linear", "mamba", "conv", "recurrent", "hybrid"))
        named = "state-space, convolution or linear-attention layers" if recurrent else "attention of another kind"
        yield f"{named} ({other[0]}); {CHOOSE}"
    if getattr(getattr(config, "attn_config", config), "alibi", config.model_type == "bloom"):
        yield f"position biases (ALiBi); {CHOOSE}"
    if not hasattr(config, "num_attention_heads"):
        yield f"recurrent or state-space layers: it has no attention heads; {CHOOSE}"
    if getattr(config, "attn_logit_softcapping", None):
        yield f"attention soft caps (attn_logit_softcapping = {config.attn_logit_softcapping:g}); {CHOOSE}"
    if getattr(config, "clip_qkv", None) is not None:
        yield f"clipped queries, keys and values (clip_qkv = {config.clip_qkv:g}); {CHOOSE}"
    yield from _of_lengths(config, length)


def _kinds(config: Any) -> list[str]:  # noqa: ANN401
    """Return the kinds of layers, where a configuration lists them."""
    named = getattr(config, "layer_types", None) or getattr(config, "layers_block_type", None) or ()
    return [str(kind) for kind in named]


def _of_lengths(config: Any, length: int) -> Iterator[str]:  # noqa: ANN401
    """Yield what depends on how long a row is."""
    rope = getattr(config, "rope_parameters", None) or {}
    for one in (rope, *(part for part in rope.values() if isinstance(part, dict))):
        named = (one.get(_ORIGINAL), getattr(config, _ORIGINAL, None), getattr(config, "max_position_embeddings", None))
        original = next((int(found) for found in named if found), 0)
        if one.get("rope_type") in ("dynamic", "longrope") and length > original:
            yield (
                f"rotary embedding {one['rope_type']} depends on the longest of a row's examples beyond {original:,} "
                f"tokens; below it is exact: model.context_length={original} trainer.max_length={original} at most"
            )
    for name, value in vars(config).items():
        known = name in WINDOWS or _NOT_LOCAL.fullmatch(name)
        if type(value) is int and 1 < value < length and _LOCAL.search(name) and not known:
            yield (
                f"attention by {name} = {value:,} below model.context_length = {length:,}; "
                f"model.context_length={value} trainer.max_length={value} at most, or {CHOOSE}"
            )


def layers_fault(toy: PreTrainedConfig) -> str | None:
    """Return what of a model's modules is not supported, or None; looks at the toy on the meta device."""
    with torch.device("meta"):
        causal: Any = AutoModelForCausalLM.from_config(
            copy.deepcopy(toy), attn_implementation=PACKED_ROWS, trust_remote_code=False
        )
    if mixer := next((type(part).__name__ for part in causal.modules() if _STATES.search(type(part).__name__)), None):
        return f"state-space, convolution or linear-attention layers ({mixer}); {CHOOSE}"
    if any(name.rpartition(".")[2] in ("sinks", "attention_sink_bias") for name, _ in causal.named_parameters()):
        return f"attention sinks; {CHOOSE}"
    if not isinstance(getattr(getattr(causal, causal.base_model_prefix, None), "layers", None), nn.ModuleList):
        return f"its layers are not a list called layers; {CHOOSE}"
    return None


def training_fault(config: Any, strategy: str) -> str | None:  # noqa: ANN401
    """Return what of a configuration cannot train, or None.

    Args:
        config: of the model.
        strategy: lora, qlora or full.
    """
    for name in _DROPOUTS:
        if value := getattr(config, name, None):
            return f"attention dropout ({name} = {value:g}); set it to 0 in its config.json"
    if getattr(config, "output_router_logits", False):
        return (
            "a loss on its router (output_router_logits is true), which would not be added; set it to false in its "
            "config.json"
        )
    described = getattr(config, "quantization_config", None) or {}
    method = described.get("quant_method") if isinstance(described, dict) else described.quant_method
    if strategy == "full" and method not in (None, "fp8"):  # weights in FP8 are restored as they are loaded
        return f"its weights are quantised ({method}) and cannot train; strategy=lora, or the folder with whole weights"
    return None
