"""Which beginnings of prompts are kept once for all that share them, and for how long."""

from collections.abc import Iterator, Sequence

from r1tailor.batching.prefixes import Ids, prefix_tree
from r1tailor.kernels.key_values import Beginning

_WORTH = 512  # positions that a kept beginning has to save: it costs a few products a layer in every step


class Sharing:
    """The tree of prompts' beginnings; a beginning is kept from its first reader to its last one.

    Args:
        prompts: of all answers.

    Attributes:
        order: the prompts' indexes; those that share much are neighbours.
    """

    def __init__(self, prompts: Sequence[Ids]) -> None:
        self._tree = prefix_tree(prompts, _WORTH)
        self._group = {member: number for number, group in enumerate(self._tree) for member in group.members}
        self._lines = [self._line(number) for number in range(len(self._tree))]
        self._readers = [0] * len(self._tree)
        self._kept: dict[int, Beginning] = {}
        self.order = [member for group in self._tree for member in sorted(group.members, key=lambda m: len(prompts[m]))]
        for member in self.order:
            for number in self._lines[self._group[member]]:
                self._readers[number] += 1

    @property
    def mean(self) -> int:
        """How many positions of shared beginnings there are for each prompt, on the average."""
        return -(-sum(len(group.tokens) for group in self._tree) // len(self._group))

    def shared(self, member: int) -> int:
        """Return how many leading tokens of a prompt are kept as shared beginnings."""
        return self._tree[self._group[member]].end

    def context(self, member: int) -> tuple[Beginning, ...]:
        """Return the kept beginnings of a prompt, the outermost first."""
        return tuple(self._kept[number] for number in self._lines[self._group[member]])

    def missing(self, members: Sequence[int]) -> Iterator[list[tuple[int, Ids, tuple[Beginning, ...], Beginning]]]:
        """Yield what has to be read before the rest of some prompts, the outer beginnings first; one depth at once.

        Each is given as one of the prompts, the beginning's own tokens, its context, and what it is kept as.
        """
        lines = {self._group[member]: member for member in members}
        for depth in range(max((len(self._lines[number]) for number in lines), default=0)):
            found = {}
            for number, member in lines.items():
                if depth < len(line := self._lines[number]) and line[depth] not in self._kept:
                    found[line[depth]] = member, line[:depth]
            read = []
            for number, (member, above) in found.items():
                group = self._tree[number]
                self._kept[number] = Beginning(group.start, len(group.tokens))
                read.append((member, group.tokens, tuple(self._kept[n] for n in above), self._kept[number]))
            if read:
                yield read

    def left(self, member: int) -> None:
        """Note that a prompt has its answer; a beginning that nobody reads any more is dropped."""
        for number in self._lines[self._group[member]]:
            self._readers[number] -= 1
            if not self._readers[number]:
                self._kept.pop(number, None)

    def forget(self) -> None:
        """Drop everything that is kept; it is read again where it is needed."""
        self._kept.clear()

    def _line(self, number: int) -> list[int]:
        """Return the groups of a group's beginning that hold tokens, the outermost first."""
        line: list[int] = []
        current: int | None = number
        while current is not None:
            if self._tree[current].tokens:
                line.append(current)
            current = self._tree[current].parent
        return line[::-1]
