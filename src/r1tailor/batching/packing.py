"""Packed micro-batches: rows of shared prefixes and rectangles of examples.

A row is a chain of segments ``[shared][example][example]...[shared]...``. A shared prefix occurs once;
the examples that start with it follow as rectangles: their remaining tokens, padded to one length. The last token of
an answer is left out: nothing is predicted from it. Every linear layer sees one long row; ``kernels/attention.py``
lets each example attend to its prefixes and to itself only. Position ids continue from the prefix in every example,
so the loss and all gradients equal those of one example at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from r1tailor.batching.moved import moved
from r1tailor.batching.pairs import Pairs
from r1tailor.batching.prefixes import WORTH, Group, prefix_tree
from r1tailor.batching.taught import Taught
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.batching.wholes import bins
from r1tailor.batching.windows import Windows, separated

_ALIGNED = 16  # matrix products over a row are up to a tenth slower at other lengths


@dataclass(frozen=True, slots=True)
class Segment:
    """A rectangle of positions in a row: ``examples`` sequences of ``width`` positions each.

    A shared prefix is a segment of one sequence.

    Attributes:
        examples: sequences that follow one another; each attends causally to itself.
        width: positions of each.
        context: indexes of the segments that all of its sequences attend to as a whole, outermost first.
    """

    examples: int
    width: int
    context: tuple[int, ...]


@dataclass(frozen=True)
class MicroBatch:
    """One packed row of T positions, S of whose tokens are supervised.

    Attributes:
        input_ids: [1, T] token ids, padding included.
        position_ids: [1, T] positions as each example would have alone.
        segments: the row from its start on; positions after the last one are padding.
        predictors: [S] positions in the row whose output predicts a supervised token.
        labels: [S] the supervised tokens.
        owners: [S] number of the example each supervised token belongs to, an index into ``members``.
        members: for each example of the row, its index in the sequence that was packed.
        windows: each window of the row once, and where its soft tokens stand; None where no example has one.
        taught: what a teacher expects at each supervised token; None without a teacher.
        pairs: which examples of the row are preferred to which; None without rejected answers.
    """

    input_ids: Tensor
    position_ids: Tensor
    segments: tuple[Segment, ...]
    predictors: Tensor
    labels: Tensor
    owners: Tensor
    members: tuple[int, ...]
    windows: Windows | None = None
    taught: Taught | None = None
    pairs: Pairs | None = None

    @property
    def supervised(self) -> int:
        """Number of supervised tokens: S, without those of rejected answers."""
        return int(self.labels.numel()) if self.pairs is None else int(self.pairs.kept(self.owners).sum())

    @property
    def counts(self) -> tuple[int, int]:
        """Supervised tokens, and pairs: what the sums of an objective are divided by."""
        return self.supervised, 0 if self.pairs is None else len(self.pairs)

    def to(self, device: torch.device) -> "MicroBatch":
        """Return the same micro-batch on a device; copies to a GPU go on while others compute."""
        tensors = {
            name: moved(getattr(self, name), device)
            for name in ("input_ids", "position_ids", "predictors", "labels", "owners")
        }
        windows = None if self.windows is None else self.windows.to(device)
        taught = None if self.taught is None else self.taught.to(device)
        pairs = None if self.pairs is None else self.pairs.to(device)
        return MicroBatch(
            segments=self.segments, members=self.members, windows=windows, taught=taught, pairs=pairs, **tensors
        )


def pack(examples: Sequence[TokenizedExample], token_budget: int, padding: int) -> Iterator[MicroBatch]:
    """Yield micro-batches of at most ``token_budget`` positions that hold every example once.

    Args:
        examples: at least one.
        token_budget: positions a row, without the filler at its end. An example that exceeds it gets a row of
            its own.
        padding: token id to fill up with; it is attended to by nothing that is supervised.
    """
    for part in bins(examples, token_budget):
        for row in packed([examples[index] for index in part], token_budget, padding):
            yield replace(row, members=tuple(part[member] for member in row.members))


def packed(examples: Sequence[TokenizedExample], token_budget: int, padding: int) -> Iterator[MicroBatch]:
    """Yield the rows of examples that are packed together, whatever conversations they are of."""
    tree = prefix_tree([example.prompt for example in examples])
    row = _Row(tree, token_budget)
    for number, group in enumerate(tree):
        tails = [len(examples[index].read) - group.end for index in group.members]
        for rectangle in rectangles(tails):
            waiting = [group.members[index] for index in rectangle]
            width = max(tails[index] for index in rectangle)
            while waiting:
                room = row.room(number, width)
                if room:
                    row.add(number, width, waiting[:room])
                    waiting = waiting[room:]
                else:
                    yield _micro_batch(row, examples, padding)
                    row = _Row(tree, token_budget)
    yield _micro_batch(row, examples, padding)


def rectangles(lengths: Sequence[int], worth: int = WORTH) -> list[list[int]]:
    """Divide examples by length into rectangles, so that padding and rectangles together cost least.

    A rectangle costs its positions and ``worth`` more. The best division of sorted lengths is found by dynamic
    programming over the distinct lengths.

    Returns:
        Indexes into ``lengths``, one list a rectangle, from short to long.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    ends = [k for k in range(1, len(order) + 1) if k == len(order) or lengths[order[k]] != lengths[order[k - 1]]]
    best: dict[int, tuple[int, int]] = {0: (0, 0)}  # examples covered: (cost, where the last rectangle begins)
    for end in ends:
        width = lengths[order[end - 1]]
        best[end] = min((cost + (end - begin) * width + worth, begin) for begin, (cost, _) in best.items())
    found: list[list[int]] = []
    end = len(order)
    while end:
        found.append(order[best[end][1] : end])
        end = best[end][1]
    return found[::-1]


@dataclass
class _Row:
    """A row under construction: its segments, and which group or examples each holds."""

    tree: Sequence[Group]
    budget: int
    segments: list[Segment] = field(default_factory=list)
    contents: list[tuple[Group, list[int]]] = field(default_factory=list)
    placed: dict[int, int] = field(default_factory=dict)  # group: its segment
    length: int = 0

    def room(self, group: int, width: int) -> int:
        """Return how many examples of a width fit; in an empty row at least one does."""
        missing = sum(len(self.tree[g].tokens) for g in self._line(group) if g not in self.placed)
        fitting = (self.budget - self.length - missing) // width
        return max(fitting, 0 if self.segments else 1)

    def add(self, group: int, width: int, members: list[int]) -> None:
        """Append examples of a group, after the shared prefixes that the row does not hold yet."""
        line = self._line(group)
        for depth, g in enumerate(line):
            if g not in self.placed:
                self.placed[g] = len(self.segments)
                context = tuple(self.placed[above] for above in line[:depth])
                self._append(self.tree[g], [], Segment(1, len(self.tree[g].tokens), context))
        context = tuple(self.placed[above] for above in line)
        self._append(self.tree[group], members, Segment(len(members), width, context))

    def _line(self, group: int) -> list[int]:
        """Return the groups that hold a shared prefix of a group's examples, outermost first."""
        line: list[int] = []
        current: int | None = group
        while current is not None:
            if self.tree[current].tokens:
                line.append(current)
            current = self.tree[current].parent
        return line[::-1]

    def _append(self, group: Group, members: list[int], segment: Segment) -> None:
        self.segments.append(segment)
        self.contents.append((group, members))
        self.length += segment.examples * segment.width


def _micro_batch(row: _Row, examples: Sequence[TokenizedExample], padding: int) -> MicroBatch:
    ids: list[int] = []
    positions: list[int] = []
    predictors: list[int] = []
    labels: list[int] = []
    owners: list[int] = []
    order: list[int] = []
    for segment, (group, members) in zip(row.segments, row.contents, strict=True):
        if not members:
            ids += group.tokens
            positions += range(group.start, group.end)
        for index in members:
            example = examples[index]
            tail = example.read[group.end :]
            first = len(ids) + len(example.prompt) - group.end - 1
            predictors += range(first, first + len(example.response))
            labels += example.response
            owners += [len(order)] * len(example.response)
            order.append(index)
            ids += [*tail, *[padding] * (segment.width - len(tail))]
            positions += range(group.end, group.end + segment.width)
    ids, windows = separated(ids, [examples[index].series for index in order if examples[index].series], padding)
    filler = -len(ids) % _ALIGNED
    return MicroBatch(
        input_ids=torch.tensor([[*ids, *[padding] * filler]]),
        position_ids=torch.tensor([[*positions, *[0] * filler]]),
        segments=tuple(row.segments),
        predictors=torch.tensor(predictors),
        labels=torch.tensor(labels),
        owners=torch.tensor(owners),
        members=tuple(order),
        windows=windows,
    )
