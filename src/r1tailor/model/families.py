"""The architectures of the family: what their projections are called, and their toy-size versions."""

import json
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch import nn
from transformers import (
    DeepseekV3Config,
    LlamaConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
)

from r1tailor.errors import PreflightError
from r1tailor.schema.model import RandomModel

# Leaf names of linear layers by role, over every architecture that transformers names them in.
_QUERY_KEY_VALUE = (
    *("q_proj", "k_proj", "v_proj"),  # Llama, Qwen2, Qwen3, Mistral
    *("q_a_proj", "q_b_proj", "kv_a_proj_with_mqa", "kv_b_proj"),  # DeepSeek-V3's latent attention
    *("query_key_value", "qkv_proj", "Wqkv", "c_attn"),  # fused: Falcon, GPT-NeoX, BLOOM, Phi-3, MPT, GPT-2
)
_ATTENTION_OUTPUT = ("o_proj", "out_proj")
_MLP = ("gate_proj", "up_proj", "down_proj", "gate_up_proj", "fc1", "fc2", "dense_h_to_4h", "dense_4h_to_h")
_FUSED_AWAY = ("gate_proj", "up_proj", "down_proj")  # of mixture-of-experts models whose experts are fused
SEMANTIC_TARGETS = ("query_key_value", "attention", "mlp", "all_linear")

# The chat format of DeepSeek-R1 (model card and tokenizer_config.json of deepseek-ai/DeepSeek-R1), in short.
DEEPSEEK_CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ message['content'] }}"
    "{% elif message['role'] == 'user' %}{{ '<｜User｜>' + message['content'] }}"
    "{% else %}{{ '<｜Assistant｜>' + message['content'].split('</think>')[-1] + eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<｜Assistant｜><think>\n' }}{% endif %}"
)
# The turns of Gemma 3 (model card and tokenizer_config.json of google/gemma-3-270m-it): a system turn opens the first
# user's turn.
GEMMA_CHAT_TEMPLATE = (
    "{{ bos_token }}{% set opening = namespace(text='') %}{% for message in messages %}"
    "{% if message['role'] == 'system' %}{% set opening.text = message['content'] + '\n\n' %}"
    "{% else %}{{ '<start_of_turn>' + ('model' if message['role'] == 'assistant' else message['role']) + '\n' "
    "+ opening.text + message['content'] | trim + '<end_of_turn>\n' }}{% set opening.text = '' %}"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
CHAT_TEMPLATES = {"deepseek": DEEPSEEK_CHAT_TEMPLATE, "gemma": GEMMA_CHAT_TEMPLATE}
_BEGIN, _END = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"
DEEPSEEK_MARKS = ("<｜User｜>", "<｜Assistant｜>", "<think>", "</think>")
_DEEPSEEK_TOKENS = (_BEGIN, _END, "<｜▁pad▁｜>", *DEEPSEEK_MARKS)


def resolve_targets(model: nn.Module, wanted: str | tuple[str, ...]) -> list[str]:
    """Return the leaf names of the linear layers that a target names.

    Args:
        model: a causal language model; its parameters may be on the meta device.
        wanted: one of ``SEMANTIC_TARGETS``, one module name, or several.

    Raises:
        PreflightError: something matches nothing; lists the linear layers there are.
    """
    present = _linear_leaves(model)
    match wanted:
        case "query_key_value":
            found = [name for name in present if name in _QUERY_KEY_VALUE]
        case "attention":
            found = [name for name in present if name in (*_QUERY_KEY_VALUE, *_ATTENTION_OUTPUT)]
        case "mlp":
            found = [name for name in present if name in _MLP]
        case "all_linear":
            found = [name for name in present if name not in ("lm_head", tied_head(model))]
        case _:
            return _explicit((wanted,) if isinstance(wanted, str) else wanted, present)
    if not found:
        experts = " Its routed experts are fused parameters, which train with strategy=full." * bool(
            fused_experts(model)
        )
        raise PreflightError(
            f"strategy.target_modules = {wanted}: this model has no such layers.{experts} {_there_are(present)}"
        )
    return found


def target_modules(model: nn.Module, wanted: str | tuple[str, ...]) -> list[str]:
    """Return the leaf names to hand to peft.

    Where routed experts are fused into 3-D parameters (DeepSeek-V3), peft takes the names of their former
    linear layers to mean those parameters, whatever layer they stand for, and cannot drop out on them. Such
    names are left out; what is left out stays frozen.

    Raises:
        PreflightError: nothing is left, or nothing matched.
    """
    leaves = resolve_targets(model, wanted)
    if not fused_experts(model):
        return leaves
    left = [name for name in leaves if name not in _FUSED_AWAY]
    if not left:
        raise PreflightError(
            f"strategy.target_modules = {wanted}: this model's experts are fused parameters, and adapters cannot reach "
            f"{', '.join(_FUSED_AWAY)} next to them. Choose query_key_value or attention, or strategy=full"
        )
    return left


def fused_experts(model: nn.Module) -> list[str]:
    """Return the names of routed experts' fused 3-D parameters, which linear adapters cannot reach."""
    return [name for name, parameter in model.named_parameters() if ".experts." in name and parameter.ndim == 3]


def tied_head(model: nn.Module) -> str | None:
    """Return the leaf name of a head that shares its weight with the embedding, or None."""
    if not isinstance(model, PreTrainedModel):
        return None
    head, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    if head is None or head.weight is not embedding.weight:
        return None
    name: str = next(name for name, module in model.named_modules() if module is head)
    return name.rpartition(".")[2]


def tiny_config(settings: RandomModel) -> PreTrainedConfig:
    """Return a toy-size configuration of a real architecture over its tokenizer's vocabulary."""
    hidden = settings.hidden_size
    common: dict[str, Any] = {
        "vocab_size": settings.tokenizer.vocabulary if settings.tokenizer else 256 + len(_DEEPSEEK_TOKENS) + 1,
        "hidden_size": hidden,
        "intermediate_size": 2 * hidden,
        "num_hidden_layers": settings.layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": settings.context_length,
        "tie_word_embeddings": False,
    }
    match settings.architecture:
        case "llama":
            return LlamaConfig(**common)
        case "qwen2":
            return Qwen2Config(**common)
        case "deepseek_v3":
            latent = {
                "q_lora_rank": 16,
                "kv_lora_rank": 16,
                "qk_nope_head_dim": 8,
                "qk_rope_head_dim": 8,
                "v_head_dim": 8,
            }
            experts = {"n_routed_experts": 4, "n_shared_experts": 1, "num_experts_per_tok": 2, "n_group": 2}
            more = {"topk_group": 1, "first_k_dense_replace": 1, "moe_intermediate_size": hidden}
            return DeepseekV3Config(**(common | {"num_key_value_heads": 4} | latent | experts | more))


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer of 256 bytes and DeepSeek's special tokens, built in memory."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {symbol: number for number, symbol in enumerate(alphabet)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(_DEEPSEEK_TOKENS[:5]))
    tokenizer.add_tokens(list(_DEEPSEEK_TOKENS[5:]))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=_BEGIN, eos_token=_END, pad_token=_DEEPSEEK_TOKENS[2]
    )


def _linear_leaves(model: nn.Module) -> list[str]:
    """Return the distinct last names of a model's linear layers, in order of appearance."""
    named = [name.rpartition(".")[2] for name, module in model.named_modules() if _is_linear(module)]
    return list(dict.fromkeys(named))


def _is_linear(module: nn.Module) -> bool:
    return isinstance(module, nn.Linear) or type(module).__name__ == "Conv1D"  # GPT-2's transposed linear


def _explicit(wanted: tuple[str, ...], present: list[str]) -> list[str]:
    unknown = [name for name in wanted if name not in present]
    if unknown:
        names = json.dumps(unknown if len(unknown) > 1 else unknown[0])
        raise PreflightError(
            f"strategy.target_modules: no linear layer is called {names}. {_there_are(present)} "
            f"Or one of {', '.join(SEMANTIC_TARGETS)}."
        )
    return list(wanted)


def _there_are(present: list[str]) -> str:
    return f"This model's linear layers: {', '.join(present)}."
