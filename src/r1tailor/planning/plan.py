"""What a composition needs, before any weight is read: parameters, and bytes on each device.

What can be counted is not estimated: ``memory_trace.py`` takes one optimizer step over fake tensors. The rest is
measured: the process itself, and the freed blocks that an allocator holds.
"""

from dataclasses import dataclass, fields, replace
from pathlib import Path

from r1tailor.planning.memory_trace import Row, rehearse
from r1tailor.planning.precision import device, precision
from r1tailor.schema.settings import Settings

_MIB = 2**20
# Resident memory of a run before it has weights: python, torch, transformers, lightning and the data on a CPU
# (measured on two kinds of CPU; tests/planning/test_plan.py holds the plan against a real peak); the CUDA context and
# the libraries' workspaces on a GPU (not measured here).
_PROCESS = {"cpu": 600 * _MIB, "gpu": 1024 * _MIB}
# Blocks that stay with the allocator between those in use, as a share of what a step allocates and frees. glibc
# 2.36: 0.42 to 0.59 over 4 compositions of SmolLM2, mean 0.47; aligned blocks are cut out of larger ones, so a freed
# block is not found again for its own size. Under gradient checkpointing each layer frees what it computed again: 1.5
# to 2.0 over 4 compositions. The caching allocator of CUDA: an assumption.
_HELD = {"cpu": 0.5, "gpu": 0.15}
_HELD_RECOMPUTED = {"cpu": 2.0, "gpu": 0.15}
_SHORT = 127  # the longest sequence whose attention scores are held whole: of all lengths it needs most


@dataclass(frozen=True)
class Plan:
    """Bytes on one device, except for the counts of parameters (of the whole model, adapters apart).

    Attributes:
        parameters: of the base model.
        trained: parameters that the optimizer changes.
        host: on a GPU, what each of its processes takes of the machine's own memory: the weights while they are loaded
            (under fsdp its rows of them: the file is mapped), or the state while a checkpoint is written, under fsdp
            also what trained when it is saved whole, and the process; not part of the total.
        weights: as they are stored.
        copies: weights cast for the products (autocast) and kept for the backward pass; under fsdp, the largest
            layer and what stands outside the layers, gathered from all devices, with gradients where they train.
        gradients: of what trains, in fp32.
        optimizer: its state after a step.
        activations: what the backward pass keeps of one micro-batch.
        loss: logits of one block, and other short-lived buffers while the activations are held.
        reused: gradients that take the place of freed activations (one micro-batch a step), negative; not under ddp,
            whose buckets hold them all the time.
        held: freed blocks that stay with the allocator.
        checkpoint: on a CPU, copies of the state while it is written, as far as they exceed what a step has freed.
        loading: on a CPU, the mapped file that the weights are copied from, or the bf16 weights that are rounded to 4
            bits, as far as they exceed what a step adds.
        process: python and its libraries; on a GPU, the CUDA context.
    """

    parameters: int
    trained: int
    host: int
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
        return sum(getattr(self, field.name) for field in fields(self)[3:])


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
        loss, reused = loss + max(0, beyond), 0 if trainer.parallel == "ddp" else min(0, beyond)
    freed = copies + whole["activations"] + loss
    held = round((_HELD_RECOMPUTED if trainer.gradient_checkpointing else _HELD)[where] * freed)
    written = state + whole["trained"] * 4 // shares
    checkpoint = max(0, written - freed - held - gradients - reused) if where == "cpu" else 0
    after_loading = copies + gradients + state + whole["activations"] + loss + reused + held + checkpoint
    return Plan(
        parameters=whole["parameters"],
        trained=whole["trained"],
        host=_PROCESS["cpu"] + _loaded_or_saved(settings, whole, weights, written) if where == "gpu" else 0,
        weights=weights,
        copies=copies,
        gradients=gradients,
        optimizer=state,
        activations=whole["activations"],
        loss=loss,
        reused=reused,
        held=held,
        checkpoint=checkpoint,
        loading=max(0, -(-whole["file"] // shares) - after_loading) if where == "cpu" else 0,
        process=_PROCESS[where],
    )


def _loaded_or_saved(settings: Settings, whole: dict[str, int], weights: int, written: int) -> int:
    """Return what a process of a GPU takes of its machine's memory for weights and state."""
    trainer = settings.trainer
    if trainer.parallel != "fsdp":
        return max(whole["file"], written)
    return max(weights, written) + -(-4 * whole["trained"] * trainer.nodes // trainer.devices)


_ROWS = {
    "weights": "weights",
    "copies": "weights in the precision of the products",
    "gradients": "gradients",
    "optimizer": "optimizer state",
    "activations": "activations",
    "loss": "logits, loss and short-lived buffers",
    "reused": "gradients in the place of freed activations",
    "held": "freed blocks that stay with the allocator",
    "checkpoint": "state copied while a checkpoint is written",
    "loading": "the file of the weights while it is read",
    "process": "process",
}


def table(settings: Settings, planned: Plan, row: Row) -> str:
    """Return a plan as text, one line an item."""
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
    lines.append(f"  {'total':<44}{size(planned.total):>12}")
    if planned.host:
        here = trainer.devices // trainer.nodes
        text = f"host memory of each machine ({here} process{'es' if here > 1 else ''})"
        lines += ["", f"{text:<46}{size(here * planned.host):>12}"]
    return "\n".join(lines)


def size(amount: int) -> str:
    """Return bytes in GiB, or in MiB below one.

    >>> size(3 * 2**30), size(2**20)
    ('3.0 GiB', '1.0 MiB')
    """
    return f"{amount / 2**30:,.1f} GiB" if abs(amount) >= 2**30 else f"{amount / _MIB:,.1f} MiB"
