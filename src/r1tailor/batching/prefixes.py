"""Shared prefixes are found, not configured: the prefix tree of a set of prompts.

The prompts are sorted; neighbours with a common prefix form groups, and groups nest (an instruction that all share,
below it a document that some share). A group is kept where computing its tokens once saves more positions than
one more segment costs; where nothing is shared the tree is its root alone, and costs nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

WORTH = 16  # positions that one more segment costs in small kernels (measured on the embedded model, CPU)

Ids = tuple[int, ...]


@dataclass(slots=True)
class Group:
    """Examples whose prompts begin alike.

    Attributes:
        parent: index of the enclosing group in the tree, None for the root.
        start: how many leading tokens the enclosing groups hold.
        tokens: what the members share beyond those; empty in a root that shares nothing.
        members: indexes of the examples that belong to no narrower group.
    """

    parent: int | None
    start: int
    tokens: Ids
    members: list[int] = field(default_factory=list)

    @property
    def end(self) -> int:
        """How many leading tokens all members share."""
        return self.start + len(self.tokens)


def prefix_tree(prompts: Sequence[Ids], worth: int = WORTH) -> list[Group]:
    """Return the groups, each before the groups within it; every example is a member of exactly one.

    A prompt keeps at least its last token to itself, for its first answer token is predicted there.

    Args:
        prompts: at least one, none empty.
        worth: positions that a group has to save.
    """
    order = sorted(range(len(prompts)), key=prompts.__getitem__)
    tree = [Group(None, 0, ())]
    waiting = [(0, order)]
    while waiting:
        parent, part = waiting.pop()
        if len(part) == 1:
            tree[parent].members += part
            continue
        inherited, end = tree[parent].end, _shared(prompts, part)
        if (len(part) - 1) * (end - inherited) >= worth:
            tree.append(Group(parent, inherited, prompts[part[0]][inherited:end]))
            parent = len(tree) - 1
        waiting += [(parent, narrower) for narrower in _parts(prompts, part, end)]
    return tree


def _shared(prompts: Sequence[Ids], ordered: Sequence[int]) -> int:
    """Return how many leading tokens all shares, leaving each prompt at least one of its own."""
    first, last = prompts[ordered[0]], prompts[ordered[-1]]  # in lexicographic order, these two differ first
    limit = min(len(prompts[index]) for index in ordered) - 1
    for position, (a, b) in enumerate(zip(first[:limit], last[:limit], strict=True)):
        if a != b:
            return position
    return limit


def _parts(prompts: Sequence[Ids], ordered: Sequence[int], end: int) -> Iterator[list[int]]:
    """Divide sorted prompts by the token after the ``end`` that all share; one whose last it is stands alone."""
    alone = [index for index in ordered if len(prompts[index]) == end + 1]
    yield from ([index] for index in alone)
    longer = [index for index in ordered if len(prompts[index]) > end + 1]
    for _, part in groupby(longer, key=lambda index: prompts[index][end]):
        yield list(part)
