"""From the shortest example to the longest: the simplest curriculum there is."""

from collections.abc import Sequence

from r1tailor.curriculum.shuffled import cut, together


def steps(lengths: Sequence[int], batch_size: int, conversations: Sequence[str] | None = None) -> list[list[int]]:
    """Sort by length (ties in file order) and cut into steps; every epoch is the same.

    Turns of one conversation (``conversations``, of each example) stay together and count as long as their longest.
    """
    units = together(conversations or [""] * len(lengths))
    return cut(sorted(units, key=lambda unit: max(lengths[one] for one in unit)), batch_size)
