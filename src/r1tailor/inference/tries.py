"""The beginnings by which labels of a closed set are told apart, as a trie of token ids. No torch."""

from collections.abc import Sequence

Ids = tuple[int, ...]


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


def _common(a: Ids, b: Ids) -> int:
    for position, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return position
    return min(len(a), len(b))
