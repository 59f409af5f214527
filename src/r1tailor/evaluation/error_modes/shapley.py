"""Shapley values of a function of sets (Shapley 1953): exact to 10 members, by drawn permutations above. No torch.

A set is a number whose bits are its members. Permutations are drawn in pairs, one the reverse of the other; whatever
is drawn, the values sum to the function of the full set less that of the empty one (Castro et al. 2009).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

EXACT = 10  # members: 1,024 sets
PAIRS = 16  # of permutations, above that
Worth = Callable[[Sequence[int]], Sequence[float]]  # of each of some sets


@dataclass(frozen=True)
class Shapley:
    """What each member contributes.

    Attributes:
        values: of each member.
        errors: Monte-Carlo standard error of each value; 0 where they are exact.
        full: the function of the full set.
        empty: of the empty set.
    """

    values: tuple[float, ...]
    errors: tuple[float, ...]
    full: float
    empty: float


def shapley(members: int, worth: Worth, seed: int, pairs: int = PAIRS) -> Shapley:
    """Return the Shapley values of a function of sets, which is called once, with each set once.

    Args:
        members: how many, at least one.
        worth: the function.
        seed: of the permutations.
        pairs: of permutations, where there are more than ``EXACT`` members; at least two.
    """
    return _exact(members, worth) if members <= EXACT else _drawn(members, worth, seed, pairs)


def _exact(members: int, worth: Worth) -> Shapley:
    sets = np.arange(2**members)
    found = np.asarray(worth(sets.tolist()), dtype=float)
    sizes = np.bitwise_count(sets)
    weights = np.array([1 / (members * comb(members - 1, size)) for size in range(members)])
    values = []
    for member in range(members):
        without = sets[(sets >> member) & 1 == 0]
        values.append(float(weights[sizes[without]] @ (found[without | (1 << member)] - found[without])))
    return Shapley(tuple(values), (0.0,) * members, float(found[-1]), float(found[0]))


def _drawn(members: int, worth: Worth, seed: int, pairs: int) -> Shapley:
    draw = np.random.default_rng(seed)
    orders = [order for _ in range(pairs) for order in _pair(draw.permutation(members))]
    chains = [_chain(order) for order in orders]
    sets = sorted({one for chain in chains for one in chain})
    found = dict(zip(sets, worth(sets), strict=True))
    gains = np.zeros((len(orders), members))
    for row, order, chain in zip(gains, orders, chains, strict=True):
        row[order] = np.diff([found[one] for one in chain])
    of_pairs = gains.reshape(pairs, 2, members).mean(axis=1)
    errors = of_pairs.std(axis=0, ddof=1) / np.sqrt(pairs)
    full, empty = found[2**members - 1], found[0]
    return Shapley(tuple(of_pairs.mean(axis=0).tolist()), tuple(errors.tolist()), float(full), float(empty))


def _pair(order: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return order, order[::-1]


def _chain(order: NDArray[np.int64]) -> list[int]:
    """Return the sets that grow from the empty to the full one, a member at a time."""
    found = [0]
    for member in order.tolist():
        found.append(found[-1] | 1 << member)
    return found
