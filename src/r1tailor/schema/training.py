"""What trains and how: strategy, optimizer, scheduler, trainer."""

import re
from typing import Annotated, Any, Literal, TypeVar, cast

from pydantic import Field, model_validator

from r1tailor.fields import Fraction
from r1tailor.schema.base import Section
from r1tailor.schema.model import Targets

AUTO = "auto"
T = TypeVar("T")


def decided(value: T | Literal["auto"]) -> T:
    """Return a value that ``auto`` has been replaced by (``planning/follow_data.py``)."""
    assert value != AUTO
    return cast("T", value)


class Recommended(Section):
    """What a strategy's literature recommends; ``optimizer.lr`` and ``trainer.batch_size`` follow it."""

    lr: float = Field(gt=0, description="Peak learning rate.")
    batch_size: int = Field(gt=0, description="Examples per optimizer step.")


Variant = Literal["plain", "rslora", "dora", "pissa", "lora_plus"]
Init = Literal["default", "gaussian", "orthogonal", "olora", "pissa", "pissa_niter_16"]
MOVING = ("olora", "pissa", "pissa_niter_16")  # these move a part of the base's weights into the adapters


class AdapterStrategy(Section):
    """Low-rank adapters (Hu et al. 2021, arXiv:2106.09685) through peft (``strategy/lora.py``)."""

    r: int = Field(gt=0, le=4096, description="Rank of the adapters.")
    alpha: float = Field(
        gt=0,
        description="Scale of the adapters: their output is multiplied by alpha / r (by alpha / sqrt(r) with rslora).",
    )
    dropout: Fraction = Field(description="Dropout on the adapters' input.")
    target_modules: Targets = Field(
        description="Layers to adapt: `query_key_value`, `attention`, `mlp` or `all_linear`, "
        "each resolved to the projections of the model's architecture, or a list of module names. "
        "`auto` takes all that adapters reach."
    )
    variant: Variant = Field(
        default="plain",
        description="`plain`; `rslora`: scaled by alpha / sqrt(r) (arXiv:2312.03732); `dora`: magnitude and direction "
        "train apart (arXiv:2402.09353); `pissa`: begins from the weights' largest singular values "
        "(arXiv:2404.02948); `lora_plus`: B learns at a higher rate than A (arXiv:2402.12354).",
    )
    init: Init = Field(
        default="default",
        description="What adapters begin as, in peft's names. `default`, `gaussian` and `orthogonal` change nothing at "
        "first; `olora`, `pissa` and `pissa_niter_16` (a faster, approximate decomposition) move a part of the base's "
        "weights into the adapters, and are saved as adapters of twice the rank over the unchanged base.",
    )
    lora_plus_ratio: float = Field(
        default=16.0, gt=0, le=1000, description="Learning rate of B over that of A, with variant lora_plus."
    )
    recommended: Recommended = Field(description="Learning rate and batch size that suit the strategy.")

    @property
    def begins(self) -> Init:
        """What adapters begin as, the variant's own beginning included."""
        return "pissa" if self.variant == "pissa" and self.init == "default" else self.init

    @model_validator(mode="after")
    def _begins_as_the_variant_does(self) -> "AdapterStrategy":
        if self.variant == "pissa" and not self.begins.startswith("pissa"):
            raise ValueError(
                f"variant = pissa does not begin with init = {self.init}: leave init at default, or take variant=plain"
            )
        if self.variant == "dora" and self.begins in MOVING:
            raise ValueError(
                f"variant = dora does not go with init = {self.init}: adapters that moved a part of the base could not "
                "be saved over the unchanged base; take init=default, or variant=plain"
            )
        if self.init == "orthogonal" and self.r % 2:
            raise ValueError(f"init = orthogonal needs an even r; r = {self.r}")
        return self


class LoraStrategy(AdapterStrategy):
    """Low-rank adapters over whole weights (``strategy/lora.py``)."""

    kind: Literal["lora"]


class QloraStrategy(AdapterStrategy):
    """Low-rank adapters over a base in 4 bits (Dettmers et al. 2023, arXiv:2305.14314; ``strategy/qlora.py``)."""

    kind: Literal["qlora"]
    double_quantisation: bool = Field(
        description="`true` stores the scales of the 4-bit weights in 8 bits: 4.13 bits a weight in place of 4.5."
    )

    @model_validator(mode="after")
    def _leaves_the_base(self) -> "QloraStrategy":
        if self.begins in MOVING:
            named = "variant = pissa" if self.variant == "pissa" else f"init = {self.init}"
            raise ValueError(
                f"{named} changes the base's weights, which are rounded to 4 bits here: adapters could not be saved "
                "over the unchanged base; take strategy=lora for it, or init=default"
            )
        return self


class FullStrategy(Section):
    """Every weight trains (``strategy/full.py``)."""

    kind: Literal["full"]
    recommended_examples: int = Field(ge=0, description="Number of training examples below which a run warns.")
    recommended: Recommended = Field(description="Learning rate and batch size that suit the strategy.")


Strategy = Annotated[LoraStrategy | QloraStrategy | FullStrategy, Field(discriminator="kind")]

OPTIMIZER_PREFIXES = ("torch.optim.", "transformers.optimization.", "bitsandbytes.optim.", "torchao.optim.")
_IMPORT_PATH = re.compile(r"[A-Za-z]\w*(\.[A-Za-z_]\w*){1,9}", re.ASCII)


class Optimizer(Section):
    """An optimizer class by import path (an open, third-party set) and its arguments."""

    target: str = Field(
        alias="_target_",
        description="Import path of the class, from `torch.optim`, `transformers.optimization`, `bitsandbytes.optim` "
        "or `torchao.optim`.",
    )
    lr: Annotated[float, Field(gt=0, lt=10)] | Literal["auto"] = Field(
        description="Peak learning rate; `auto` follows from the model's size and the strategy."
    )
    weight_decay: float = Field(
        ge=0, lt=1, description="Weight decay of matrices; norms, biases and embeddings have none."
    )
    arguments: dict[str, Any] = Field(description="Further arguments of the class, by name.")

    @model_validator(mode="after")
    def _is_allowed(self) -> "Optimizer":
        is_path = _IMPORT_PATH.fullmatch(self.target) and "__" not in self.target
        if not (is_path and self.target.startswith(OPTIMIZER_PREFIXES)):
            allowed = ", ".join(OPTIMIZER_PREFIXES)
            raise ValueError(f"_target_ = {self.target[:200]!r} is not allowed; an optimizer comes from {allowed}")
        return self


class _WarmedScheduler(Section):
    warmup_steps: int = Field(
        ge=0,
        description="Steps of linear warm-up in a run of `reference_steps`; scaled to the real length of the run.",
    )
    reference_steps: int = Field(gt=0, description="Length of the run, in steps, that `warmup_steps` refers to.")
    over: Literal["phase", "run"] = Field(
        default="phase",
        description="What the schedule runs over where a curriculum has several phases: each `phase` anew, or the "
        "`run`, so that the rate continues from phase to phase as in random order; phases then have a `share`.",
    )

    @model_validator(mode="after")
    def _warms_up_within_the_run(self) -> "_WarmedScheduler":
        if self.warmup_steps >= self.reference_steps:
            raise ValueError("warmup_steps must be below reference_steps")
        return self


class CosineScheduler(_WarmedScheduler):
    """Linear warm-up, then half a cosine down to a share of the peak rate."""

    kind: Literal["cosine"]
    final: Fraction = Field(description="Learning rate at the end, as a share of the peak rate.")


class LinearScheduler(_WarmedScheduler):
    """Linear warm-up, then a straight line down to a share of the peak rate."""

    kind: Literal["linear"]
    final: Fraction = Field(description="Learning rate at the end, as a share of the peak rate.")


class ConstantScheduler(_WarmedScheduler):
    """Linear warm-up, then the peak rate to the end."""

    kind: Literal["constant"]


class WsdScheduler(_WarmedScheduler):
    """Linear warm-up, a stable peak rate, then a decay at the end (Hu et al. 2024, arXiv:2404.06395)."""

    kind: Literal["wsd"]
    decay: Annotated[float, Field(gt=0, le=1)] = Field(
        description="Share of the steps, at the end, in which the rate decays; it begins after the warm-up."
    )
    shape: Literal["linear", "cosine", "1-sqrt"] = Field(
        description="How the rate decays: a straight line, half a cosine, or one less the root of what has passed."
    )
    final: Fraction = Field(description="Learning rate at the end, as a share of the peak rate.")


Scheduler = Annotated[CosineScheduler | LinearScheduler | ConstantScheduler | WsdScheduler, Field(discriminator="kind")]


class EarlyStopping(Section):
    """When a run stops before its last step."""

    patience: int = Field(gt=0, description="Validations without improvement after which the run stops.")
    min_delta: float = Field(ge=0, description="Least decrease of the validation loss that counts as an improvement.")


class Checkpoints(Section):
    """How often the whole state of a run is saved, and how many states are kept."""

    every_steps: int = Field(gt=0, description="Optimizer steps between two checkpoints; validations save one too.")
    keep: int = Field(gt=0, description="Newest checkpoints that are kept; the best one is kept in addition.")


class Trainer(Section):
    """The run itself: its devices, length, batches, precision, validation and checkpoints."""

    accelerator: Literal["cpu", "gpu", "auto"] = Field(
        description="Device to train on; `auto` takes a GPU if there is one."
    )
    parallel: Literal["none", "ddp", "fsdp"] = Field(
        description="How several processes share the work: `ddp` keeps the weights on each, `fsdp` divides them; "
        "`none` for one process."
    )
    devices: int = Field(gt=0, description="Number of processes over all nodes, one per device.")
    nodes: int = Field(gt=0, description="Number of machines; `devices` must be a multiple of it.")
    restarts: int = Field(
        ge=0,
        le=100,
        description="How often all processes begin again from the newest state after one of several has failed.",
    )
    precision: Literal["auto", "bf16", "fp16", "fp32"] = Field(
        description="Number format of matrix products: `auto` measures whether bf16 or fp32 is faster on this machine "
        "and keeps the choice with the run; `fp16` needs a GPU and uses a gradient scaler."
    )
    max_epochs: Annotated[int, Field(gt=0)] | Literal["auto"] = Field(
        description="Most passes over the training examples; `auto` follows from their number, the length of their "
        "answers and the model's size."
    )
    max_steps: Annotated[int, Field(gt=0)] | None = Field(
        description="Most optimizer steps; `null`: `max_epochs` alone decides."
    )
    batch_size: int = Field(
        gt=0,
        description="Examples per optimizer step, over all devices; reached by accumulation over micro-batches.",
    )
    micro_batch_tokens: int = Field(
        gt=0,
        description="Most positions of one micro-batch, a packed row in which a shared prefix counts once. "
        "More is faster and takes more memory; the gradient does not depend on it.",
    )
    gradient_checkpointing: bool = Field(
        description="`true` keeps only the input of each layer and computes the rest again in the backward pass: "
        "less memory, more time, the same bits."
    )
    max_length: int = Field(gt=1, description="Longest example, in tokens; longer ones are left out whole and counted.")
    gradient_clip: Annotated[float, Field(gt=0)] | None = Field(
        description="Largest norm of the gradient; `null`: no clipping."
    )
    label_smoothing: Fraction = Field(description="Share of the target probability spread over the whole vocabulary.")
    validations: Annotated[int, Field(gt=0)] | Literal["auto"] = Field(
        description="Validations per run, evenly spaced; `auto`: two a pass and at least eight."
    )
    validation_examples: int = Field(gt=0, description="Most validation examples per validation.")
    early_stopping: EarlyStopping | None = Field(
        description="When to stop before the last step; the weights with the lowest validation loss are kept. "
        "`null`: never, and the weights of the last step are kept."
    )
    checkpoints: Checkpoints = Field(description="How often the state is saved, and how many are kept.")

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
