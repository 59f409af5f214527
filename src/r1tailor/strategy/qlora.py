"""Low-rank adapters over a base in 4 bits (QLoRA, Dettmers et al. 2023, arXiv:2305.14314).

The base's linear layers are rounded to nf4 as they are loaded, from their values in bf16, so that training, evaluation
and conversion see the same weights whatever precision they compute in. The adapters are those of ``lora.py``.
"""

from pathlib import Path

import torch
from transformers import PreTrainedConfig, PreTrainedModel

from r1tailor.errors import PreflightError
from r1tailor.kernels.four_bit import required
from r1tailor.model import load
from r1tailor.model.families import fused_experts
from r1tailor.model.four_bit import round_to_four_bits
from r1tailor.model.quantised import NF4, NF4_DOUBLE, Stored, stored
from r1tailor.schema.settings import Settings
from r1tailor.schema.training import QloraStrategy
from r1tailor.strategy.lora import Lora


class Qlora(Lora):
    """The adapters of one composition over a base in 4 bits."""

    def __init__(self, settings: QloraStrategy) -> None:
        super().__init__(settings)
        self._double = settings.double_quantisation

    def stored(self, config: PreTrainedConfig) -> Stored | None:
        """Return the form of the base's weights: that of a 4-bit folder, or nf4 as they are rounded here."""
        return _four_bits_of(config) or (NF4_DOUBLE if self._double else NF4)

    def check(self, skeleton: PreTrainedModel, examples: int) -> list[str]:
        """Resolve the targets; report what is adapted, what is in 4 bits, and what stays whole."""
        form = stored(skeleton.config)
        if form and form.bits is not None and _four_bits_of(skeleton.config) is None:
            raise PreflightError(
                f"strategy = qlora: the weights of this folder are {form.name} already; strategy=lora adapts them"
            )
        bits = self.stored(skeleton.config)
        assert bits is not None
        assert bits.bits is not None
        experts = fused_experts(skeleton)
        whole = f"; {len(experts)} fused parameters of routed experts stay whole" if experts else ""
        return [*super().check(skeleton, examples), f"the base in {bits.bits:.2f} bits a weight (nf4){whole}"]


def load_base(settings: Settings, root: Path, dtype: torch.dtype, *, mapped: bool = False) -> PreTrainedModel:
    """Return the base model that a composition trains or compares with: in 4 bits with strategy=qlora, else whole.

    Args:
        settings: the composition.
        root: the project's root, for relative local paths.
        dtype: of the products; frozen weights are loaded in it.
        mapped: whether whole weights stay in the mapped file (``model.load.load_model``).

    Raises:
        ModelUnavailableError: it cannot be had or read.
        ConfigError: bitsandbytes is needed and not installed.
    """
    wanted = settings.strategy
    if not isinstance(wanted, QloraStrategy) or _four_bits_of(load.load_config(settings.model, root)):
        return load.load_model(settings.model, root, dtype, settings.seed, mapped=mapped)
    required("strategy = qlora")

    def prepare(model: PreTrainedModel) -> None:
        round_to_four_bits(model, dtype, double=wanted.double_quantisation)

    return load.load_model(settings.model, root, torch.bfloat16, settings.seed, prepare)


def _four_bits_of(config: PreTrainedConfig) -> Stored | None:
    form = stored(config)
    return form if form and form.name.startswith("4-bit (bitsandbytes)") else None
