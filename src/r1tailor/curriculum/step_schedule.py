"""One phase of training as optimizer steps: how many, and which examples form each.

Which they are is a function of (seed, phase, epoch, step) alone, so that a resumed run sees the order that it would
have seen. All curricula of the same trainer settings have the same number of steps, so that they can be compared.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from r1tailor.curriculum import by_length, competence, phase_selection, shuffled
from r1tailor.curriculum.difficulty import Material, quantiles, scores
from r1tailor.errors import ConfigError
from r1tailor.schema.curriculum import (
    ByLengthCurriculum,
    CompetenceCurriculum,
    CompetencePhase,
    Curriculum,
    PhasedCurriculum,
    ShuffledCurriculum,
    TakeQuantiles,
)
from r1tailor.schema.settings import Settings
from r1tailor.schema.training import decided


@dataclass(frozen=True)
class Course:
    """The optimizer steps of one phase.

    Attributes:
        per_epoch: steps of one pass.
        total: steps of the phase; passes begin again until they are done.
        members: indexes of the examples that take part.
        steps: returns those of one pass, by its number, each the indexes of its examples.
        begin: step of the learning rate's schedule at which the phase begins: 0, unless it runs over the run.
        scheduled: steps of that schedule; 0 for those of the phase.
    """

    per_epoch: int
    total: int
    members: Sequence[int]
    steps: Callable[[int], list[list[int]]]
    begin: int = 0
    scheduled: int = 0


def course(settings: Settings, key: str, material: Material) -> Course:
    """Return the optimizer steps of a phase.

    Raises:
        DataError: the phase takes no example, or one lacks the field that orders the phase.
        ConfigError: not one step of the run falls to the phase.
    """
    curriculum, batch_size, seed = settings.curriculum, settings.trainer.batch_size, settings.seed
    lengths = [len(tokens) for tokens in material.tokens]
    told = [tokens.conversation for tokens in material.tokens]
    everything, per_epoch = range(len(lengths)), -(-len(lengths) // batch_size)
    total = run_steps(settings, len(lengths))
    match curriculum:
        case ShuffledCurriculum():
            pool = curriculum.phases.whole.pool
            return Course(
                per_epoch, total, everything, lambda n: shuffled.steps(lengths, batch_size, seed, n, pool, told)
            )
        case ByLengthCurriculum():
            return Course(per_epoch, total, everything, lambda _: by_length.steps(lengths, batch_size, told))
        case CompetenceCurriculum():
            return _paced(curriculum.phases.whole, settings, material, per_epoch, total, told)
        case PhasedCurriculum():
            return _phase(curriculum, key, settings, material)


def run_steps(settings: Settings, examples: int) -> int:
    """Return the optimizer steps of a whole run, all phases together, unless phases count in epochs."""
    planned = -(-examples // settings.trainer.batch_size) * decided(settings.trainer.max_epochs)
    return min(planned, settings.trainer.max_steps or planned)


def needs_losses(curriculum: Curriculum) -> bool:
    """Whether a curriculum is ordered by the base model's loss."""
    match curriculum:
        case CompetenceCurriculum():
            return curriculum.phases.whole.difficulty.by == "loss"
        case PhasedCurriculum():
            takes = [phase.take for phase in curriculum.phases.values()]
            return any(isinstance(take, TakeQuantiles) and take.difficulty.by == "loss" for take in takes)
        case _:
            return False


def shares_of(settings: Settings, key: str, held_out: Material, train: Material) -> Mapping[str, frozenset[int]]:
    """Return for a phase and each before it the held-out examples that it is about; empty where there is one phase."""
    curriculum = settings.curriculum
    if not isinstance(curriculum, PhasedCurriculum) or not held_out.tokens:
        return {}
    so_far = curriculum.keys[: curriculum.keys.index(key) + 1]  # a phase depends on none that follows
    found = {k: phase_selection.taken(curriculum.phases[k], held_out, settings.seed, train) for k in so_far}
    return {k: frozenset(indexes) for k, indexes in found.items() if indexes}


def _paced(
    phase: CompetencePhase, settings: Settings, material: Material, per_epoch: int, total: int, told: Sequence[str]
) -> Course:
    places = quantiles(scores(phase.difficulty, material), settings.seed)
    over = max(1.0, phase.reached * total)

    def steps(epoch: int) -> list[list[int]]:
        numbers = range(epoch * per_epoch, (epoch + 1) * per_epoch)
        allowed = [competence.competence(number, over, phase.initial, phase.pacing) for number in numbers]
        return competence.steps(places, settings.trainer.batch_size, settings.seed, numbers, allowed, told)

    return Course(per_epoch, total, range(len(places)), steps)


def _phase(curriculum: PhasedCurriculum, key: str, settings: Settings, material: Material) -> Course:
    phase, batch_size = curriculum.phases[key], settings.trainer.batch_size
    members = phase_selection.members(curriculum, key, material, settings.seed)
    lengths = [len(material.tokens[index]) for index in members]
    told = [material.tokens[index].conversation for index in members]
    per_epoch = -(-len(members) // batch_size)
    of_run = run_steps(settings, len(material.tokens))
    begin, end = (0, per_epoch * phase.epochs) if phase.epochs else _share(curriculum, key, of_run)

    def steps(epoch: int) -> list[list[int]]:
        order = shuffled.steps(lengths, batch_size, f"{settings.seed}/{key}", epoch, phase.pool, told)
        return [[members[place] for place in step] for step in order]

    rate = (begin, of_run) if settings.scheduler.over == "run" else (0, 0)
    return Course(per_epoch, end - begin, members, steps, *rate)


def _share(curriculum: PhasedCurriculum, key: str, total: int) -> tuple[int, int]:
    """Return the first step of a phase and that after its last; rounded so that those of all phases add up."""
    before, ends = 0.0, {}
    for other, phase in curriculum.phases.items():
        ends[other] = (round(before * total), round((before + (phase.share or 0)) * total))
        before += phase.share or 0
    begin, end = ends[key]
    if begin == end:
        raise ConfigError(
            [f"curriculum.phases.{key}.share: none of {total} steps falls to it; raise it, or trainer.max_steps"]
        )
    return begin, end
