"""The temporal encoder on disk: ``temporal.safetensors`` and ``temporal.json``, next to adapters or weights.

A file of others is data to be doubted: the shape is checked before anything of that size is made, and every name,
shape and dtype of the weights before one of them is read.
"""

from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from r1tailor import config_messages, store
from r1tailor.errors import CheckpointError
from r1tailor.kernels.attention import unwrapped
from r1tailor.model.temporal import EncoderShape, TemporalEncoder, attach

WEIGHTS, SHAPE = "temporal.safetensors", "temporal.json"
_DTYPE = "F32"  # the encoder's weights, in the words of safetensors


def save_encoder(encoder: TemporalEncoder, folder: Path) -> None:
    """Write an encoder's weights (fp32) and shape."""
    weights = {name: tensor.float().contiguous() for name, tensor in encoder.state_dict().items()}
    save_file(weights, folder / WEIGHTS)
    store.write_json(folder / SHAPE, encoder.shape.model_dump())


def attach_saved(model: nn.Module, folder: Path) -> None:
    """Attach the encoder that a folder holds to a language model, exactly as it was saved.

    Raises:
        CheckpointError: one of the two files is missing, damaged, or does not fit the other or the model.
    """
    missing = [name for name in (WEIGHTS, SHAPE) if not (folder / name).is_file()]
    try:
        if missing:
            raise ValueError(f"{WEIGHTS} and {SHAPE} belong together, and {' and '.join(missing)} is missing")
        encoder = _encoder(folder, unwrapped(model).get_input_embeddings().weight.shape[1])
        encoder.load_state_dict(load_file(folder / WEIGHTS))
        _refuse_what_is_not_finite(encoder)
    except torch.OutOfMemoryError:
        raise
    except (ValueError, OSError, LookupError, TypeError, RuntimeError, RecursionError, SafetensorError) as error:
        raise CheckpointError(f"{folder}: the temporal encoder does not fit this base model: {error}") from error
    attach(model, encoder.train(model.training))


def _encoder(folder: Path, embedding: int) -> TemporalEncoder:
    """Return an encoder without its weights, once the files are known to hold them.

    Raises:
        ValueError: they do not.
    """
    try:
        shape = EncoderShape.model_validate(store.read_json(folder / SHAPE))
    except ValidationError as error:
        raise ValueError(f"{SHAPE}: {config_messages.first(error)}") from None
    if shape.embedding != embedding:
        raise ValueError(f"{SHAPE}: embedding = {shape.embedding}; the model's is {embedding}")
    with torch.device("meta"):
        encoder = TemporalEncoder(shape)
    wanted = {name: (_DTYPE, list(tensor.shape)) for name, tensor in encoder.state_dict().items()}
    with safe_open(folder / WEIGHTS, "pt") as weights:
        parts = {name: weights.get_slice(name) for name in weights.keys()}  # noqa: SIM118  (no mapping)
        found = {name: (part.get_dtype(), part.get_shape()) for name, part in parts.items()}
    wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if wrong:
        raise ValueError(f"{WEIGHTS}: {wrong[0]} is {_said(found, wrong[0])}, not {_said(wanted, wrong[0])}")
    return encoder.to_empty(device="cpu")


def _said(weights: dict[str, tuple[str, list[int]]], name: str) -> str:
    return f"{weights[name][0]} {weights[name][1]}" if name in weights else "no weight"


def _refuse_what_is_not_finite(encoder: TemporalEncoder) -> None:
    for name, tensor in encoder.state_dict().items():
        if not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"{WEIGHTS}: {name} is not finite")
