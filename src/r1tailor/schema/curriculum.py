"""In which order the examples come: in one phase, or in several that follow one another, each a stage of DVC.

A phase is self-contained, for DVC looks at the settings of one phase to know whether that one has to run again. What
phases have in common stands above them in the YAML and is named in each (``${curriculum.pool}``).
"""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field, model_validator

from r1tailor.fields import Fraction, Location
from r1tailor.schema.base import Section

START, ONLY = "instruct/train.jsonl", "1-all"
PhaseKey = Annotated[str, Field(pattern=r"^[1-9][0-9]?-[a-z0-9][a-z0-9_]*$", max_length=60)]
Share = Annotated[float, Field(gt=0, le=1)]
Pool = Annotated[int, Field(gt=0)]
AnyPhase = TypeVar("AnyPhase", bound=Section)


class Difficulty(Section):
    """How hard an example is: a number, more is harder (``curriculum/difficulty.py``).

    ``length`` in tokens; ``loss`` of the base model (nats a supervised token); ``level`` and ``disagreement`` are
    fields of the example; ``task`` is the place of its field ``task`` in the list ``tasks``.
    """

    by: Literal["length", "loss", "level", "disagreement", "task"]
    tasks: Annotated[tuple[str, ...], Field(strict=False, min_length=1)] | None

    @model_validator(mode="after")
    def _tasks_are_in_order(self) -> "Difficulty":
        if (self.by == "task") == (self.tasks is None):
            raise ValueError("tasks must list the tasks from easy to hard if by = task, and be null otherwise")
        return self


class ShuffledPhase(Section):
    """Random order; ``pool`` steps are sorted by length together, to save padding."""

    after: Literal["instruct/train.jsonl"]
    pool: Pool


class ByLengthPhase(Section):
    """From the shortest example to the longest."""

    after: Literal["instruct/train.jsonl"]


class CompetencePhase(Section):
    """Batches from the examples that are easy enough for the competence at each step.

    Competence is the share of the examples, from easy to hard, that may be drawn: ``initial`` at the first step, 1
    once the share ``reached`` of the steps is done (Platanios et al. 2019, arXiv:1903.09848).
    """

    after: Literal["instruct/train.jsonl"]
    difficulty: Difficulty
    pacing: Literal["linear", "root"]
    initial: Share
    reached: Share


class TakeValues(Section):
    """The examples whose field holds one of some values."""

    kind: Literal["by_value"]
    field: Annotated[str, Field(min_length=1, max_length=100)]
    values: Annotated[tuple[str | int, ...], Field(strict=False, min_length=1)]


class TakeQuantiles(Section):
    """The examples between two quantiles of a difficulty: ``above < quantile <= up_to``."""

    kind: Literal["by_quantile"]
    difficulty: Difficulty
    above: Fraction
    up_to: Share

    @model_validator(mode="after")
    def _is_a_range(self) -> "TakeQuantiles":
        if self.above >= self.up_to:
            raise ValueError("above must be below up_to")
        return self


Take = Annotated[TakeValues | TakeQuantiles, Field(discriminator="kind")]


class Phase(Section):
    """One of several phases, in random order.

    ``take`` says which examples it is about (null: all); ``replay`` is the share of the earlier phases' examples that
    come back in it. It lasts a ``share`` of the steps that the trainer's settings give the run, or some ``epochs``.
    """

    after: Location
    take: Take | None
    share: Share | None
    epochs: Annotated[int, Field(gt=0)] | None
    replay: Annotated[float, Field(ge=0, le=1)]
    pool: Pool

    @model_validator(mode="after")
    def _has_one_length(self) -> "Phase":
        if (self.share is None) == (self.epochs is None):
            raise ValueError("give share (of the run's steps) or epochs, and null for the other")
        return self


class OnePhase(Section, Generic[AnyPhase]):
    """The phases of a curriculum that has one."""

    whole: Annotated[AnyPhase, Field(alias="1-all")]


class _OfOnePhase(Section, Generic[AnyPhase]):
    phases: OnePhase[AnyPhase]
    final: Literal["1-all"]

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the phases, in their order."""
        return (ONLY,)


class ShuffledCurriculum(_OfOnePhase[ShuffledPhase]):
    """One phase, random order; ``pool`` steps are sorted by length together to save padding."""

    kind: Literal["shuffled"]
    pool: Pool


class ByLengthCurriculum(_OfOnePhase[ByLengthPhase]):
    """One phase, from the shortest example to the longest."""

    kind: Literal["by_length"]


class CompetenceCurriculum(_OfOnePhase[CompetencePhase]):
    """One phase, in which ever harder examples join in."""

    kind: Literal["competence"]
    difficulty: Difficulty
    pacing: Literal["linear", "root"]


class PhasedCurriculum(Section):
    """Phases that follow one another, each from the model of the one before; ``final`` names the last."""

    kind: Literal["phased"]
    pool: Pool
    replay: Annotated[float, Field(ge=0, le=1)]
    difficulty: Difficulty | None
    phases: Annotated[dict[PhaseKey, Phase], Field(min_length=1)]
    final: PhaseKey

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
