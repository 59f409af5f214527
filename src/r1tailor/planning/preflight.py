"""What can be known to fail before any weight is read: targets, lengths, memory, disk, optimizer arguments."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import torch

from r1tailor.errors import PreflightError
from r1tailor.kernels.four_bit import required
from r1tailor.model import gate, load, shapes
from r1tailor.model.quantised import stored
from r1tailor.optimization.optimizer import optimizer_class
from r1tailor.planning.follow_data import followed
from r1tailor.planning.memory_trace import Row, architecture, rehearse
from r1tailor.planning.plan import on_one_device, plan, table, worst_row
from r1tailor.planning.precision import device
from r1tailor.schema.model import HubModel
from r1tailor.schema.settings import Settings
from r1tailor.schema.training import MOVING, AdapterStrategy, FullStrategy, LoraStrategy, QloraStrategy, Recommended
from r1tailor.strategy import open_strategy

Window = tuple[int, int] | None
_GIB = 2**30
_CONTAINER = Path("/sys/fs/cgroup/memory.max")


def preflight(
    settings: Settings, root: Path, folder: Path, examples: int, window: Window = None, *, checked: bool = False
) -> list[str]:
    """Return remarks on a run that can work; refuse one that cannot, before any weight is read.

    Args:
        settings: the composition.
        root: the project's root, for local models.
        folder: of the run.
        examples: how many there are to train on.
        window: (T, C) of the windows that they carry.
        checked: whether ``refuse_early`` has accepted the composition already.

    Raises:
        PreflightError: it cannot; says what is needed and what there is.
        ModelUnavailableError: the base model cannot be had.
        ConfigError: the optimizer does not take its arguments.
    """
    if not checked:
        _refuse_settings(settings)
    if window and settings.trainer.parallel == "fsdp":
        raise PreflightError(
            "trainer.parallel = fsdp trains no encoder of windows of numbers; trainer=ddp, or one device, does"
        )
    if isinstance(settings.model, HubModel):  # refused before anything is downloaded
        _ask_the_gate(settings, root)
        _refuse_memory(settings, root, examples, window)
    config = load.load_config(settings.model, root)
    gate.check(config, settings)
    skeleton = load.skeleton(config)
    remarks = open_strategy(settings.strategy).check(skeleton, examples)
    if not isinstance(settings.model, HubModel):
        _refuse_memory(settings, root, examples, window)
    parameters = sum(parameter.numel() for parameter in skeleton.parameters())
    _refuse_disk(folder, 4 * parameters if isinstance(settings.strategy, FullStrategy) else parameters // 10)
    return remarks


def refuse_early(settings: Settings, root: Path) -> None:
    """Raise what is wrong whatever the examples will be: before any raw material is read."""
    _refuse_settings(settings)
    if not isinstance(settings.model, HubModel):  # that one's configuration may have to be downloaded
        config = load.load_config(settings.model, root)
        gate.check(config, settings)
        settings = followed(settings, (), root).settings
        open_strategy(settings.strategy).check(load.skeleton(config), 0)


def _ask_the_gate(settings: Settings, root: Path) -> None:
    """Refuse a model for which packed rows are not exact; what is planned from a published shape is not downloaded."""
    if not isinstance(settings.model, HubModel) or shapes.published(settings.model.hub_id) is None:
        gate.check(load.load_config(settings.model, root), settings)


def _refuse_settings(settings: Settings) -> None:
    if isinstance(settings.strategy, QloraStrategy):
        required("strategy = qlora")
    optimizer_class(settings.optimizer)
    _length_fits(settings)
    _device_exists(settings)
    if settings.trainer.parallel == "fsdp":
        _can_be_divided(settings)


def _can_be_divided(settings: Settings) -> None:
    if settings.trainer.precision == "fp16":  # each process would scale by the overflows of its own rows
        raise PreflightError("trainer.parallel = fsdp computes in bf16 or fp32; trainer.precision = fp16 needs ddp")
    if isinstance(settings.strategy, AdapterStrategy) and settings.strategy.begins in MOVING:
        raise PreflightError(
            f"strategy.init = {settings.strategy.begins} changes the base's weights, which fsdp leaves in their "
            "file; trainer=ddp, or one device, does it"
        )
    if not settings.optimizer.target.startswith("torch.optim."):
        raise PreflightError(
            f"optimizer._target_ = {settings.optimizer.target} does not know divided weights; trainer.parallel = fsdp "
            "takes the optimizers of torch.optim"
        )


def _length_fits(settings: Settings) -> None:
    wanted, offered = settings.trainer.max_length, settings.model.context_length
    if wanted > offered:
        raise PreflightError(
            f"trainer.max_length = {wanted:,} is more than model {settings.model.name} reads ({offered:,} tokens)"
        )


def _device_exists(settings: Settings) -> None:
    trainer = settings.trainer
    if trainer.accelerator == "gpu" and not torch.cuda.is_available():
        raise PreflightError("trainer.accelerator = gpu, but there is no GPU here; use trainer=cpu")
    if trainer.precision == "fp16" and device(settings) == "cpu":  # Lightning would compute in bf16 instead
        raise PreflightError("trainer.precision = fp16 needs a GPU, and there is none here; use bf16 or fp32")
    here, wanted = torch.cuda.device_count(), trainer.devices // trainer.nodes
    if trainer.accelerator == "gpu" and here < wanted:
        raise PreflightError(f"trainer.devices = {trainer.devices} needs {wanted} GPUs here; there are {here}")


def report(settings: Settings, root: Path, row: Row | None, gpu: int | None = None) -> str:
    """Return the plan of a composition as a table, and whether it fits; by default for the worst micro-batch.

    Args:
        settings: the composition.
        root: the project's root, for local models.
        row: the micro-batch.
        gpu: bytes of one GPU, to compare with; None: what is free here.

    Raises:
        PreflightError: the composition cannot work with this model.
        ModelUnavailableError: its architecture is neither listed nor to be had.
    """
    _length_fits(settings)
    _ask_the_gate(settings, root)
    settings = followed(settings, (), root).settings
    planned = plan(settings, root, row=row)
    text = "\n".join([table(settings, planned, row or worst_row(settings)), *_of_stored_weights(settings, root)])
    if device(settings) == "gpu" and not torch.cuda.is_available() and gpu is None:
        return f"{text}\nThere is no GPU here to compare it with; --gpu 80GiB compares it with one of that size."
    needed, free = _here(settings, planned.total), _available(settings) if gpu is None else gpu
    offered = f"{_gib(free)} are free here" if gpu is None else f"a GPU has {_gib(free)}"
    if needed <= free:
        return f"{text}\nIt fits: {offered}."
    return f"{text}\nIt does not fit: {offered}. Choose {_nearest(settings, root, None, free)}"


def _of_stored_weights(settings: Settings, root: Path) -> list[str]:
    """Return a remark on weights that are stored in fewer bits."""
    form = open_strategy(settings.strategy).stored(architecture(settings, root))
    if form is None:
        return []
    if form.bits is None:
        return [f"the weights are stored in {form.name}; loading restores them, so they count as whole weights here"]
    return [f"the weights are {form.name}; linear layers count {form.bits:.2f} bits a weight, scales included"]


def _refuse_memory(settings: Settings, root: Path, examples: int, window: Window) -> None:
    planned, free = plan(settings, root, examples, window=window), _available(settings)
    if _here(settings, planned.total) > free:
        raise PreflightError(
            f"model {settings.model.name} with strategy={settings.strategy.kind} needs at least "
            f"{_gib(_here(settings, planned.lasting))} for weights, gradients and optimizer, and "
            f"{_gib(_here(settings, planned.total))} in all; {_gib(free)} are free "
            f"{'on the GPU' if device(settings) == 'gpu' else 'here'}. "
            f"Choose {_nearest(settings, root, examples, free, window)} (all figures: python -m r1tailor plan)"
        )
    host, own = planned.host * (settings.trainer.devices // settings.trainer.nodes), _own_memory()
    if host > own:
        raise PreflightError(
            f"model {settings.model.name} needs {_gib(host)} of this machine's own memory to load its weights before "
            f"they go to the GPU; {_gib(own)} are free. Choose fewer trainer.devices on a machine, or a smaller model"
        )


def _available(settings: Settings) -> int:
    """Return the bytes a run may take: of the GPU, or of this machine with what this process holds already."""
    if device(settings) == "gpu" and torch.cuda.is_available():
        return int(torch.cuda.mem_get_info()[0])
    return _own_memory()


def _own_memory() -> int:
    """Return the bytes of this machine's own memory that a run may take."""
    free = int(psutil.virtual_memory().available)
    if _CONTAINER.exists() and (limit := _CONTAINER.read_text(encoding="ascii").strip()).isdigit():
        free = min(free, int(limit))  # psutil sees the machine, not the container's share of it
    return free + int(psutil.Process().memory_info().rss)


def _here(settings: Settings, on_one_device: int) -> int:
    """Return the bytes of one memory: a GPU has its own, the processes of a CPU node share one."""
    trainer = settings.trainer
    return on_one_device * (trainer.devices // trainer.nodes if device(settings) == "cpu" else 1)


def _nearest(settings: Settings, root: Path, examples: int | None, free: int, window: Window = None) -> str:
    """Return the nearest settings that fit: smaller micro-batches, layers recomputed, adapters, 4 bits, devices."""
    for variant, change in _variants(settings, root):
        if tokens := _micro_batch_that_fits(variant, root, examples, free, window):
            unchanged = tokens == settings.trainer.micro_batch_tokens
            return " ".join([change, *([] if unchanged else [f"trainer.micro_batch_tokens={tokens}"])]).strip()
    divided = _devices_that_suffice(settings, root, free)
    return f"{divided}a smaller model{' or strategy=lora' if isinstance(settings.strategy, FullStrategy) else ''}"


def _variants(settings: Settings, root: Path) -> Iterator[tuple[Settings, str]]:
    """Yield what needs less memory, the nearest first, with the overrides that make it."""
    again = "trainer.gradient_checkpointing=true"
    already = settings.trainer.gradient_checkpointing
    yield settings, ""
    if not already:
        yield _changed(settings, gradient_checkpointing=True), again
    for change, smaller in _smaller_strategies(settings, root):
        yield smaller, change
        if not already:
            yield _changed(smaller, gradient_checkpointing=True), f"{change} {again}"


def _smaller_strategies(settings: Settings, root: Path) -> Iterator[tuple[str, Settings]]:
    wanted = settings.strategy
    if isinstance(wanted, FullStrategy):
        yield "strategy=lora", _with_lora(settings)
    in_four_bits = isinstance(wanted, LoraStrategy) and wanted.begins not in MOVING
    if in_four_bits and stored(architecture(settings, root)) is None:
        same = {name: getattr(wanted, name) for name in AdapterStrategy.model_fields}
        four_bit = QloraStrategy(kind="qlora", double_quantisation=True, **same)
        yield "strategy=qlora", settings.model_copy(update={"strategy": four_bit})


def _micro_batch_that_fits(
    settings: Settings, root: Path, examples: int | None, free: int, window: Window
) -> int | None:
    """Return the most positions that fit, by halves; an example of max_length is the least there is."""
    tokens = settings.trainer.micro_batch_tokens
    while True:
        smaller = _changed(settings, micro_batch_tokens=tokens)
        planned = plan(smaller, root, examples, window=window)
        if _here(smaller, planned.total) <= free:
            return tokens
        if _here(smaller, planned.lasting + planned.process) > free or tokens <= settings.trainer.max_length:
            return None
        tokens = max(tokens // 2, 1)


def _devices_that_suffice(settings: Settings, root: Path, free: int) -> str:
    """Return the override that divides the weights over enough devices, each with as much memory as there is here."""
    trainer = settings.trainer
    whole = rehearse(settings, root, worst_row(_changed(settings, micro_batch_tokens=1)), accumulates=True)
    for devices in (2**power for power in range(1, 11)):
        nodes = devices if device(settings) == "cpu" else trainer.nodes
        if devices % nodes == 0 and devices > trainer.devices:
            divided = _changed(settings, parallel="fsdp", devices=devices, nodes=nodes)
            if on_one_device(divided, whole).total <= free:
                shape = f"trainer=fsdp trainer.devices={devices}" + (f" trainer.nodes={nodes}" if nodes > 1 else "")
                return f"{shape} trainer.micro_batch_tokens={trainer.max_length}, "
    return ""


def _changed(settings: Settings, **trainer: Any) -> Settings:  # noqa: ANN401
    return settings.model_copy(update={"trainer": settings.trainer.model_copy(update=trainer)})


def _with_lora(settings: Settings) -> Settings:
    """Return the composition with adapters as in conf/strategy/lora.yaml."""
    wanted = settings.model.lora
    strategy = LoraStrategy(
        kind="lora",
        r=16,
        alpha=32,
        dropout=0.1,
        target_modules=wanted.target_modules,
        recommended=Recommended(lr=wanted.lr, batch_size=settings.trainer.batch_size),
    )
    return settings.model_copy(update={"strategy": strategy})


def _gib(amount: int) -> str:
    return f"{amount / _GIB:,.0f} GiB" if amount >= 100 * _GIB else f"{amount / _GIB:,.1f} GiB"


def _refuse_disk(folder: Path, needed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise PreflightError(
            f"{folder}: checkpoints need about {needed / _GIB:,.1f} GiB, {free / _GIB:,.1f} GiB are free"
        )
