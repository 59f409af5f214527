"""Every section of the configuration, in the order of the data's way.

The models are frozen and refuse unknown keys. A section that comes in several kinds is tagged by ``kind``.
Values are checked here, once; everything below can rely on them. This module imports neither Hydra nor torch,
so a faulty configuration is refused within a second.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from r1tailor.fields import Fraction, Location, Member, Name, Package, PackageVersion, Response, Sha256


class Section(BaseModel):
    """A frozen, strict mapping; a list in YAML becomes a tuple here."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


# --- collect -------------------------------------------------------------------------------------------------


class PackagedSource(Section):
    """A member of a wheel on the package index, pinned by hash (``sources/packaged.py``)."""

    kind: Literal["packaged"]
    name: Name
    package: Package
    version: PackageVersion
    wheel_sha256: Sha256
    member: Member
    sha256: Sha256
    licence: str
    origin: str
    available_at: str


class JsonlSource(Section):
    """Your own JSONL of instruction examples (``sources/jsonl.py``)."""

    kind: Literal["jsonl"]
    name: Name
    path: Location
    licence: str
    available_at: str


Source = Annotated[PackagedSource | JsonlSource, Field(discriminator="kind")]

# --- clean ---------------------------------------------------------------------------------------------------

CleaningRule = Literal["normalise_unicode", "remove_control_characters", "straighten_quotes", "collapse_whitespace"]


class Cleaning(Section):
    """The named rules that are applied to every document, in this order (``corpus/clean.py``)."""

    rules: Annotated[tuple[CleaningRule, ...], Field(strict=False)]


# --- instruct ------------------------------------------------------------------------------------------------


class Task(Section):
    """What the model is asked and how a reference answer is written.

    ``response`` is a format string over the fields of a domain's records; ``reasoning`` turns on the
    ``<think>`` part for records that carry one. ``labels`` is the closed set of answers, if there is one;
    null lets the domain derive it from its documents.
    """

    instruction: str
    response: Response
    reasoning: bool
    labels: Annotated[tuple[str, ...], Field(strict=False)] | None


class Split(Section):
    """Shares of the held-out parts; items at or above ``similarity`` never straddle two parts.

    ``similarity`` is the Jaccard index over character trigrams, in [0, 1].
    """

    validation: Fraction
    test: Annotated[float, Field(gt=0, lt=1)]
    similarity: Annotated[float, Field(gt=0, le=1)]

    @model_validator(mode="after")
    def _leaves_something_to_train_on(self) -> "Split":
        if self.validation + self.test >= 1:
            raise ValueError("validation + test must be below 1, or nothing is left to train on")
        return self


Metric = Literal[
    "perplexity",
    "bleu",
    "exact_match",
    "entity_coverage",
    "label_accuracy",
    "label_accuracy_ranked",
    "category_accuracy",
    "chapter_accuracy",
    "chapter_accuracy_ranked",
    "compliance",
]


class Goal(Section):
    """A need of the domain, written as a threshold on one metric of the tuned model."""

    metric: Metric
    at_least: float | None = None
    at_most: float | None = None
    why: str

    @model_validator(mode="after")
    def _has_one_threshold(self) -> "Goal":
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("a goal has either at_least or at_most")
        return self


class _Domain(Section):
    name: Name
    title: str
    language: Literal["en", "zh"]
    goals: Annotated[tuple[Goal, ...], Field(strict=False)]
    sources: Annotated[tuple[Source, ...], Field(strict=False, min_length=1)]
    cleaning: Cleaning
    task: Task
    split: Split


class MedicalDomain(_Domain):
    """ICD-10-CM coding of diagnostic terms (``domain/medical.py``)."""

    kind: Literal["medical"]


class GenericDomain(_Domain):
    """Any JSONL of instruction, input and output records; no code needed (``domain/generic.py``)."""

    kind: Literal["generic"]


Domain = Annotated[MedicalDomain | GenericDomain, Field(discriminator="kind")]

# --- train ---------------------------------------------------------------------------------------------------

Chat = Literal["tokenizer", "deepseek"]


Targets = str | Annotated[tuple[str, ...], Field(strict=False, min_length=1)]


class LoraAdvice(Section):
    """What suits a model of this size; ``strategy=lora`` follows it."""

    lr: Annotated[float, Field(gt=0)]
    target_modules: Targets


class _Model(Section):
    name: Name
    context_length: Annotated[int, Field(gt=0)]
    licence: str
    chat: Chat
    lora: LoraAdvice


class PackagedModel(_Model):
    """A GGUF file inside a wheel, converted once to safetensors; ``hub_id`` is the other source."""

    kind: Literal["packaged"]
    package: Package
    version: PackageVersion
    wheel_sha256: Sha256
    member: Member
    sha256: Sha256
    hub_id: str


class HubModel(_Model):
    """A model that transformers loads by its hub id at a given revision."""

    kind: Literal["hub"]
    hub_id: str
    revision: str
    parameters: Annotated[int, Field(gt=0)]


class LocalModel(_Model):
    """A folder in Hugging Face layout (config.json, safetensors, tokenizer)."""

    kind: Literal["local"]
    path: Location


class RandomModel(_Model):
    """Random weights in a family's real architecture at toy size, for tests and dry runs."""

    kind: Literal["random"]
    architecture: Literal["deepseek_v3", "qwen2", "llama"]
    hidden_size: Annotated[int, Field(gt=0, le=4096)]
    layers: Annotated[int, Field(gt=0, le=128)]


Model = Annotated[PackagedModel | HubModel | LocalModel | RandomModel, Field(discriminator="kind")]


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


class ShuffledCurriculum(Section):
    """One phase, random order; ``pool`` windows are sorted by length together to save padding."""

    kind: Literal["shuffled"]
    pool: Annotated[int, Field(gt=0)]


class ByLengthCurriculum(Section):
    """One phase, from the shortest example to the longest."""

    kind: Literal["by_length"]


Curriculum = Annotated[ShuffledCurriculum | ByLengthCurriculum, Field(discriminator="kind")]


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
    processes over all nodes: ``ddp`` repeats the weights on each, ``fsdp`` divides them.
    """

    accelerator: Literal["cpu", "gpu", "auto"]
    parallel: Literal["none", "ddp", "fsdp"]
    devices: Annotated[int, Field(gt=0)]
    nodes: Annotated[int, Field(gt=0)]
    precision: Literal["bf16", "fp16", "fp32"]
    max_epochs: Annotated[int, Field(gt=0)]
    max_steps: Annotated[int, Field(gt=0)] | None
    batch_size: Annotated[int, Field(gt=0)]
    micro_batch_tokens: Annotated[int, Field(gt=0)]
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


# --- evaluate ------------------------------------------------------------------------------------------------


class Evaluation(Section):
    """How base and tuned model are measured on the same held-out items."""

    max_items: Annotated[int, Field(gt=1)]
    batch_size: Annotated[int, Field(gt=0)]
    max_new_tokens: Annotated[int, Field(gt=0)]
    resamples: Annotated[int, Field(ge=100)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]


class Settings(Section):
    """The whole composition.

    ``output`` is the folder of a direct run (null: a new one below ``outputs/runs``); ``resume`` continues
    the run in ``output``, or the newest one.
    """

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    resume: bool
    output: Location | None
    domain: Domain
    model: Model
    strategy: Strategy
    optimizer: Optimizer
    scheduler: Scheduler
    curriculum: Curriculum
    trainer: Trainer
    evaluation: Evaluation


# Which settings each stage depends on, in the order of the data's way. ``dvc.yaml`` lists the same, and a
# test holds the two together.
STAGE_SECTIONS: dict[str, tuple[str, ...]] = {
    "collect": ("domain.sources",),
    "clean": ("domain.cleaning",),
    "instruct": ("seed", "domain.task", "domain.split"),
    "train": ("seed", "model", "strategy", "optimizer", "scheduler", "curriculum", "trainer"),
    "evaluate": ("seed", "domain.task", "evaluation"),
    "register": ("domain.goals",),
}
