"""Architectures and flags that users bring, from transformers' own configuration classes, and what the gate says.

``python -m tests.support.architectures`` writes the tables of the documentation; a test holds them against the gate.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from transformers import AutoConfig, PreTrainedConfig

from r1tailor.model import gate
from r1tailor.model.architecture import CHOOSE, training_fault

ROOT = Path(__file__).parents[2]
PAGES = {language: ROOT / "docs" / language / "architectures.md" for language in ("en", "zh")}
BEGIN, END = "<!-- architectures: generated -->\n", "<!-- end -->\n"
_HEADS = {
    "en": ("architecture and flags", "`model_type`", "verdict", "why"),
    "zh": ("架构与选项", "`model_type`", "结论", "原因"),
}
_VERDICTS = {"en": ("exact", "refused"), "zh": ("精确", "拒绝")}


@dataclass(frozen=True, eq=False)
class Case:
    """One row of the table.

    Attributes:
        title: what users know it by, and the flags.
        model_type: transformers' name of it.
        flags: that differ from the class's own.
        refused: words of the reason for which it is refused; empty where it is exact.
        length: the most tokens that the model reads.
        strategy: of training.
    """

    title: str
    model_type: str
    flags: dict[str, Any] = field(default_factory=dict)
    refused: str = ""
    length: int = 8192
    strategy: str = "lora"

    def config(self) -> PreTrainedConfig:
        """Return the configuration at its real size."""
        config: PreTrainedConfig = AutoConfig.for_model(self.model_type, **self.flags)
        return config

    def found(self) -> str | None:
        """Return why it is refused, None where it is exact; the probe is asked even about what is listed."""
        config = self.config()
        with mock.patch.dict(gate.LISTED, clear=True):
            return gate.fault(config, self.length) or training_fault(config, self.strategy)


def rope(kind: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"rope_parameters": {"rope_type": kind, "rope_theta": 10000.0, **more}}


_LLAMA3 = rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192)
_YARN = rope("yarn", factor=4.0, original_max_position_embeddings=4096)
_SHORT_LONG = {"short_factor": [1.0] * 48, "long_factor": [2.0] * 48, "original_max_position_embeddings": 4096}
_LONGROPE = {
    "max_position_embeddings": 131072,
    "original_max_position_embeddings": 4096,
    **rope("longrope", **_SHORT_LONG),
}
_WINDOWED = {"use_sliding_window": True, "sliding_window": 4096, "max_window_layers": 14}
_OWN_HEADS = {"num_key_value_heads": 8, "head_dim": 128}
# fmt: off
CASES = (
    Case("Llama 3, R1-Distill-Llama: RoPE of type llama3", "llama", _LLAMA3 | {"num_key_value_heads": 8}),
    Case("SmolLM2: tied embeddings", "llama", {"tie_word_embeddings": True, "num_key_value_heads": 8}),
    Case("Llama, biases in attention and MLP", "llama", {"attention_bias": True, "mlp_bias": True}),
    Case("Llama, one key-value head", "llama", {"num_key_value_heads": 1}),
    Case("Llama, linear RoPE scaling", "llama", rope("linear", factor=4.0)),
    Case("Llama, YaRN", "llama", _YARN),
    Case("Llama, heads wider than the hidden states", "llama", {"head_dim": 256}),
    Case("Qwen2, R1-Distill-Qwen", "qwen2", {"num_key_value_heads": 4}),
    Case("Qwen2, sliding windows in half of the layers", "qwen2", {**_WINDOWED, "num_key_value_heads": 4}),
    Case("Qwen3, R1-0528-Qwen3: norms of queries and keys", "qwen3", {"num_key_value_heads": 8}),
    Case("Qwen3, sliding windows in half of the layers", "qwen3", {**_WINDOWED, "num_key_value_heads": 8}),
    Case("Qwen2-MoE", "qwen2_moe"),
    Case("Qwen3-MoE", "qwen3_moe"),
    Case("DeepSeek-V3, R1: latent attention, experts, YaRN", "deepseek_v3", rope("yarn", **{
        "factor": 40.0, "original_max_position_embeddings": 4096, "mscale": 1.0, "mscale_all_dim": 1.0,
    })),
    Case("Moonlight: DeepSeek-V3 without compressed queries", "deepseek_v3", {"q_lora_rank": None}),
    Case("DeepSeek-V2: routing by groups", "deepseek_v2", {
        "num_experts_per_tok": 6, "topk_method": "group_limited_greedy", "n_group": 8, "topk_group": 3,
    }),
    Case("Mistral 0.1: sliding window in every layer", "mistral", {"sliding_window": 4096}),
    Case("Mistral 0.3: no window", "mistral", {"sliding_window": None}),
    Case("Ministral 3: queries scaled by position", "ministral3"),
    Case("Mixtral", "mixtral"),
    Case("Gemma: scaled embeddings", "gemma"),
    Case("Gemma 3 (text): windows in five of six layers, two rotary embeddings", "gemma3_text"),
    Case("Gemma 3 (text) with a soft cap on the logits", "gemma3_text", {"final_logit_softcapping": 30.0}),
    Case("Phi-2: partial rotary embedding, bias in the head", "phi", {"num_key_value_heads": None}),
    Case("Phi-3: fused projections, sliding window", "phi3", {"sliding_window": 2047, "num_key_value_heads": None}),
    Case("Phi-3 128k: longrope, within the original length", "phi3", _LONGROPE, length=4096),
    Case("Cohere: logit scale, parallel blocks", "cohere"),
    Case("Cohere 2: windows in three of four layers", "cohere2"),
    Case("Granite: scaled embeddings, attention, residuals and logits", "granite", {
        "logits_scaling": 8.0, "residual_multiplier": 0.22, "embedding_multiplier": 12.0,
        "attention_multiplier": 0.015,
    }),
    Case("Granite-MoE", "granitemoe", {"logits_scaling": 8.0}),
    Case("Granite 4 dense: every layer is attention", "granitemoehybrid", {
        "layer_types": ["attention"] * 32, "num_local_experts": 0,
    }),
    Case("MiniCPM 3: scaled logits", "minicpm3"),
    Case("GLM", "glm"),
    Case("GLM-4", "glm4"),
    Case("GLM-4.5: experts, partial rotary embedding", "glm4_moe"),
    Case("GPT-NeoX, Pythia: parallel blocks", "gpt_neox"),
    Case("GPT-NeoX, blocks one after the other", "gpt_neox", {"use_parallel_residual": False}),
    Case("OLMo", "olmo"),
    Case("OLMo 2", "olmo2"),
    Case("OLMo 3: windows in three of four layers", "olmo3"),
    Case("OLMoE", "olmoe"),
    Case("StarCoder 2: biases, sliding window", "starcoder2", {"sliding_window": 4096}),
    Case("SmolLM3: layers without rotary embedding", "smollm3"),
    Case("EXAONE 4: windows in three of four layers", "exaone4", {"sliding_window": 4096}),
    Case("ERNIE 4.5", "ernie4_5"),
    Case("ERNIE 4.5-MoE", "ernie4_5_moe"),
    Case("Seed-OSS, attention dropout set to 0", "seed_oss", {"attention_dropout": 0.0}),
    Case("InternLM 3", "internlm3"),
    Case("Helium", "helium"),
    Case("Apertus", "apertus"),
    Case("Hunyuan", "hunyuan_v1_dense", {**_OWN_HEADS, **rope("default")}),
    Case("Llama, attention dropout", "llama", {"attention_dropout": 0.1}, "dropout (attention_dropout = 0.1)"),
    Case("Llama, dynamic RoPE beyond the original length", "llama", rope("dynamic", factor=4.0), "dynamic depends on"),
    Case("Phi-3 128k: longrope beyond the original length", "phi3", _LONGROPE, "longrope depends on"),
    Case("Llama in 4 bits, full weights", "llama", {
        "quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True},
    }, "quantised (bitsandbytes)", strategy="full"),
    Case("Mixtral with a router loss", "mixtral", {"output_router_logits": True}, "a loss on its router"),
    Case("OLMo, clipped projections", "olmo", {"clip_qkv": 8.0}, "clip_qkv = 8"),
    Case("StableLM", "stablelm", {}, "does not hand on"),
    Case("Nemotron", "nemotron", _OWN_HEADS, "does not hand on"),
    Case("Gemma 2", "gemma2", {}, "attention soft caps"),
    Case("gpt-oss", "gpt_oss", {}, "attention sinks"),
    Case("Llama 4 (text)", "llama4_text", {}, "chunked_attention"),
    Case("DeepSeek-V3.2", "deepseek_v32", {}, "indexed_attention"),
    Case("Gemma 3 with its vision model", "gemma3", {}, "consists of several models"),
    Case("Gemma 3n (text)", "gemma3n_text", {}, "intermediate_size is a list"),
    Case("Falcon with ALiBi", "falcon", {"alibi": True}, "ALiBi"),
    Case("Falcon with RoPE", "falcon", {}, "cannot be exchanged"),
    Case("GPT-Neo: local attention", "gpt_neo", {}, "window_size = 256"),
    Case("BLOOM", "bloom", {}, "ALiBi"),
    Case("MPT", "mpt", {}, "ALiBi"),
    Case("GPT-2", "gpt2", {}, "not a list called layers"),
    Case("OPT", "opt", {}, "not a list called layers"),
    Case("Qwen3-Next", "qwen3_next", {}, "linear_attention"),
    Case("Qwen3.5 (text)", "qwen3_5_text", {}, "linear_attention"),
    Case("MiniMax", "minimax", {}, "linear_attention"),
    Case("Jamba", "jamba", {}, "linear_attention"),
    Case("Bamba", "bamba", {}, "linear_attention"),
    Case("Granite 4 with state-space layers", "granitemoehybrid", {}, "linear-attention layers"),
    Case("Mamba", "mamba", {}, "linear_attention"),
    Case("LFM2", "lfm2", {"layer_types": ["conv", "full_attention"] * 16}, "conv"),
    Case("RecurrentGemma", "recurrent_gemma", {}, "linear-attention layers"),
    Case("RWKV", "rwkv", {}, "no attention heads"),
    Case("BART", "bart", {}, "an encoder and a decoder"),
    Case("BERT", "bert", {}, "not a list called layers"),
)
# fmt: on


def table(found: dict[Case, str | None], language: str) -> str:
    """Return the table of the documentation, in one language; the gate's reasons are its own words."""
    exact, refused = _VERDICTS[language]
    rows = [
        (case.title, f"`{case.model_type}`", refused if why else exact, (why or "").removesuffix(f"; {CHOOSE}"))
        for case, why in found.items()
    ]
    lines = [_HEADS[language], ("---",) * 4, *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def on_page(language: str) -> str:
    """Return the table that stands in the documentation."""
    return PAGES[language].read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def _write() -> None:
    found = {case: case.found() for case in CASES}
    for language, page in PAGES.items():
        before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
        page.write_text(before + BEGIN + table(found, language) + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    _write()
