"""Random order, with the turns of a conversation, and on request examples of similar length, in one step."""

import random
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise


def steps(
    lengths: Sequence[int],
    batch_size: int,
    seed: int | str,
    epoch: int,
    pool: int,
    conversations: Sequence[str] | None = None,
) -> list[list[int]]:
    """Shuffle, sort by length within pools of ``pool`` steps, cut into steps, and shuffle those.

    With a pool of one step the order is random. With more, a few percent of padding are saved, and the price is this:
    where prompts are of about one length, the length tells the answer, so that a step holds little but one label and
    its gradient says how frequent that is, not when it is right. Turns of one conversation stay next to each other, so
    that a row holds their shared history once; they count as long as the longest of them.

    Args:
        lengths: of the examples, in tokens.
        batch_size: examples of a step.
        seed: of the run, and of the phase.
        epoch: number of the pass.
        pool: steps among which lengths decide.
        conversations: of each example, empty for one that stands alone; None where all do.
    """
    generator = random.Random(f"{seed}/{epoch}")
    units = together(conversations or [""] * len(lengths))
    generator.shuffle(units)
    begins = accumulate((len(unit) for unit in units), initial=0)
    pools = [begin // (batch_size * pool) for begin in begins]
    placed = [(pools[number], max(lengths[one] for one in unit)) for number, unit in enumerate(units)]
    ordered = [units[number] for number in sorted(range(len(units)), key=placed.__getitem__)]
    result = cut(ordered, batch_size)
    generator.shuffle(result)
    return result


def cut(units: Sequence[Sequence[int]], batch_size: int) -> list[list[int]]:
    """Cut examples into steps of about ``batch_size``, as many as if they were alone, and at the ends of units.

    A cut that falls into a unit moves to the nearer end of it, if that is less than half a batch away.

    >>> cut([[0, 1, 2], [3, 4, 5], [6, 7]], 4)
    [[0, 1, 2], [3, 4, 5, 6, 7]]
    """
    order = [index for unit in units for index in unit]
    ends = [0, *accumulate(map(len, units))]
    cuts = [0]
    for wanted in range(batch_size, len(order), batch_size):
        after = bisect_left(ends, wanted)
        near = [end for end in ends[after - 1 : after + 1] if end < len(order) and 2 * abs(end - wanted) < batch_size]
        cuts.append(min((abs(end - wanted), end) for end in near)[1] if near else wanted)
    return [order[begin:end] for begin, end in pairwise([*cuts, len(order)]) if begin < end]


def together(conversations: Sequence[str]) -> list[list[int]]:
    """Return the indexes of examples in their order, those of one conversation in one list.

    >>> together(["", "a", "", "a"])
    [[0], [1, 3], [2]]
    """
    found: dict[str | int, list[int]] = {}
    for index, conversation in enumerate(conversations):
        found.setdefault(conversation or index, []).append(index)
    return list(found.values())
