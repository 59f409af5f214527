"""The whole composition, and which of its settings each stage depends on."""

from typing import Any

from pydantic import Field, model_validator

from r1tailor.fields import Location
from r1tailor.schema.ability import Ability
from r1tailor.schema.base import Section
from r1tailor.schema.compression import Compression
from r1tailor.schema.corpus import Corpus
from r1tailor.schema.curriculum import Curriculum, PhasedCurriculum
from r1tailor.schema.domain import Domain
from r1tailor.schema.evaluation import Evaluation
from r1tailor.schema.logger import Logger
from r1tailor.schema.model import Model, Temporal
from r1tailor.schema.objective import SUPERVISED, Objective
from r1tailor.schema.redteam import Redteam
from r1tailor.schema.report import Report
from r1tailor.schema.serving import Serving
from r1tailor.schema.training import Optimizer, Scheduler, Strategy, Trainer
from r1tailor.schema.update import Update


class Settings(Section):
    """The whole composition."""

    seed: int = Field(ge=0, lt=2**32, description="Seed of every random choice: split, order, dropout, resampling.")
    resume: bool = Field(description="`true` continues the direct run in `output`, or the newest one.")
    output: Location | None = Field(description="Folder of a direct run; `null`: a new folder below `outputs/runs`.")
    corpus: Corpus = Field(description="Where the steps over documents run.")
    domain: Domain = Field(description="The domain: goals, sources, cleaning, annotation, task, split.")
    model: Model = Field(description="The base model.")
    temporal: Temporal = Field(description="The encoder of windows of numbers.")
    strategy: Strategy = Field(description="What trains and what is saved.")
    objective: Objective = Field(default=SUPERVISED, description="What is minimised, and what a teacher is asked for.")
    optimizer: Optimizer = Field(description="The optimizer and its learning rate.")
    scheduler: Scheduler = Field(description="The learning rate over the run.")
    curriculum: Curriculum = Field(description="The order of the examples, in one phase or in several.")
    trainer: Trainer = Field(description="Devices, length, batches, precision, validation, checkpoints.")
    logger: Logger = Field(description="Where the curves of training are logged.")
    compression: Compression = Field(
        default=Compression(), description="In which forms the tuned model is kept besides its own."
    )
    evaluation: Evaluation = Field(description="How base and tuned model are measured on the same held-out items.")
    ability: Ability = Field(
        default=Ability(), description="Whether the tuned model keeps its general ability, and by which questions."
    )
    redteam: Redteam = Field(default=Redteam(), description="Which attacks base and tuned model are put through.")
    report: Report = Field(default=Report(), description="How the run is reported.")
    serving: Serving = Field(description="How a version is served.")
    update: Update = Field(description="How a version learns from each day's material.")

    @model_validator(mode="after")
    def _has_a_teacher_that_writes_reasoning(self) -> "Settings":
        if self.domain.task.reasoning == "distil" and not getattr(self.objective, "sequences", None):
            raise ValueError(
                "domain.task.reasoning = distil has a teacher write reasoning: choose "
                "objective=distillation_sequences, and objective.teacher=base for the model itself"
            )
        return self

    @model_validator(mode="after")
    def _has_shares_where_the_rate_runs_on(self) -> "Settings":
        if self.scheduler.over == "run" and isinstance(self.curriculum, PhasedCurriculum):
            counted = [key for key, phase in self.curriculum.phases.items() if phase.epochs]
            if counted:  # the length of the run would depend on phases that an earlier phase must not know of
                raise ValueError(
                    f"scheduler.over = run needs the share of each phase of the curriculum; {', '.join(counted)} "
                    f"count{'s' * (len(counted) == 1)} epochs"
                )
        return self


# Which settings each stage depends on, in the pipeline's order. ``dvc.yaml`` lists the same, and a test holds the two
# together. ``inputs`` always runs.
STAGE_SECTIONS: dict[str, tuple[str, ...]] = {
    "inputs": (),
    "collect": ("domain.sources", "corpus.limits"),
    "clean": ("domain.cleaning", "domain.compliance", "corpus"),
    "annotate": ("seed", "domain.annotation"),
    "instruct": ("seed", "domain.task", "domain.split"),
    "teach": ("seed", "domain.task", "model", "objective", "trainer.max_length"),
    "train": (
        "seed",
        "domain.task.reasoning",
        "domain.task.template",
        "model",
        "temporal",
        "strategy",
        "objective",
        "optimizer",
        "scheduler",
        "curriculum.kind",
        "curriculum.phases.${key}",  # each phase is a stage, and only its own settings make it run again
        "trainer",
    ),
    "variant": (
        "seed",
        "domain.task",
        "domain.split",
        "model",
        "temporal",
        "strategy",
        "objective",
        "optimizer",
        "scheduler",
        "curriculum",
        "trainer",
        "evaluation.walk_forward",
    ),
    "compress": ("seed", "model"),
    "evaluate": ("seed", "domain.task", "evaluation", "ability", "compression"),
    "redteam": ("seed", "domain.kind", "domain.language", "domain.task", "compression", "evaluation", "redteam"),
    "report": ("domain.title", "domain.language", "domain.goals", "report"),
    "register": ("domain.goals",),
}


def stage_settings(settings: Settings, stage: str, phase: str = "") -> dict[str, Any]:
    """Return the settings that a stage depends on as plain JSON values, nested as in the composition.

    Args:
        settings: the composition.
        stage: one of ``STAGE_SECTIONS``.
        phase: of the curriculum, for stages that run once for each phase.
    """
    whole = settings.model_dump(mode="json", by_alias=True)
    chosen: dict[str, Any] = {}
    for path in STAGE_SECTIONS[stage]:
        *above, last = path.replace("${key}", phase).split(".")
        source, target = whole, chosen
        for key in above:
            source, target = source[key], target.setdefault(key, {})
        target[last] = source[last]
    return chosen
