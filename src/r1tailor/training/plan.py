"""What a composition needs, before any weight is read: parameters, and bytes on each device.

Nothing is estimated that can be counted. One optimizer step of the real strategy, loss and optimizer runs over fake
tensors, which have shapes and no memory, and every storage that it allocates and frees is added up. That is done
for a model with few layers and with one more; as layers are alike, the rest follows. What cannot be counted so is
measured: the process itself, and what an allocator holds without use.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal
from weakref import finalize

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import PreTrainedConfig

from r1tailor.curriculum.packing import MicroBatch, Segment
from r1tailor.curriculum.windows import Windows
from r1tailor.model import attention, load, products, shapes, temporal
from r1tailor.model.recompute import recompute_layers
from r1tailor.schema import HubModel, Settings
from r1tailor.strategy import open_strategy
from r1tailor.training import optimizer
from r1tailor.training.loss import summed_loss
from r1tailor.training.precision import compute_dtype, device, precision

Device = Literal["cpu", "gpu"]
_MIB = 2**20
# Resident memory of a run before it has weights: python, torch, transformers, lightning and the data on a CPU
# (measured, tests/test_plan.py); the CUDA context and the libraries' workspaces on a GPU (not measured here).
_PROCESS = {"cpu": 530 * _MIB, "gpu": 1024 * _MIB}
# Blocks that stay with the allocator between those in use, as a share of what a step allocates and frees. glibc
# 2.36: 0.42 to 0.59 over 4 compositions of SmolLM2, mean 0.47; aligned blocks are cut out of larger ones, so a freed
# block is not found again for its own size. The caching allocator of CUDA: an assumption. LoRA under gradient
# checkpointing frees more than it holds at once, and is underestimated: 1.6 GiB planned, 2.4 measured (SmolLM2).
_HELD = {"cpu": 0.5, "gpu": 0.15}
_SHORT = 127  # the longest sequence whose attention scores are held whole: of all lengths it needs most
_SUPERVISED = 256  # positions: two blocks of the loss
_BUCKET = 4 * 2**25  # bytes of gradients that ddp reduces at once (training/parallel.py)


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


@dataclass(frozen=True)
class Plan:
    """Bytes on one device, except for the counts of parameters (of the whole model, adapters apart).

    Attributes:
        parameters: of the base model.
        trained: parameters that the optimizer changes.
        weights: as they are stored.
        copies: weights cast for the products (autocast) and kept for the backward pass; under fsdp, the largest
            layer and what stands outside the layers, gathered from all devices, with gradients where they train.
        gradients: of what trains, in fp32; under ddp also the buffer they are reduced through.
        optimizer: its state after a step.
        activations: what the backward pass keeps of one micro-batch.
        loss: logits of one block, and what else passes while the activations are held.
        reused: gradients that come into the place of freed activations (one micro-batch a step), negative.
        held: freed blocks that stay with the allocator.
        checkpoint: on a CPU, copies of the state while it is written, as far as they exceed what a step has freed.
        loading: on a CPU, the mapped file that the weights are copied from, as far as it exceeds what a step adds.
        process: python and its libraries; on a GPU, the CUDA context.
    """

    parameters: int
    trained: int
    weights: int
    copies: int
    gradients: int
    optimizer: int
    activations: int
    loss: int
    reused: int
    held: int
    checkpoint: int
    loading: int
    process: int

    @property
    def lasting(self) -> int:
        """Bytes of weights, gradients and optimizer state."""
        return self.weights + self.gradients + self.optimizer

    @property
    def total(self) -> int:
        """Bytes at the peak."""
        return sum(getattr(self, field.name) for field in fields(self)[2:])


def plan(
    settings: Settings,
    root: Path,
    examples: int | None = None,
    row: Row | None = None,
    window: tuple[int, int] | None = None,
) -> Plan:
    """Return what a composition needs at its worst, or with a given micro-batch.

    Args:
        settings: the composition.
        root: the project's root, for local models.
        examples: how many there are to train on, if that is known.
        row: the micro-batch; by default the worst that the settings allow.
        window: (T, C) of the examples' windows, for that default.

    Raises:
        PreflightError: the strategy finds no targets in this architecture.
        ModelUnavailableError: the architecture is neither listed nor to be had.
    """
    wanted = row or replace(worst_row(settings, examples), window=window)
    accumulates = wanted.positions < _step_positions(settings, examples)
    return on_one_device(settings, rehearse(settings, root, wanted, accumulates=accumulates))


def rehearse(settings: Settings, root: Path, row: Row, *, accumulates: bool) -> dict[str, int]:
    """Return the bytes of one optimizer step over the undivided model: its parts, and its peaks.

    Args:
        settings: the composition.
        root: the project's root, for local models.
        row: the micro-batch.
        accumulates: whether gradients of earlier micro-batches are there already.
    """
    few, more, layers = _layers(_architecture(settings, root))
    small, larger = (_one_step(settings, config, row, accumulates=accumulates) for config in (few, more))
    extra = layers - few.num_hidden_layers
    return {name: small[name] + extra * (larger[name] - small[name]) for name in small}


def worst_row(settings: Settings, examples: int | None = None) -> Row:
    """Return the largest micro-batch that can come: all its examples of ``max_length`` or of the costliest width."""
    trainer = settings.trainer
    positions = min(trainer.micro_batch_tokens, _step_positions(settings, examples))
    positions = max(positions, trainer.max_length)  # an example above the budget gets a row of its own
    return Row(positions, min(trainer.max_length, _SHORT))


def _step_positions(settings: Settings, examples: int | None) -> int:
    """Return the most positions one device may see in one optimizer step."""
    trainer = settings.trainer
    count = min(trainer.batch_size, examples or trainer.batch_size)
    return -(-count // trainer.devices) * trainer.max_length


def _architecture(settings: Settings, root: Path) -> PreTrainedConfig:
    known = shapes.published(settings.model.hub_id) if isinstance(settings.model, HubModel) else None
    return known or load.load_config(settings.model, root)


def _layers(config: PreTrainedConfig) -> tuple[PreTrainedConfig, PreTrainedConfig, int]:
    """Return the architecture with few layers, with one more of the kind that repeats, and how many there are."""
    layers = config.num_hidden_layers
    few = min(layers, getattr(config, "first_k_dense_replace", 0) + 2)  # DeepSeek's first layers have no experts
    return _cut(config, few), _cut(config, few + 1), layers


def _cut(config: PreTrainedConfig, layers: int) -> PreTrainedConfig:
    known = config.to_dict()
    kinds = known.get("layer_types")
    known["num_hidden_layers"] = layers
    if kinds:
        known["layer_types"] = [*kinds, *kinds[-1:] * layers][:layers]
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
    products.future.cache_clear()  # a cached tensor would be the wrong kind, here and afterwards
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
        products.future.cache_clear()


def _one_step(settings: Settings, config: PreTrainedConfig, row: Row, *, accumulates: bool) -> dict[str, int]:
    """Take one optimizer step over fake tensors and return the bytes of its parts and its peaks."""
    compute = compute_dtype(settings)
    strategy = open_strategy(settings.strategy)
    bare = load.skeleton(config)
    parameters = sum(parameter.numel() for parameter in bare.parameters())
    model = strategy.apply(bare.to(strategy.base_dtype(compute)))
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
    return marks | {
        "parameters": parameters,
        "trained": sum(parameter.numel() for parameter in trained),
        "weights": sum(parameter.nbytes for parameter in model.parameters()),
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
    built, before = optimizer.build(model, settings.optimizer, settings.temporal.lr), storages.live
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


def on_one_device(settings: Settings, whole: dict[str, int]) -> Plan:
    """Return the plan of one device from what ``rehearse`` found."""
    trainer, where = settings.trainer, device(settings)
    shares = trainer.devices if trainer.parallel == "fsdp" else 1
    weights, gradients, state = (-(-whole[name] // shares) for name in ("weights", "gradients", "optimizer"))
    loss, copies, reused = whole["forward"] - whole["kept"], whole["copies"], 0
    if trainer.parallel == "fsdp":
        copies = whole["gathered"]
    else:
        rows = weights + copies + gradients + whole["activations"] + loss
        beyond = max(whole["forward"], whole["backward"], whole["after"]) - rows
        loss, reused = loss + max(0, beyond), min(0, beyond)
    if trainer.parallel == "ddp":
        gradients += min(gradients, _BUCKET)
    freed = copies + whole["activations"] + loss
    held = round(_HELD[where] * freed)
    written = state + whole["trained"] * 4 // shares if where == "cpu" else 0
    checkpoint = max(0, written - freed - held - gradients - reused)
    after_loading = copies + gradients + state + whole["activations"] + loss + reused + held + checkpoint
    return Plan(
        parameters=whole["parameters"],
        trained=whole["trained"],
        weights=weights,
        copies=copies,
        gradients=gradients,
        optimizer=state,
        activations=whole["activations"],
        loss=loss,
        reused=reused,
        held=held,
        checkpoint=checkpoint,
        loading=max(0, weights - after_loading) if where == "cpu" else 0,
        process=_PROCESS[where],
    )


_ROWS = {
    "weights": "weights",
    "copies": "weights in the precision of the products",
    "gradients": "gradients",
    "optimizer": "optimizer state",
    "activations": "activations",
    "loss": "logits, loss and passing buffers",
    "reused": "gradients in the place of freed activations",
    "held": "freed blocks that stay with the allocator",
    "checkpoint": "state copied while a checkpoint is written",
    "loading": "the file of the weights while it is read",
    "process": "process",
}


def table(settings: Settings, planned: Plan, row: Row) -> str:
    """Return a plan in words and figures, one line an item."""
    trainer = settings.trainer
    over = f"{trainer.parallel} over {trainer.devices} devices" if trainer.devices > 1 else "one device"
    share = 100 * planned.trained / planned.parameters
    lines = [
        f"model {settings.model.name}, strategy={settings.strategy.kind}, {precision(settings)}, {over}",
        f"parameters {planned.parameters:,}, trained {planned.trained:,} ({share:.3g} %)",
        f"micro-batch of {row.positions:,} positions: examples of {row.width}, a shared beginning of {row.shared}",
        "",
        f"on each {device(settings).upper()}",
    ]
    names = _ROWS | ({"copies": "gathered layers"} if trainer.parallel == "fsdp" else {})
    items = [(text, getattr(planned, name)) for name, text in names.items()]
    lines += [f"  {text:<44}{size(value):>12}" for text, value in items if value]
    return "\n".join([*lines, f"  {'total':<44}{size(planned.total):>12}"])


def size(amount: int) -> str:
    """Return bytes in GiB, or in MiB below one.

    >>> size(3 * 2**30), size(2**20)
    ('3.0 GiB', '1.0 MiB')
    """
    return f"{amount / 2**30:,.1f} GiB" if abs(amount) >= 2**30 else f"{amount / _MIB:,.1f} MiB"
