"""Is training and evaluating on packed rows exact for this model? Asked before any weight is read.

A model passes if its ``model_type`` with its flags is listed here (a test proves the list), or if a probe at toy size
(``model/probe.py``) finds packed rows equal to plain transformers. Everything else is refused in one line that names
what is not supported. The probe takes about a second; its outcome is kept by the toy's configuration and by the code
that it tried, so models that differ in their sizes alone share it.
"""

import hashlib
import json
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from transformers import PreTrainedConfig

from r1tailor import store
from r1tailor.errors import PreflightError
from r1tailor.kernels.attention import PACKED_ROWS, UnsupportedAttentionError
from r1tailor.model import load, probe
from r1tailor.model.architecture import CHOOSE, layers_fault, static_fault, training_fault
from r1tailor.model.toy import toy_config
from r1tailor.schema.settings import Settings

_PACKAGE = Path(__file__).parent.parent
_TRIED = ("kernels/*.py", "model/*.py", "batching/pack*.py", "batching/prefixes.py", "batching/wholes.py")
_DEPENDENCIES = ("transformers", "torch", "peft")
# model_type: the flags, besides sizes, in which a configuration may differ from its class's own.
_COMMON = frozenset(("tie_word_embeddings", "rope_parameters", "attention_bias", "mlp_bias"))
LISTED = {
    "llama": _COMMON,
    "qwen2": _COMMON,
    "qwen3": _COMMON,
    "deepseek_v3": _COMMON | {"q_lora_rank", "norm_topk_prob", "rope_interleave"},
}
_ROPES = ("default", "linear", "llama3", "yarn")
# fmt: off
_ROPE_KEYS = frozenset((
    "rope_type", "type", "rope_theta", "factor", "original_max_position_embeddings", "low_freq_factor",
    "high_freq_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "attention_factor",
))
_FREE = frozenset((
    # sizes
    "vocab_size", "hidden_size", "intermediate_size", "moe_intermediate_size", "num_hidden_layers",
    "num_attention_heads", "num_key_value_heads", "head_dim", "kv_lora_rank", "qk_rope_head_dim", "qk_nope_head_dim",
    "qk_head_dim", "v_head_dim", "max_position_embeddings", "n_routed_experts", "num_local_experts",
    "n_shared_experts", "num_experts_per_tok", "n_group", "topk_group", "first_k_dense_replace", "mlp_layer_types",
    "layer_types", "max_window_layers",
    # numbers that no kernel of ours holds
    "rms_norm_eps", "routed_scaling_factor", "initializer_range", "pretraining_tp",
    # what is no architecture
    "use_cache", "pad_token_id", "bos_token_id", "eos_token_id", "architectures", "dtype", "torch_dtype",
    "_name_or_path", "transformers_version", "_attn_implementation_internal",
    # what is asked about where a model is trained
    "attention_dropout", "output_router_logits", "quantization_config",
))
# fmt: on


def check(config: PreTrainedConfig, settings: Settings, *, training: bool = True) -> None:
    """Refuse a model for which packed rows are not exact.

    Args:
        config: of the model.
        settings: the composition; the length that the model reads decides whether a window or a rotary embedding's
            original length is crossed.
        training: False where the model is only asked.

    Raises:
        PreflightError: says what is not supported, and what can be done.
    """
    found = fault(config, settings.model.context_length)
    if training and not found:
        found = training_fault(config, settings.strategy.kind)
    if found:
        raise PreflightError(f"model {settings.model.name} ({config.model_type}) is not supported: {found}")


def fault(config: PreTrainedConfig, length: int) -> str | None:
    """Return why packed rows are not exact for a model, with what can be done, or None where they are.

    Args:
        config: of the model.
        length: the most tokens that it reads.
    """
    try:
        if found := static_fault(config, length):
            return found
        with load.quiet():
            toy = toy_config(config, length)
            found = layers_fault(toy)
    except Exception as error:  # the configuration of somebody else can cause any of them
        return f"{_brief(error)}; {CHOOSE}"
    if found or listed(config):
        return found
    return _kept(toy)


def listed(config: PreTrainedConfig) -> bool:
    """Whether a configuration differs from an architecture of the list in sizes and in flags of the list alone."""
    flags = LISTED.get(config.model_type)
    if flags is None:
        return False
    plain, known = type(config)(), vars(config)
    differing = {name for name, value in known.items() if value != getattr(plain, name, None)} - _FREE
    rope = getattr(config, "rope_parameters", None) or {}
    return differing <= flags and rope.get("rope_type", "default") in _ROPES and not rope.keys() - _ROPE_KEYS


def _kept(toy: PreTrainedConfig) -> str | None:
    """Return the outcome of the probe, from the cache where it is; a cache that cannot be written does no harm."""
    described = [type(toy).__name__, json.dumps(toy.to_dict(), sort_keys=True, default=str), _code()]
    path = store.cache_folder() / "gate" / f"{hashlib.sha256(json.dumps(described).encode()).hexdigest()}.json"
    with suppress(OSError, ValueError, LookupError, TypeError):
        kept: str | None = store.read_json(path)["fault"]
        return kept
    try:
        differing = probe.difference(toy)
        found = f"a packed row is not what plain transformers computes: {differing}; {CHOOSE}" if differing else None
    except UnsupportedAttentionError as error:
        found = f"{error}; {CHOOSE}"
    except Exception as error:  # of a model's own code: it may have been bad luck, and is not kept
        return f"{_brief(error)}; {CHOOSE}"
    with suppress(OSError):
        store.write_json(path, {"fault": found})
    return found


@cache
def _code() -> str:
    """Return the hash of what a probe tries: our operations, and the packages that they are compared with."""
    digest = hashlib.sha256(json.dumps([version(package) for package in _DEPENDENCIES]).encode())
    for pattern in _TRIED:
        for path in sorted(_PACKAGE.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _brief(error: Exception) -> str:
    said = " ".join(str(error).split())
    if isinstance(error, KeyError) and PACKED_ROWS in said:
        return "its attention cannot be exchanged: it is not called through transformers' AttentionInterface"
    if type(error).__name__ == "AmbiguousGlobalPerLayerAttributeError":
        return "its layers differ in size"
    return f"it cannot be tried at toy size ({type(error).__name__}: {said})"[:200]
