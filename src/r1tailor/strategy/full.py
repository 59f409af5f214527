"""Full weights: every parameter trains, from fp32 master copies."""

from contextlib import ExitStack
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import nn
from transformers import AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel

from r1tailor.errors import CheckpointError
from r1tailor.kernels.attention import PACKED_ROWS
from r1tailor.kernels.linear import patch_linears
from r1tailor.model.base import Base, Kind
from r1tailor.model.folder import fault
from r1tailor.model.quantised import Stored, stored
from r1tailor.schema.training import FullStrategy


class Full:
    """All weights of one composition."""

    kind: Kind = "full"

    def __init__(self, settings: FullStrategy) -> None:
        self.settings = settings

    def base_dtype(self, compute: torch.dtype) -> torch.dtype:
        """Return fp32: a step of 1e-5 would be lost in the rounding of bf16."""
        return torch.float32

    def stored(self, config: PreTrainedConfig) -> Stored | None:
        """Return the form of the base's weights, or None where they are whole."""
        return stored(config)

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
        patch_linears(model)
        trained: nn.Module = model
        return trained

    def restore(self, model: nn.Module, folder: Path) -> None:
        """Copy the saved weights into the model's own."""
        assert isinstance(model, PreTrainedModel)
        own = dict(model.named_parameters())
        with torch.no_grad():
            if not _copied(own, folder):
                for name, saved in load(model, folder).named_parameters():
                    own[name].copy_(saved)

    def save(self, model: nn.Module, folder: Path, base: Base) -> None:
        """Write ``config.json`` and ``model.safetensors`` (Hugging Face layout)."""
        assert isinstance(model, PreTrainedModel)
        model.save_pretrained(folder)


def _copied(own: dict[str, nn.Parameter], folder: Path) -> bool:
    """Copy weights out of mapped files, so that no second model is made; False where files do not hold them as such.

    What transformers converts when it loads (stacked experts) has other names in files.
    """
    if fault(folder):
        return False  # `load` says what it is
    with ExitStack() as opened:
        files = [opened.enter_context(safe_open(path, "pt")) for path in sorted(folder.glob("*.safetensors"))]
        places = {name: file for file in files for name in file.keys()}  # noqa: SIM118  (not a mapping)
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name, file in places.items()}
        if shapes != {name: tuple(parameter.shape) for name, parameter in own.items()}:
            return False
        for name, file in places.items():
            own[name].copy_(file.get_tensor(name))
    return True


def load(base: PreTrainedModel, folder: Path) -> nn.Module:
    """Return the model saved in a folder, in the base model's dtype; a key that does not fit is an error.

    Raises:
        CheckpointError: the folder holds no safetensors, or they are damaged or do not fit.
    """
    if not any(folder.glob("*.safetensors")):
        raise CheckpointError(f"{folder}: no *.safetensors in it")
    if why := fault(folder):
        raise CheckpointError(f"{folder}: {why}")
    try:
        loaded, info = AutoModelForCausalLM.from_pretrained(
            folder,
            config=base.config,
            dtype=base.dtype,
            attn_implementation=PACKED_ROWS,
            output_loading_info=True,
            use_safetensors=True,  # a pickle beside them is never read
            trust_remote_code=False,
        )
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, ValueError, OSError, LookupError, TypeError, AttributeError, SafetensorError) as error:
        raise CheckpointError(f"{folder}: the weights do not fit this base model: {error}") from error
    wrong = {what: sorted(map(str, keys)) for what, keys in info.items() if keys and what != "error_msgs"}
    if wrong:
        shown = "; ".join(f"{what}: {', '.join(keys[:3])}" for what, keys in wrong.items())
        raise CheckpointError(f"{folder}: the weights do not fit this base model: {shown}")
    tuned: nn.Module = loaded.eval()
    return tuned
