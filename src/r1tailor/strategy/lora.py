"""Low-rank adapters: the base stays frozen, two small matrices next to each target train.

W x + (alpha / r) B A x, with A of shape [r, in] and B of shape [out, r] (Hu et al. 2021, arXiv:2106.09685). Variants
and beginnings are peft's own; what peft computes with more than A and B (DoRA) is computed by peft.
"""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel

from r1tailor import store
from r1tailor.errors import CheckpointError, PreflightError
from r1tailor.kernels.lora_linear import patch_lora
from r1tailor.model.base import Base, Kind
from r1tailor.model.families import fused_experts, resolve_targets, target_modules, tied_head
from r1tailor.model.quantised import Stored, stored
from r1tailor.schema.training import MOVING, AdapterStrategy
from r1tailor.strategy.moved_base import has_moved, over_the_unchanged_base, remember_moved, taken_up, wide

# Fields of adapter_config.json that peft takes as regular expressions (one can take for ever); we never write them.
_PATTERNS = ("exclude_modules", "layers_pattern", "rank_pattern", "alpha_pattern")
_ALSO_EXPERTS = ("mlp", "all_linear")  # what routed experts are meant by, too
_WEIGHTS, _CONFIG = "adapter_model.safetensors", "adapter_config.json"
_FORM = ("r", "lora_alpha", "use_rslora", "use_dora")  # the same tensors mean something else where one of these differs


class Lora:
    """The adapters of one composition."""

    kind: Kind = "adapter"

    def __init__(self, settings: AdapterStrategy) -> None:
        self.settings = settings

    def base_dtype(self, compute: torch.dtype) -> torch.dtype:
        """Return the dtype of the products: frozen weights need no more precision than that."""
        return compute

    def stored(self, config: PreTrainedConfig) -> Stored | None:
        """Return the form of the base's weights, or None where they are whole."""
        return stored(config)

    def check(self, skeleton: PreTrainedModel, examples: int) -> list[str]:
        """Resolve the targets; report what is adapted, and what cannot be."""
        wanted = resolve_targets(skeleton, self.settings.target_modules)
        targets = target_modules(skeleton, self.settings.target_modules)
        if (head := tied_head(skeleton)) in targets:
            raise PreflightError(
                f"strategy.target_modules: {head} shares its weight with the embedding in this model, so adapters on "
                "it could not be merged or exported. Leave it out (all_linear adapts every other layer), or train it "
                "with strategy=full"
            )
        self._refuse_moving(skeleton, targets)
        said = [part for part in (self.settings.variant, self.settings.begins) if part not in ("plain", "default")]
        also = f" ({', '.join(dict.fromkeys(said))})" if said else ""
        remarks = [f"LoRA r={self.settings.r}{also} on {', '.join(targets)}"]
        experts, frozen = fused_experts(skeleton), [name for name in wanted if name not in targets]
        if experts and (frozen or self.settings.target_modules in _ALSO_EXPERTS):
            shape = {name: parameter.numel() for name, parameter in skeleton.named_parameters()}
            share = sum(shape[name] for name in experts) / sum(shape.values())
            also = f", and so do the dense and shared layers of the same names ({', '.join(frozen)})" if frozen else ""
            remarks.append(
                f"routed experts are fused parameters ({len(experts)} of them, {share:.0%} of the weights) and stay "
                f"frozen{also}"
            )
        return remarks

    def _refuse_moving(self, skeleton: PreTrainedModel, targets: list[str]) -> None:
        """Refuse to move a part of the base where it has no weights to decompose, or not that many."""
        if (begins := self.settings.begins) not in MOVING:
            return
        if form := self.stored(skeleton.config):
            raise PreflightError(f"strategy.init = {begins} changes the base's weights, and these are {form.name}")
        for name, module in skeleton.named_modules():
            if name.rpartition(".")[2] in targets and (least := min(module.weight.shape)) < self.settings.r:
                raise PreflightError(
                    f"strategy.init = {begins}: strategy.r = {self.settings.r} is more than {name} has singular values "
                    f"({least})"
                )

    def apply(self, model: PreTrainedModel) -> nn.Module:
        """Insert adapters; they alone require gradients, and are kept in fp32."""
        settings = self.settings
        planned = any(parameter.is_meta for parameter in model.parameters())  # there is nothing to decompose
        begins = "default" if planned else settings.begins
        config = LoraConfig(
            r=settings.r,
            lora_alpha=settings.alpha,
            lora_dropout=settings.dropout,
            target_modules=target_modules(model, settings.target_modules),
            task_type="CAUSAL_LM",
            use_rslora=settings.variant == "rslora",
            use_dora=settings.variant == "dora",
            init_lora_weights=True if begins == "default" else begins,
        )
        with warnings.catch_warnings():
            # peft asks for an attribute under the name it had before transformers renamed it.
            warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*", category=FutureWarning)
            adapted: nn.Module = get_peft_model(model, config, autocast_adapter_dtype=False)
        for parameter in adapted.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.float()
        if begins in MOVING:
            remember_moved(adapted)
        patch_lora(adapted)
        return adapted

    def restore(self, model: nn.Module, folder: Path) -> None:
        """Copy the saved adapters into the model's own."""
        own = {_saved_name(name): p for name, p in model.named_parameters() if p.requires_grad}
        try:
            _check(folder)
            saved = load_file(folder / _WEIGHTS)
            other = list(_differing(model, store.read_json(folder / _CONFIG)))
        except (ValueError, OSError, SafetensorError) as error:
            raise CheckpointError(f"{folder}: the adapters cannot be read: {error}") from error
        wrong = other or sorted(own.keys() ^ saved.keys())
        if not wrong and has_moved(model):
            saved = taken_up(model, saved)
        if wrong := wrong or [name for name in own if own[name].shape != saved[name].shape]:
            raise CheckpointError(f"{folder}: the adapters do not fit this composition: {', '.join(wrong[:3])}")
        with torch.no_grad():
            for name, parameter in own.items():
                parameter.copy_(saved[name])

    def save(self, model: nn.Module, folder: Path, base: Base) -> None:
        """Write ``adapter_model.safetensors`` and ``adapter_config.json`` (peft layout), the same bytes each time.

        The configuration names the base only where the hub has the very one that was trained on.
        """
        assert isinstance(model, PeftModel)
        model.peft_config["default"].base_model_name_or_path = base.reference
        model.peft_config["default"].revision = base.revision
        model.save_pretrained(folder, safe_serialization=True, save_embedding_layers=False)
        (folder / "README.md").unlink(missing_ok=True)  # peft's empty model card
        config = store.read_json(folder / _CONFIG)
        if has_moved(model):
            saved = load_file(folder / _WEIGHTS)
            over_the_unchanged_base(model, saved, config)
            save_file(saved, folder / _WEIGHTS, metadata={"format": "pt"})
        config["target_modules"].sort()  # a set for peft, written in another order by each process
        store.write_json(folder / _CONFIG, config)


def load(base: PreTrainedModel, folder: Path) -> nn.Module:
    """Return the base model with the adapters of a folder; a key that does not fit is an error.

    Of peft's warnings one is made an error: that of unknown fields of the configuration. The one of missing weights is
    replaced by a check that finds unexpected weights as well. All others concern neither and remain warnings.

    Raises:
        CheckpointError: the adapters are damaged, are not what ``Lora.save`` writes, or do not fit.
    """
    try:
        _check(folder)
        if (head := tied_head(base)) in store.read_json(folder / _CONFIG)["target_modules"]:
            raise ValueError(f"{head} shares its weight with the embedding, so adapters on it are not supported")
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="Unexpected keyword arguments", category=UserWarning)
            warnings.filterwarnings("ignore", message="Found missing adapter keys", category=UserWarning)
            warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*", category=FutureWarning)
            model: nn.Module = PeftModel.from_pretrained(base, folder, autocast_adapter_dtype=False)
        _check_keys(model, folder)
    except torch.OutOfMemoryError:
        raise
    except (UserWarning, RuntimeError, ValueError, OSError, LookupError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{folder}: the adapters do not fit this base model: {error}") from error
    except SafetensorError as error:
        raise CheckpointError(f"{folder}: {_WEIGHTS} cannot be read: {error}") from error
    return model.eval()


def _differing(model: nn.Module, config: dict[str, Any]) -> Iterator[str]:
    """Yield in what saved adapters differ from a model's own, other than in shape."""
    assert isinstance(model, PeftModel)
    own = {name: getattr(model.peft_config["default"], name) for name in _FORM}
    own |= wide(own) if has_moved(model) else {}
    for name, value in own.items():
        if (there := config.get(name, False)) != value:
            yield f"{name} is {there} there and {value} here"


def _saved_name(name: str) -> str:
    """Return the name that peft gives an adapter's weight in a file: without that of the adapter."""
    return name.replace("magnitude_vector.default.weight", "magnitude_vector").replace(".default.", ".")


def _check_keys(model: nn.Module, folder: Path) -> None:
    """Raise ValueError unless a file holds the weights of a model's adapters and nothing else."""
    own = {_saved_name(name) for name, _ in model.named_parameters() if ".lora_" in name}
    with safe_open(folder / _WEIGHTS, "pt") as file:
        saved = set(file.keys())
    if wrong := sorted(own ^ saved):
        raise ValueError(f"missing or unexpected weights: {', '.join(wrong[:3])}")


def _check(folder: Path) -> None:
    """Raise ValueError for what peft would read but ``Lora.save`` never writes."""
    if not (folder / _WEIGHTS).is_file():
        raise ValueError(f"it has no {_WEIGHTS}; adapters in any other format are not read")
    config = store.read_json(folder / _CONFIG)
    if not isinstance(config, dict) or config.get("peft_type") != "LORA":
        raise ValueError(f"{_CONFIG} is not one of LoRA adapters: peft_type must be LORA")
    names = config.get("target_modules")
    if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise ValueError(f"{_CONFIG}: target_modules = {names!r:.100}: must be a list of names")
    patterns = [key for key in _PATTERNS if config.get(key)]
    if patterns:
        raise ValueError(f"{_CONFIG}: {', '.join(patterns)} must be empty: patterns are not supported")
