"""One optimizer step over fake tensors, which have shapes and no memory, so that its bytes can be counted.

The step is that of the real strategy, loss and optimizer; every storage that it allocates and frees is added up, for
a model with few layers and for one with one layer more. As layers are alike, the rest follows.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from weakref import finalize

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import PreTrainedConfig

from r1tailor.batching.packing import MicroBatch, Segment
from r1tailor.batching.windows import Windows
from r1tailor.kernels import attention, short_attention
from r1tailor.kernels.recompute import recompute_layers
from r1tailor.model import load, shapes, temporal
from r1tailor.model.depth import cut_config, students_layers
from r1tailor.model.quantised import saved_bytes, stored
from r1tailor.objective.supervised import summed_loss
from r1tailor.optimization import optimizer
from r1tailor.planning.precision import compute_dtype
from r1tailor.schema.model import HubModel
from r1tailor.schema.settings import Settings
from r1tailor.strategy import open_strategy

_SUPERVISED = 256  # positions: a block of the loss (objective/supervised.py)


@dataclass(frozen=True)
class Row:
    """One packed micro-batch: ``shared`` positions that all examples begin with, then examples of ``width`` each.

    Where examples carry windows, ``window`` is their shape (T, C), and each example has one of its own.
    """

    positions: int
    width: int
    shared: int = 0
    window: tuple[int, int] | None = None

    def micro_batch(self, soft_tokens: int = 0) -> MicroBatch:
        """Return the row in its shapes, with few supervised positions.

        The loss works block by block, so more of them take time here and hardly memory (below 1 %).

        Args:
            soft_tokens: how many a window becomes.
        """
        examples = max(1, (self.positions - self.shared) // self.width)
        shared = (Segment(1, self.shared, ()),) if self.shared else ()
        segments = (*shared, Segment(examples, self.width, (0,) if self.shared else ()))
        length = max(self.positions, self.shared + examples * self.width)
        ids = torch.zeros(1, length, dtype=torch.long)
        each = torch.zeros(min(_SUPERVISED, examples * self.width), dtype=torch.long)
        row = MicroBatch(ids, ids, segments, each, each, each, tuple(range(examples)))
        return row if self.window is None else replace(row, windows=self._windows(examples, soft_tokens))

    def _windows(self, examples: int, soft_tokens: int) -> Windows:
        assert self.window is not None
        taken = min(soft_tokens, self.width)
        positions = self.shared + self.width * torch.arange(examples)[:, None] + torch.arange(taken)
        sources, offsets = (
            index.reshape(-1) for index in torch.meshgrid(torch.arange(examples), torch.arange(taken), indexing="ij")
        )
        return Windows(torch.zeros(examples, *self.window), positions.reshape(-1), sources, offsets)


def rehearse(settings: Settings, root: Path, row: Row, *, accumulates: bool) -> dict[str, int]:
    """Return the bytes of one optimizer step over the undivided model: its parts, and its peaks.

    Args:
        settings: the composition.
        root: the project's root, for local models.
        row: the micro-batch.
        accumulates: whether gradients of earlier micro-batches are there already.
    """
    few, more, layers = _layers(architecture(settings, root))
    small, larger = (_one_step(settings, config, row, accumulates=accumulates) for config in (few, more))
    extra = layers - few.num_hidden_layers
    return {name: small[name] + extra * (larger[name] - small[name]) for name in small}


def architecture(settings: Settings, root: Path) -> PreTrainedConfig:
    """Return a model's configuration: of a hub model that is listed without a download.

    Raises:
        ModelUnavailableError: it is neither listed nor to be had.
    """
    known = shapes.published(settings.model.hub_id) if isinstance(settings.model, HubModel) else None
    if known is None:
        return load.load_config(settings.model, root)
    if layers := students_layers(settings.model):
        cut_config(known, layers)
    return known


def _layers(config: PreTrainedConfig) -> tuple[PreTrainedConfig, PreTrainedConfig, int]:
    """Return the architecture with few layers, with one more of the kind that repeats, and how many there are."""
    layers = config.num_hidden_layers
    few = min(layers, getattr(config, "first_k_dense_replace", 0) + 2)  # DeepSeek's first layers have no experts
    return _cut(config, few), _cut(config, few + 1), layers


def _cut(config: PreTrainedConfig, layers: int) -> PreTrainedConfig:
    known, total = config.to_dict(), config.num_hidden_layers
    for name, kinds in known.items():  # layer_types and its kin
        if "layer" in name and isinstance(kinds, list) and len(kinds) == total:
            known[name] = [*kinds, *kinds[-1:] * layers][:layers]
    known["num_hidden_layers"] = layers
    return type(config).from_dict(known)


class _Storages(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up the storages that live; those cast from a parameter also apart, as ``copies``."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live = self.peak = self.copies = 0
        self._known: dict[int, bool] = {}
        self._parameters: set[int] = set()

    def is_parameter(self, tensor: Tensor) -> None:
        """Count a parameter as one whose casts are copies."""
        self._parameters.add(tensor.untyped_storage()._cdata)
        self._add(tensor, copy=False)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401
        if func is torch.ops.aten._grouped_mm.default:  # its fake version knows bf16 only, the CPU's fp32 too
            result = func(*(x.bfloat16() if _is_float(x) else x for x in args), **(kwargs or {})).to(args[0].dtype)
        else:
            result = func(*args, **(kwargs or {}))
        cast = func is torch.ops.aten._to_copy.default and args[0].untyped_storage()._cdata in self._parameters
        for tensor in result if isinstance(result, list | tuple) else (result,):
            if isinstance(tensor, Tensor):
                self._add(tensor, copy=cast)
        return result

    def _add(self, tensor: Tensor, *, copy: bool) -> None:
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key in self._known:
            return
        self._known[key] = copy
        self.live += size
        self.copies += size if copy else 0
        self.peak = max(self.peak, self.live)
        finalize(storage, self._remove, key, size).atexit = False

    def _remove(self, key: int, size: int) -> None:
        self.live -= size
        self.copies -= size if self._known.pop(key) else 0
        self._parameters.discard(key)  # the address may come again


@contextmanager
def _faked(model: nn.Module) -> Iterator[_Storages]:
    """Give a model on the meta device fake weights on a CPU, tied where they were, and count from there on."""
    short_attention.forget_masks()  # a cached tensor would be the wrong kind, here and afterwards
    made: dict[nn.Parameter, nn.Parameter] = {}
    try:
        with warnings.catch_warnings(), FakeTensorMode(), _Storages() as storages:
            warnings.filterwarnings("ignore", message="Accessing the data pointer of FakeTensor")
            for module in model.modules():
                for name, old in module._parameters.items():
                    if old is not None and old not in made:
                        made[old] = nn.Parameter(torch.empty(old.shape, dtype=old.dtype), old.requires_grad)
                        storages.is_parameter(made[old])
                    module._parameters[name] = None if old is None else made[old]
                for name, buffer in module._buffers.items():
                    module._buffers[name] = None if buffer is None else torch.empty(buffer.shape, dtype=buffer.dtype)
            yield storages
    finally:
        short_attention.forget_masks()


def _one_step(settings: Settings, config: PreTrainedConfig, row: Row, *, accumulates: bool) -> dict[str, int]:
    """Take one optimizer step over fake tensors and return the bytes of its parts and its peaks."""
    compute = compute_dtype(settings)
    strategy = open_strategy(settings.strategy)
    bare = load.skeleton(config)
    parameters = sum(parameter.numel() for parameter in bare.parameters())
    bare = bare.to(strategy.base_dtype(compute))
    saved, restored = saved_bytes(bare, strategy.stored(config))
    model = strategy.apply(bare)
    if row.window:
        temporal.attach(model, temporal.new_encoder(settings.temporal, row.window, model, settings.seed))
    if settings.trainer.gradient_checkpointing:
        recompute_layers(model)
    model.train()
    with _faked(model) as storages:
        lasting, trained = storages.live, _trained(model)  # buffers included
        gradients = sum(parameter.nbytes for parameter in trained)
        if accumulates:
            for parameter in trained:
                parameter.grad = torch.zeros_like(parameter)
        marks = _forward_and_backward(model, row, settings, storages)
        state = _state_after_a_step(model, settings, storages)
    lasting -= saved
    weights = sum(parameter.nbytes for parameter in model.parameters()) - saved
    rounded = strategy.stored(config) is not stored(config) is None  # as they are loaded, from bf16
    for mark in ("kept", "forward", "backward", "after"):
        marks[mark] += (restored if mark in ("forward", "backward") else 0) - saved
    return marks | {
        "parameters": parameters,
        "trained": sum(parameter.numel() for parameter in trained),
        "weights": weights,
        "file": 2 * parameters if rounded else weights,
        "gradients": gradients,
        "optimizer": state,
        "activations": marks["kept"] - marks["copies"] - lasting - accumulates * gradients,
        "gathered": _gathered(model, compute.itemsize),
    }


def _forward_and_backward(model: nn.Module, row: Row, settings: Settings, storages: _Storages) -> dict[str, int]:
    """Return what lives at the end of the layers, and the peaks of the forward and the backward pass."""
    compute = compute_dtype(settings)
    marks: dict[str, int] = {}

    def at_the_end_of_the_layers(*_: object) -> None:
        marks.update(kept=storages.live, copies=storages.copies)

    causal = attention.unwrapped(model)
    getattr(causal, causal.base_model_prefix).register_forward_hook(at_the_end_of_the_layers)
    with torch.autocast("cpu", compute, enabled=compute != torch.float32):
        loss = summed_loss(model, row.micro_batch(temporal.soft_tokens(model)), settings.trainer.label_smoothing)
        marks["forward"], storages.peak = storages.peak, storages.live
        torch.autograd.backward(loss)
        marks["backward"] = storages.peak
    del loss
    return marks | {"after": storages.live}


def _state_after_a_step(model: nn.Module, settings: Settings, storages: _Storages) -> int:
    built, before = optimizer.build(model, settings), storages.live
    try:
        built.step()
    except (RuntimeError, NotImplementedError):  # its kernels know no fake tensors: two moments, as most have
        return 2 * sum(parameter.nbytes for parameter in _trained(model))
    return storages.live - before


def _is_float(value: object) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def _trained(model: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def _gathered(model: nn.Module, width: int) -> int:
    """Return the bytes of what fsdp gathers at once: the largest layer, and what stands outside the layers."""

    def needed(module: nn.Module) -> int:
        gradients = sum(4 * parameter.numel() for parameter in _trained(module))
        return gradients + sum(width * parameter.numel() for parameter in module.parameters())

    causal = attention.unwrapped(model)
    layers = [needed(layer) for layer in getattr(causal, causal.base_model_prefix).layers]
    return needed(causal) - sum(layers) + max(layers)
