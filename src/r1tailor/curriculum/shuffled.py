"""Random order, with examples of similar length in one optimizer step."""

import random
from collections.abc import Sequence


def steps(lengths: Sequence[int], batch_size: int, seed: int | str, epoch: int, pool: int) -> list[list[int]]:
    """Shuffle, sort by length within pools of ``pool`` steps, cut into steps, and shuffle those.

    Padding is saved without giving up randomness: which examples meet in a pool, and the order of the steps,
    are random; only within a pool do lengths decide.
    """
    generator = random.Random(f"{seed}/{epoch}")
    order = list(range(len(lengths)))
    generator.shuffle(order)
    result = []
    for start in range(0, len(order), batch_size * pool):
        members = sorted(order[start : start + batch_size * pool], key=lengths.__getitem__)
        result += [members[i : i + batch_size] for i in range(0, len(members), batch_size)]
    generator.shuffle(result)
    return result
