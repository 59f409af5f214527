"""Is a packed row, computed by our operations, what plain transformers computes one example at a time?"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import DeepseekV3Config, LlamaConfig, PreTrainedConfig, Qwen2Config, Qwen3Config

from r1tailor.batching.packing import Segment, pack
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.kernels import attention
from r1tailor.kernels.row_attention import attend_to_row
from r1tailor.model import probe
from r1tailor.model.toy import VOCABULARY
from r1tailor.objective.supervised import summed_loss
from tests.device.sizes import Sizes

_SHARED = {
    "hidden_size": 64, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
    "vocab_size": VOCABULARY, "pad_token_id": 0,
}  # fmt: skip
_FAMILY: dict[str, PreTrainedConfig] = {
    "llama": LlamaConfig(**_SHARED, num_key_value_heads=2),
    "qwen2": Qwen2Config(**_SHARED, num_key_value_heads=2),
    "qwen3": Qwen3Config(**_SHARED, num_key_value_heads=2, head_dim=16),
    "deepseek_v3": DeepseekV3Config(
        **_SHARED, num_key_value_heads=4, moe_intermediate_size=24, n_routed_experts=4, num_experts_per_tok=2,
        n_group=2, topk_group=1, n_shared_experts=1, first_k_dense_replace=1, q_lora_rank=16, kv_lora_rank=16,
        qk_nope_head_dim=8, qk_rope_head_dim=8, v_head_dim=8,
    ),
}  # fmt: skip


def packed_rows(sizes: Sizes) -> dict[str, Any]:
    """Return by how much of its size the loss, and the gradient that differs most, are off, in fp32 and in bf16.

    What bf16 itself rounds away is told too: plain transformers in bf16 against plain transformers in fp32.
    """
    return {
        f"{name} {kind} {precision}": off
        for name, config in _FAMILY.items()
        for kind, model in _models(config, sizes.device).items()
        for precision, off in _differences(model, sizes.device).items()
    }


def _models(config: PreTrainedConfig, device: torch.device) -> dict[str, nn.Module]:
    plain = probe._plain(config)
    return {"full": plain.to(device), "lora": probe._adapted(plain).to(device)}


def _differences(plain: nn.Module, device: torch.device) -> dict[str, Any]:
    rows, packed = probe._examples(), probe._packed(plain)
    exact = _plainly(plain, rows, device, torch.float32)
    return {
        "fp32": _off(exact, _in_rows(packed, rows, device, torch.float32)),
        "bf16": _off(exact, _in_rows(packed, rows, device, torch.bfloat16)),
        "bf16 plain": _off(exact, _plainly(plain, rows, device, torch.bfloat16)),
    }


_Rows = list[list[TokenizedExample]]
_Outcome = tuple[Tensor, dict[str, Tensor]]


def _plainly(model: nn.Module, rows: _Rows, device: torch.device, dtype: torch.dtype) -> _Outcome:
    with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
        total = torch.zeros((), device=device)
        for example in (example for row in rows for example in row):
            ids = torch.tensor([example.read], device=device)
            logits = model(input_ids=ids, use_cache=False).logits[0, len(example.prompt) - 1 :]
            labels = torch.tensor(example.response, device=device)
            total = total + F.cross_entropy(logits.float(), labels, reduction="sum")
    return probe._with_gradients(model, total)


def _in_rows(model: nn.Module, rows: _Rows, device: torch.device, dtype: torch.dtype) -> _Outcome:
    with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
        micros = [micro.to(device) for row in rows for micro in pack(row, 1_000, 0)]
        total = torch.stack([summed_loss(model, micro, 0.0) for micro in micros]).sum()
    return probe._with_gradients(model, total)


def _off(expected: _Outcome, found: _Outcome) -> dict[str, float]:
    (loss, gradients), (other, others) = expected, found
    least = 1e-2 * max(float(gradient.norm()) for gradient in gradients.values())
    zero = loss.new_zeros(())
    worst = max(
        float((gradients.get(name, zero) - others.get(name, zero)).norm())
        / max(float(gradients.get(name, zero).norm()), least)
        for name in gradients.keys() | others.keys()
    )
    return {"loss": float((loss - other).abs() / loss.abs()), "gradient": worst}


def row_attention(sizes: Sizes) -> dict[str, Any]:
    """Return the largest difference of the fused attention over a row from attention segment by segment."""
    segments = (Segment(1, 140, ()), Segment(1, 20, (0,)), Segment(3, 30, (0, 1)), Segment(2, 150, (0,)))
    length = sum(part.examples * part.width for part in segments) + 6
    found: dict[str, Any] = {}
    for window in (None, 64):
        learns = sizes.device.type == "cuda"  # on a CPU torch computes no gradient of it
        query, key, value = (
            torch.randn(1, heads, length, 32, device=sizes.device, requires_grad=learns) for heads in (4, 2, 2)
        )
        fused = attend_to_row(query, key, value, segments, 0.2, window)[:, : length - 6]
        whole = attention.by_segments(query, key, value, segments, 0.2, window)
        plain = whole[:, : length - 6]
        found[f"window {window}"] = {"output": float((fused - plain).abs().max())}
        if learns:
            gradients = [torch.autograd.grad(each.sin().sum(), (query, key, value)) for each in (fused, plain)]
            off = max(float((one - two).abs().max()) for one, two in zip(*gradients, strict=True))
            found[f"window {window}"]["gradient"] = off
    return found
