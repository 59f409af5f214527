"""What trains and how: strategy, optimizer, scheduler, trainer."""

import re
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from r1tailor.fields import Fraction
from r1tailor.schema.base import Section
from r1tailor.schema.model import Targets


class Recommended(Section):
    """What a strategy's literature recommends; ``optimizer.lr`` and ``trainer.batch_size`` follow it."""

    lr: Annotated[float, Field(gt=0)]
    batch_size: Annotated[int, Field(gt=0)]


class LoraStrategy(Section):
    """Low-rank adapters (Hu et al. 2021, arXiv:2106.09685) through peft (``strategy/lora.py``).

    ``target_modules`` is a semantic name (``query_key_value``, ``attention``, ``mlp``, ``all_linear``)
    that resolves to the projections of the architecture at hand, or a list of module names.
    """

    kind: Literal["lora"]
    r: Annotated[int, Field(gt=0, le=4096)]
    alpha: Annotated[float, Field(gt=0)]
    dropout: Fraction
    target_modules: Targets
    recommended: Recommended


class FullStrategy(Section):
    """Every weight trains; warns below ``recommended_examples`` (``strategy/full.py``)."""

    kind: Literal["full"]
    recommended_examples: Annotated[int, Field(ge=0)]
    recommended: Recommended


Strategy = Annotated[LoraStrategy | FullStrategy, Field(discriminator="kind")]

OPTIMIZER_PREFIXES = ("torch.optim.", "transformers.optimization.", "bitsandbytes.optim.", "torchao.optim.")
_IMPORT_PATH = re.compile(r"[A-Za-z]\w*(\.[A-Za-z_]\w*){1,9}", re.ASCII)


class Optimizer(Section):
    """An optimizer class by import path (an open, third-party set) and its arguments.

    ``weight_decay`` falls on matrices only: not on norms, biases or embeddings.
    """

    target: Annotated[str, Field(alias="_target_")]
    lr: Annotated[float, Field(gt=0, lt=10)]
    weight_decay: Annotated[float, Field(ge=0, lt=1)]
    arguments: dict[str, Any]

    @model_validator(mode="after")
    def _is_allowed(self) -> "Optimizer":
        is_path = _IMPORT_PATH.fullmatch(self.target) and "__" not in self.target
        if not (is_path and self.target.startswith(OPTIMIZER_PREFIXES)):
            allowed = ", ".join(OPTIMIZER_PREFIXES)
            raise ValueError(f"_target_ = {self.target[:200]!r} is not allowed; an optimizer comes from {allowed}")
        return self


class _WarmedScheduler(Section):
    warmup_steps: Annotated[int, Field(ge=0)]
    reference_steps: Annotated[int, Field(gt=0)]

    @model_validator(mode="after")
    def _warms_up_within_the_run(self) -> "_WarmedScheduler":
        if self.warmup_steps >= self.reference_steps:
            raise ValueError("warmup_steps must be below reference_steps")
        return self


class CosineScheduler(_WarmedScheduler):
    """Linear warm-up, then half a cosine down to ``final`` times the peak rate.

    ``warmup_steps`` of ``reference_steps`` is a share: it is scaled to the real length of the run.
    """

    kind: Literal["cosine"]
    final: Fraction


class ConstantScheduler(_WarmedScheduler):
    """Linear warm-up, then the peak rate to the end."""

    kind: Literal["constant"]


Scheduler = Annotated[CosineScheduler | ConstantScheduler, Field(discriminator="kind")]


class EarlyStopping(Section):
    """Stop after ``patience`` validations without an improvement of at least ``min_delta`` in loss."""

    patience: Annotated[int, Field(gt=0)]
    min_delta: Annotated[float, Field(ge=0)]


class Checkpoints(Section):
    """How often the state of a run is kept (in optimizer steps; validations keep it too), and how many of them."""

    every_steps: Annotated[int, Field(gt=0)]
    keep: Annotated[int, Field(gt=0)]


class Trainer(Section):
    """The run itself: its length, its batches, its precision, its safety net.

    ``batch_size`` is in examples of one optimizer step, over all devices, reached by accumulation over
    micro-batches of at most ``micro_batch_tokens`` positions. ``max_length`` is in tokens. ``devices`` counts
    processes over all nodes: ``ddp`` repeats the weights on each, ``fsdp`` divides them. With
    ``gradient_checkpointing`` layers keep their inputs alone, and the backward pass computes the same bits again.
    """

    accelerator: Literal["cpu", "gpu", "auto"]
    parallel: Literal["none", "ddp", "fsdp"]
    devices: Annotated[int, Field(gt=0)]
    nodes: Annotated[int, Field(gt=0)]
    precision: Literal["auto", "bf16", "fp16", "fp32"]
    max_epochs: Annotated[int, Field(gt=0)]
    max_steps: Annotated[int, Field(gt=0)] | None
    batch_size: Annotated[int, Field(gt=0)]
    micro_batch_tokens: Annotated[int, Field(gt=0)]
    gradient_checkpointing: bool
    max_length: Annotated[int, Field(gt=1)]
    gradient_clip: Annotated[float, Field(gt=0)] | None
    label_smoothing: Fraction
    validations: Annotated[int, Field(gt=0)]
    validation_examples: Annotated[int, Field(gt=0)]
    early_stopping: EarlyStopping
    checkpoints: Checkpoints

    @model_validator(mode="after")
    def _devices_are_shared_out(self) -> "Trainer":
        if (self.devices > 1) == (self.parallel == "none"):
            raise ValueError(
                f"parallel = {self.parallel} does not go with devices = {self.devices}: "
                "one device is trainer.parallel=none, several are trainer.parallel=ddp or fsdp"
            )
        if self.devices % self.nodes:
            raise ValueError(f"devices = {self.devices} cannot be shared out evenly over nodes = {self.nodes}")
        return self

    @model_validator(mode="after")
    def _precision_runs_there(self) -> "Trainer":
        if self.precision == "fp16" and self.accelerator == "cpu":
            raise ValueError("precision = fp16 needs a GPU (trainer=gpu); on a CPU use bf16 or fp32")
        return self
