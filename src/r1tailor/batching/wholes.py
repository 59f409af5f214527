"""Conversations are put into rows as wholes: one that is cut in two repeats its history in both rows."""

from collections.abc import Sequence

from r1tailor.batching.prefixes import prefix_tree
from r1tailor.batching.tokens import TokenizedExample


def bins(examples: Sequence[TokenizedExample], budget: int) -> list[list[int]]:
    """Return indexes of examples that are packed together: in one bin where there is no conversation.

    The longest conversation goes first, each into the first bin with room for it (first fit decreasing); one that no
    row holds has a bin of its own. Examples that stand alone share a bin.
    """
    told: dict[str, list[int]] = {}
    for index, example in enumerate(examples):
        told.setdefault(example.conversation, []).append(index)
    alone = told.pop("", [])
    sizes = {name: _positions([examples[index] for index in members]) for name, members in told.items()}
    found: list[list[int]] = []
    rooms: list[int] = []
    for name in sorted(told, key=lambda name: -sizes[name]):
        place = next((place for place, room in enumerate(rooms) if room >= sizes[name]), len(rooms))
        if place == len(rooms):
            rooms.append(budget)
            found.append([])
        rooms[place] -= sizes[name]
        found[place] += told[name]
    return [*([alone] if alone else []), *found]


def _positions(examples: Sequence[TokenizedExample]) -> int:
    """Return how many positions examples take in a row of their own, without padding."""
    tree = prefix_tree([example.prompt for example in examples])
    own = sum(len(examples[index].read) - group.end for group in tree for index in group.members)
    return own + sum(len(group.tokens) for group in tree)
