"""Full weights: every parameter trains, from fp32 master copies."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from transformers import PreTrainedModel

from r1tailor.errors import CheckpointError
from r1tailor.schema import FullStrategy


class Full:
    """All weights of one composition."""

    def __init__(self, settings: FullStrategy) -> None:
        self.settings = settings

    def base_dtype(self, compute: torch.dtype) -> torch.dtype:
        """Return fp32: a step of 1e-5 would be lost in the rounding of bf16."""
        return torch.float32

    def check(self, skeleton: PreTrainedModel, examples: int) -> list[str]:
        """Say how much trains, and warn when there is little data for it."""
        parameters = sum(parameter.numel() for parameter in skeleton.parameters())
        remarks = [f"full weights: {parameters:,} parameters train"]
        if examples < self.settings.recommended_examples:
            remarks.append(
                f"warning: {examples:,} training examples for {parameters:,} weights; full fine-tuning is recommended "
                f"from {self.settings.recommended_examples:,} examples on; strategy=lora needs fewer"
            )
        return remarks

    def apply(self, model: PreTrainedModel) -> nn.Module:
        """Return the model with gradients everywhere."""
        model.requires_grad_(True)
        trained: nn.Module = model
        return trained

    def save(self, model: nn.Module, folder: Path, base_id: str) -> None:
        """Write ``config.json`` and ``model.safetensors`` (Hugging Face layout)."""
        assert isinstance(model, PreTrainedModel)
        model.save_pretrained(folder)


def load(base: PreTrainedModel, folder: Path) -> nn.Module:
    """Return the base model with its weights replaced by a folder's; a key that does not fit is an error."""
    shards = sorted(folder.glob("*.safetensors"))
    if not shards:
        raise CheckpointError(f"{folder}: no *.safetensors in it")
    saved = {name: tensor for shard in shards for name, tensor in load_file(shard).items()}
    if base.config.tie_word_embeddings and "lm_head.weight" not in saved:
        saved["lm_head.weight"] = saved.get("model.embed_tokens.weight", torch.empty(0))
    try:
        base.load_state_dict(saved, strict=True)
    except RuntimeError as error:
        raise CheckpointError(f"{folder}: the weights do not fit this base model: {error}") from error
    restored: nn.Module = base.eval()
    return restored
