"""What a model still knows when its windows are wrong: the examples of before, each with a window that says nothing.

A model that reads its windows gets worse with either; one that does not was never looking at them.
"""

import random
from collections.abc import Sequence
from dataclasses import replace

from r1tailor.errors import DataError
from r1tailor.records import Example


def shuffled(examples: Sequence[Example], seed: int) -> list[Example]:
    """Return the examples, in order, each with the window of another; examples that shared one share one again.

    The distinct windows are put into a random circle, and each is replaced by the next: none stays in its place.
    Examples without a window are left as they are.

    Raises:
        DataError: all windows are the same, so that there is no other.
    """
    windows = list(dict.fromkeys(example.series for example in examples if example.series))
    if len(windows) == 1:
        raise DataError(f"the windows of {len(examples)} examples cannot be shuffled: they are all the same")
    random.Random(seed).shuffle(windows)
    following = dict(zip(windows, [*windows[1:], *windows[:1]], strict=True))
    return [replace(example, series=following.get(example.series, ())) for example in examples]


def zeroed(examples: Sequence[Example]) -> list[Example]:
    """Return the examples, in order, with zeros in their windows."""
    return [replace(example, series=tuple(tuple(0.0 for _ in step) for step in example.series)) for example in examples]
