"""Which examples a phase trains on, and which of the earlier phases it replays."""

import hashlib
from collections.abc import Sequence
from itertools import takewhile

from r1tailor.curriculum.difficulty import Material, quantiles, quantiles_among, scores
from r1tailor.errors import DataError
from r1tailor.schema.curriculum import Phase, PhasedCurriculum, TakeQuantiles, TakeValues


def members(curriculum: PhasedCurriculum, key: str, material: Material, seed: int) -> list[int]:
    """Return the indexes of a phase's training examples, replayed ones included, in their order.

    Raises:
        DataError: the phase takes no example, or one lacks the field that orders the phase.
    """
    own = taken(curriculum.phases[key], material, seed)
    if not own:
        raise DataError(f"curriculum.phases.{key}.take takes none of {len(material.tokens):,} training examples")
    before = {
        index
        for earlier in takewhile(lambda other: other != key, curriculum.keys)
        for index in taken(curriculum.phases[earlier], material, seed)
    }
    again = replayed(sorted(before - set(own)), curriculum.phases[key].replay, seed, key)
    return sorted([*own, *again])


def taken(phase: Phase, material: Material, seed: int, reference: Material | None = None) -> list[int]:
    """Return the indexes of the examples that a phase is about.

    Args:
        phase: its settings.
        material: to take from.
        seed: decides among equals.
        reference: the training examples, where the material is others: quantiles are those among these.
    """
    match phase.take:
        case TakeValues() as take:
            return [i for i in range(len(material.tokens)) if material.value(i, take.field) in take.values]
        case TakeQuantiles() as take:
            found = scores(take.difficulty, material)
            places = quantiles_among(found, scores(take.difficulty, reference)) if reference else quantiles(found, seed)
            return [i for i, place in enumerate(places) if take.above < place <= take.up_to]
        case None:
            return list(range(len(material.tokens)))


def replayed(earlier: Sequence[int], share: float, seed: int, key: str) -> list[int]:
    """Return a share of the earlier examples, chosen by (seed, phase, index) alone; a larger share holds a smaller."""

    def lot(index: int) -> bytes:
        return hashlib.sha256(f"{seed}/{key}/{index}".encode()).digest()

    return sorted(earlier, key=lot)[: round(share * len(earlier))]
