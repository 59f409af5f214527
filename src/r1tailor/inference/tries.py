"""The beginnings by which labels of a closed set are told apart, as a trie of token ids. No torch."""

import math
from collections.abc import Iterable, Sequence

Ids = tuple[int, ...]
_LEAST = 1e-30  # probability that is left, at least: a score is finite


def distinguishing(sequences: Sequence[Ids]) -> list[Ids]:
    """Return each sequence's shortest beginning that no other sequence shares (or the whole sequence)."""
    result = []
    for sequence in sequences:
        others = [other for other in sequences if other is not sequence]
        shared = max((_common(sequence, other) for other in others), default=0)
        result.append(sequence[: min(shared + 1, len(sequence))])
    return result


def inner_paths(sequences: Sequence[Ids]) -> list[Ids]:
    """Return the longest paths to inner nodes of the sequences' trie: every node lies on one of them."""
    nodes = {sequence[:k] for sequence in sequences for k in range(len(sequence))}
    parents = {node[:k] for node in nodes for k in range(len(node))}
    return sorted(nodes - parents)


def continued(ids: Ids, sequences: Sequence[Ids]) -> set[Ids]:
    """Return the beginnings, one token longer, of the sequences that another one begins."""
    return {one[: len(ids) + 1] for one in sequences if len(one) > len(ids) and one[: len(ids)] == ids}


def none_of(log_probabilities: Iterable[float]) -> float:
    """Return the log-probability that none of some events occurs that exclude each other; 0.0 without events.

    >>> round(math.exp(none_of([math.log(0.5), math.log(0.3)])), 6)
    0.2
    """
    return math.log(max(1 - math.fsum(map(math.exp, log_probabilities)), _LEAST))


def _common(a: Ids, b: Ids) -> int:
    for position, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return position
    return min(len(a), len(b))
