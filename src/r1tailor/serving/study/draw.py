"""What each rater sees, in which order and on which side: drawn at random, balanced within each rater.

Each rater sees each item once, and some of them a second time with the sides exchanged. Half of the items, and half
of the repeats, show the first subject as A (one more or less where the number is odd). Two raters who follow each other
see every item with opposite sides, so that a preference for one side cancels within an item.

Items come in blocks that are the same for all raters and in an order of each rater's own within a block: items are
completed one block after another, and no item always comes last.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from r1tailor.errors import UserError

_BLOCK = 10  # items
FEWEST_ITEMS = 6


@dataclass(frozen=True, slots=True)
class Trial:
    """One page of one rater.

    Attributes:
        item: index of the item in the study.
        swapped: whether answer A is that of the second subject.
        repeat: whether the rater has seen the item before; repeats measure consistency and count for nothing else.
    """

    item: int
    swapped: bool
    repeat: bool = False


def draw(items: int, raters: int, repeats: int, seed: int) -> list[list[Trial]]:
    """Return the trials of each rater, in order.

    Args:
        items: number of items.
        raters: number of raters.
        repeats: how many items each rater sees a second time; at most a third of the items.
        seed: of the draw.

    Raises:
        UserError: there are too few items, or too many repeats for them to lie far apart.
    """
    if items < FEWEST_ITEMS:
        raise UserError(f"--items {items}: a study needs at least {FEWEST_ITEMS} items")
    if repeats > items // 3:
        raise UserError(f"{repeats} repeats: at most {items // 3} of {items} items can be repeated far enough apart")
    generator = np.random.default_rng(seed)
    drawn: list[list[Trial]] = []
    sides = _balanced(items, generator)
    for rater in range(raters):
        # The second of a pair of raters sees the first one's sides exchanged.
        sides = ~sides if rater % 2 else _balanced(items, generator)
        first = [Trial(item, bool(sides[item])) for item in _order(items, generator)]
        drawn.append(_with_repeats(first, repeats, generator))
    return drawn


def _balanced(n: int, generator: np.random.Generator) -> NDArray[np.bool_]:
    """Return n sides, half of them True; which half has one more where n is odd is drawn too."""
    sides: NDArray[np.bool_] = np.arange(n) % 2 == generator.integers(2)
    generator.shuffle(sides)
    return sides


def _order(items: int, generator: np.random.Generator) -> list[int]:
    blocks = [range(start, min(start + _BLOCK, items)) for start in range(0, items, _BLOCK)]
    return [int(item) for block in blocks for item in generator.permutation(block)]


def _with_repeats(first: Sequence[Trial], repeats: int, generator: np.random.Generator) -> list[Trial]:
    """Return a rater's trials: items of the first third come again, sides exchanged, spread over the second half."""
    early = first[: len(first) // 3]
    of_side = [[trial for trial in early if trial.swapped == side] for side in (False, True)]
    chosen: list[Trial] = []
    for side, wanted in enumerate((repeats - repeats // 2, repeats // 2)):
        count = min(wanted, len(of_side[side]))
        chosen += [of_side[side][index] for index in generator.permutation(len(of_side[side]))[:count]]
    spare = [trial for trial in early if trial not in chosen]
    chosen += [spare[index] for index in generator.permutation(len(spare))[: repeats - len(chosen)]]
    again = [Trial(chosen[index].item, not chosen[index].swapped, True) for index in generator.permutation(len(chosen))]
    half = len(first) // 2
    places = sorted(generator.integers(half + 1, len(first) + 1, len(again)).tolist(), reverse=True)
    trials = list(first)
    for place, trial in zip(places, again, strict=True):
        trials.insert(place, trial)
    return trials
