"""The order of the examples: in one phase, or in several that follow one another, each a stage of DVC.

A phase is self-contained, because DVC looks at the settings of one phase to decide whether it has to run again. What
phases have in common is set above them in the YAML and referenced in each (``${curriculum.pool}``).
"""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field, model_validator

from r1tailor.fields import Fraction
from r1tailor.schema.base import Section

START, ONLY = "instruct/train.jsonl", "1-all"
PhaseKey = Annotated[str, Field(pattern=r"^[1-9][0-9]?-[a-z0-9][a-z0-9_]*$", max_length=60)]
Share = Annotated[float, Field(gt=0, le=1)]
Pool = Annotated[
    int,
    Field(
        gt=0,
        description="Optimizer steps whose examples are sorted by length together; 1: none, the order is random. More "
        "saves a few percent of padding, but a step then holds one label where prompts are of one length.",
    ),
]
FromExamples = Annotated[
    Literal["instruct/train.jsonl"],
    Field(description="What the phase starts from, below the run's folder: the training examples."),
]
Pacing = Annotated[
    Literal["linear", "root"],
    Field(description="How competence grows over the steps: `linear`, or `root` (of its square: fast at first)."),
]
Replay = Annotated[
    float,
    Field(ge=0, le=1, description="Share of the earlier phases' examples that are trained on again in a phase."),
]
AnyPhase = TypeVar("AnyPhase", bound=Section)


class Difficulty(Section):
    """How hard an example is: a number, more is harder (``curriculum/difficulty.py``)."""

    by: Literal["length", "loss", "level", "disagreement", "task"] = Field(
        description="`length` in tokens; `loss` of the base model (nats per supervised token); "
        "`level` and `disagreement` are fields of the example; `task` is its task's place in `tasks`."
    )
    tasks: Annotated[tuple[str, ...], Field(strict=False, min_length=1)] | None = Field(
        description="The tasks from easy to hard, with `by: task`; otherwise `null`."
    )

    @model_validator(mode="after")
    def _tasks_are_in_order(self) -> "Difficulty":
        if (self.by == "task") == (self.tasks is None):
            raise ValueError("tasks must list the tasks from easy to hard if by = task, and be null otherwise")
        return self


class ShuffledPhase(Section):
    """Random order."""

    after: FromExamples
    pool: Pool


class ByLengthPhase(Section):
    """From the shortest example to the longest."""

    after: FromExamples


class CompetencePhase(Section):
    """Batches from the examples that are easy enough for the competence at each step.

    Competence is the share of the examples, from easy to hard, that may be drawn (Platanios et al. 2019,
    arXiv:1903.09848).
    """

    after: FromExamples
    difficulty: Difficulty = Field(description="What makes an example hard.")
    pacing: Pacing
    initial: Share = Field(description="Competence at the first step.")
    reached: Share = Field(description="Share of the steps after which competence is 1: all examples are drawn from.")


class TakeValues(Section):
    """The examples whose field holds one of some values."""

    kind: Literal["by_value"]
    field: str = Field(min_length=1, max_length=100, description="Name of a field of the examples, such as `level`.")
    values: tuple[str | int, ...] = Field(strict=False, min_length=1, description="The values to take.")


class TakeQuantiles(Section):
    """The examples between two quantiles of a difficulty: ``above < quantile <= up_to``."""

    kind: Literal["by_quantile"]
    difficulty: Difficulty = Field(description="What makes an example hard.")
    above: Fraction = Field(description="Quantile that the examples lie above; 0 begins with the easiest.")
    up_to: Share = Field(description="Quantile that the examples lie at or below; 1 ends with the hardest.")

    @model_validator(mode="after")
    def _is_a_range(self) -> "TakeQuantiles":
        if self.above >= self.up_to:
            raise ValueError("above must be below up_to")
        return self


Take = Annotated[TakeValues | TakeQuantiles, Field(discriminator="kind")]


class Phase(Section):
    """One of several phases, in random order."""

    after: str = Field(
        description="What the phase starts from, below the run's folder: `instruct/train.jsonl` for the first, "
        "`train/<phase before>/model` for the others."
    )
    take: Take | None = Field(description="Which examples the phase trains on; `null`: all.")
    share: Share | None = Field(
        description="Length of the phase as a share of the steps that the trainer's settings give the run; "
        "`null` if `epochs` is given."
    )
    epochs: Annotated[int, Field(gt=0)] | None = Field(
        description="Length of the phase in passes over its examples; `null` if `share` is given."
    )
    replay: Replay
    pool: Pool

    @model_validator(mode="after")
    def _has_one_length(self) -> "Phase":
        if (self.share is None) == (self.epochs is None):
            raise ValueError("give share (of the run's steps) or epochs, and null for the other")
        return self


class OnePhase(Section, Generic[AnyPhase]):
    """The phases of a curriculum that has one."""

    whole: AnyPhase = Field(alias="1-all", description="The one phase.")


class _OfOnePhase(Section, Generic[AnyPhase]):
    phases: OnePhase[AnyPhase] = Field(description="The phases by their keys.")
    final: Literal["1-all"] = Field(description="Key of the last phase, whose model is evaluated.")

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the phases, in their order."""
        return (ONLY,)


class ShuffledCurriculum(_OfOnePhase[ShuffledPhase]):
    """One phase, random order."""

    kind: Literal["shuffled"]
    pool: Pool


class ByLengthCurriculum(_OfOnePhase[ByLengthPhase]):
    """One phase, from the shortest example to the longest."""

    kind: Literal["by_length"]


class CompetenceCurriculum(_OfOnePhase[CompetencePhase]):
    """One phase, in which ever harder examples join in."""

    kind: Literal["competence"]
    difficulty: Difficulty = Field(description="What makes an example hard; the phase refers to it.")
    pacing: Pacing


class PhasedCurriculum(Section):
    """Phases that follow one another, each from the model of the one before."""

    kind: Literal["phased"]
    pool: Pool
    replay: Replay
    difficulty: Difficulty | None = Field(
        description="What makes an example hard, for phases that go by quantiles; `null` where none does."
    )
    phases: dict[PhaseKey, Phase] = Field(
        min_length=1,
        description="The phases by their keys, in order: `<number>-<name>`. To change one setting of one phase: "
        "`'curriculum.phases={2-middle: {replay: 0.5}}'`.",
    )
    final: PhaseKey = Field(description="Key of the last phase, whose model is evaluated.")

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the phases, in their order."""
        return tuple(self.phases)

    @model_validator(mode="after")
    def _follow_one_another(self) -> "PhasedCurriculum":
        starts = (START, *(f"train/{key}/model" for key in self.phases))
        for number, ((key, phase), start) in enumerate(zip(self.phases.items(), starts, strict=False), start=1):
            if not key.startswith(f"{number}-"):
                raise ValueError(f"phases.{key}: phase number {number} has to be called {number}-<name>")
            if phase.after != start:
                raise ValueError(f"phases.{key}.after = {phase.after!r}: must be {start}, where it starts from")
        if self.final != self.keys[-1]:
            raise ValueError(f"final = {self.final!r}: must be {self.keys[-1]}, the last of phases")
        return self

    @model_validator(mode="after")
    def _fill_the_run(self) -> "PhasedCurriculum":
        if self.phases[self.keys[0]].replay:
            raise ValueError(f"phases.{self.keys[0]}.replay: must be 0: no phase is before it")
        shares = [phase.share for phase in self.phases.values() if phase.share is not None]
        if sum(shares) > 1 + 1e-6 or (len(shares) == len(self.phases) and sum(shares) < 1 - 1e-6):
            raise ValueError(
                f"the shares of phases add up to {sum(shares):g}: must be 1, or less with phases of epochs"
            )
        return self


Curriculum = Annotated[
    ShuffledCurriculum | ByLengthCurriculum | CompetenceCurriculum | PhasedCurriculum, Field(discriminator="kind")
]
