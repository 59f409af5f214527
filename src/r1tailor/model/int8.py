"""A model with int8 weights on disk: ``int8.safetensors`` holds weights, scales and what stays in fp32.

Linear layers and the embedding are int8 with one scale a row; norms, biases and routers stay as they are. A head that
is tied to the embedding is not stored again.
"""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel

from r1tailor.errors import CheckpointError, UserError
from r1tailor.kernels.int8 import Int8Embedding, Int8Linear, quantised
from r1tailor.model import load
from r1tailor.model.families import fused_experts

WEIGHTS = "int8.safetensors"
_SCALE = ".scale"


def save_int8(model: PreTrainedModel, folder: Path) -> None:
    """Write a model's weights as int8.

    Raises:
        UserError: it has experts that are fused parameters, which no linear layer holds.
    """
    if experts := fused_experts(model):
        raise UserError(f"dynamic_int8: routed experts are fused parameters here ({experts[0]}); gguf_q8_0 takes them")
    stored: dict[str, Tensor] = {}
    whole = {name for name, _ in _replaced(model)}
    for name, module in _replaced(model):
        if not _is_tied_head(model.config, name):
            weight, scale = quantised(_weight(module))
            stored |= {f"{name}.weight": weight, f"{name}{_SCALE}": scale}
            if isinstance(bias := getattr(module, "bias", None), Tensor):
                stored[f"{name}.bias"] = bias.detach().float().contiguous()
    for name, tensor in model.state_dict().items():
        if name.rpartition(".")[0] not in whole:
            stored[name] = tensor.detach().contiguous()
    save_file(stored, folder / WEIGHTS)


def load_int8(config: PreTrainedConfig, folder: Path) -> nn.Module:
    """Return the model that ``save_int8`` wrote, in evaluation mode, on the CPU.

    Args:
        config: of the model.
        folder: where its weights lie.

    Raises:
        CheckpointError: they are damaged or do not fit.
    """
    model = load.skeleton(config)
    try:
        stored = load_file(folder / WEIGHTS)
        replaced = [name for name, _ in _replaced(model)]
        for name, module in _replaced(model):
            _put(model, name, _layer(config, name, module, stored))
        stored = {name: tensor for name, tensor in stored.items() if name.rpartition(".")[0] not in replaced}
        own = {**dict(model.named_parameters()), **dict(model.named_buffers())}
        for name in [name for name in stored if name in own and own[name].is_meta]:
            _set(model, name, stored.pop(name))
    except (OSError, LookupError, RuntimeError, ValueError, TypeError, SafetensorError) as error:
        raise CheckpointError(f"{folder}: {WEIGHTS} does not fit this base model: {error}") from error
    _make_rotations(model, config)
    left = [name for name, tensor in (*model.named_parameters(), *model.named_buffers()) if tensor.is_meta]
    if left or stored:
        raise CheckpointError(f"{folder}: {WEIGHTS} does not fit this base model: {', '.join([*left, *stored][:3])}")
    model.requires_grad_(False)
    loaded: nn.Module = model.eval()
    return loaded


def _replaced(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """Return the layers whose weights become int8, the embedding first."""
    named = list(model.named_modules())
    embeddings = [(name, module) for name, module in named if type(module) is nn.Embedding]
    return embeddings + [(name, module) for name, module in named if type(module) is nn.Linear]


def _weight(layer: nn.Module) -> Tensor:
    assert isinstance(layer.weight, Tensor)
    return layer.weight


def _is_tied_head(config: PreTrainedConfig, name: str) -> bool:
    return name == "lm_head" and bool(config.tie_word_embeddings)


def _layer(config: PreTrainedConfig, name: str, like: nn.Module, stored: dict[str, Tensor]) -> nn.Module:
    if _is_tied_head(config, name):
        embedding = next(key.removesuffix(_SCALE) for key in stored if key.endswith(f"embed_tokens{_SCALE}"))
        return Int8Linear(stored[f"{embedding}.weight"], stored[f"{embedding}{_SCALE}"], None)
    weight, scale = stored[f"{name}.weight"], stored[f"{name}{_SCALE}"]
    wanted = _weight(like).shape
    if weight.dtype != torch.int8 or weight.shape != wanted or scale.shape != wanted[:1]:
        raise ValueError(f"{name} is {weight.dtype} {list(weight.shape)}, not int8 {list(wanted)}")
    if type(like) is nn.Embedding:
        return Int8Embedding(weight, scale)
    return Int8Linear(weight, scale, stored.get(f"{name}.bias"))


def _put(model: nn.Module, name: str, layer: nn.Module) -> None:
    above, _, last = name.rpartition(".")
    setattr(model.get_submodule(above), last, layer)


def _set(model: nn.Module, name: str, tensor: Tensor) -> None:
    above, _, last = name.rpartition(".")
    module = model.get_submodule(above)
    if last in module._parameters:
        setattr(module, last, nn.Parameter(tensor, requires_grad=False))
    else:
        module.register_buffer(last, tensor)


def _make_rotations(model: nn.Module, config: PreTrainedConfig) -> None:
    """Compute the frequencies of rotary embeddings, which no file holds."""
    for name, module in list(model.named_modules()):
        if any(buffer.is_meta for buffer in module._buffers.values() if buffer is not None):
            _put(model, name, type(module)(config=config))
