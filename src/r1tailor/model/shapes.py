"""Published architectures of R1 and its distills, so that they can be planned where the hub cannot be reached.

Source: the ``config.json`` of each model on the hub; for R1 also table 1 and section 4.2 of the DeepSeek-V3
report (arXiv:2412.19437). Only what decides shapes is here. A test holds each of them to the number of parameters
in ``conf/model/*.yaml``.
"""

from typing import Any

from transformers import DeepseekV3Config, LlamaConfig, PreTrainedConfig, Qwen2Config, Qwen3Config

_R1 = {
    "hidden_size": 7168,
    "num_hidden_layers": 61,
    "num_attention_heads": 128,
    "num_key_value_heads": 128,
    "q_lora_rank": 1536,
    "kv_lora_rank": 512,
    "qk_rope_head_dim": 64,
    "qk_nope_head_dim": 128,
    "v_head_dim": 128,
    "intermediate_size": 18432,
    "moe_intermediate_size": 2048,
    "n_routed_experts": 256,
    "n_shared_experts": 1,
    "num_experts_per_tok": 8,
    "n_group": 8,
    "topk_group": 4,
    "first_k_dense_replace": 3,
    "vocab_size": 129280,
    "quantization_config": {"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128]},
}
# hub id: (class, hidden size, width of the MLP, layers, heads, key-value heads, vocabulary)
_DENSE: dict[str, tuple[type[PreTrainedConfig], int, int, int, int, int, int]] = {
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B": (Qwen2Config, 1536, 8960, 28, 12, 2, 151936),
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B": (Qwen2Config, 3584, 18944, 28, 28, 4, 152064),
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-14B": (Qwen2Config, 5120, 13824, 48, 40, 8, 152064),
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B": (Qwen2Config, 5120, 27648, 64, 40, 8, 152064),
    "deepseek-ai/DeepSeek-R1-Distill-Llama-8B": (LlamaConfig, 4096, 14336, 32, 32, 8, 128256),
    "deepseek-ai/DeepSeek-R1-Distill-Llama-70B": (LlamaConfig, 8192, 28672, 80, 64, 8, 128256),
    "deepseek-ai/DeepSeek-R1-0528-Qwen3-8B": (Qwen3Config, 4096, 12288, 36, 32, 8, 151936),
}


def published(hub_id: str) -> PreTrainedConfig | None:
    """Return the architecture of a hub model in its shapes, or None for one that is not listed here."""
    if hub_id in ("deepseek-ai/DeepSeek-R1", "deepseek-ai/DeepSeek-R1-0528"):
        return DeepseekV3Config(**_R1)
    if hub_id not in _DENSE:
        return None
    kind, hidden, width, layers, heads, kv_heads, vocabulary = _DENSE[hub_id]
    shapes: dict[str, Any] = {
        "hidden_size": hidden,
        "intermediate_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "head_dim": hidden // heads,
        "vocab_size": vocabulary,
        "tie_word_embeddings": False,
    }
    return kind(**shapes)
