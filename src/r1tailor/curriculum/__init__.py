"""Examples become ordered batches: tokens, the order of the optimizer steps, packed micro-batches."""

from collections.abc import Sequence

from r1tailor.curriculum import by_length, shuffled
from r1tailor.schema import ByLengthCurriculum, ShuffledCurriculum


def steps(
    settings: ShuffledCurriculum | ByLengthCurriculum, lengths: Sequence[int], batch_size: int, seed: int, epoch: int
) -> list[list[int]]:
    """Return one epoch's optimizer steps, each the indices of its examples.

    A function of its arguments alone: a resumed run sees the order that it would have seen.
    """
    match settings:
        case ShuffledCurriculum():
            return shuffled.steps(lengths, batch_size, seed, epoch, settings.pool)
        case ByLengthCurriculum():
            return by_length.steps(lengths, batch_size)
