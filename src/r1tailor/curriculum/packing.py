"""Packed micro-batches: one row of a shared prefix, then a rectangle of examples.

A row is ``[prefix][example][example]...``: the tokens that all prompts begin with, once, then each example's
remaining tokens padded to one length. Every linear layer sees one long row; ``model/attention.py`` lets each
example attend to the prefix and to itself only. Position ids go on from the prefix in every example, so the
loss and all gradients equal those of one example at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from r1tailor.curriculum.tokens import TokenizedExample, shared_prefix

_ROUND_TO = 8  # few distinct lengths, aligned rows


@dataclass(frozen=True)
class MicroBatch:
    """One packed row. T = prefix + examples * width positions, S supervised tokens.

    Attributes:
        input_ids: [1, T] token ids, padding included.
        position_ids: [1, T] positions as each example would have alone.
        prefix: length of the shared prefix, may be 0.
        examples: how many examples the rectangle holds.
        predictors: [S] positions in the row whose output predicts a supervised token.
        labels: [S] the supervised tokens.
        owners: [S] number (0 .. examples - 1) of the example each supervised token belongs to.
        members: for each example of the rectangle, its index in the sequence that was packed.
    """

    input_ids: Tensor
    position_ids: Tensor
    prefix: int
    examples: int
    predictors: Tensor
    labels: Tensor
    owners: Tensor
    members: tuple[int, ...]

    @property
    def supervised(self) -> int:
        """Number of supervised tokens S."""
        return int(self.labels.numel())

    def to(self, device: torch.device) -> "MicroBatch":
        """Return the same micro-batch on a device."""
        moved = {
            name: getattr(self, name).to(device, non_blocking=True)
            for name in ("input_ids", "position_ids", "predictors", "labels", "owners")
        }
        return MicroBatch(prefix=self.prefix, examples=self.examples, members=self.members, **moved)


def pack(examples: Sequence[TokenizedExample], token_budget: int, padding: int) -> Iterator[MicroBatch]:
    """Yield micro-batches of at most ``token_budget`` positions that hold every example once.

    Examples are sorted by length, so that little is padded. One that exceeds the budget alone gets a row of
    its own.

    Args:
        examples: at least one.
        token_budget: positions a row, padding included.
        padding: token id to fill up with; it is attended to by nothing that is supervised.
    """
    prefix = shared_prefix([example.prompt for example in examples])
    order = sorted(range(len(examples)), key=lambda index: len(examples[index]))
    rows: list[list[int]] = [[]]
    for index in order:
        width = _rounded(len(examples[index]) - prefix)
        if rows[-1] and prefix + (len(rows[-1]) + 1) * width > token_budget:
            rows.append([])
        rows[-1].append(index)
    for members in rows:
        yield _row([examples[index] for index in members], prefix, tuple(members), padding)


def _rounded(length: int) -> int:
    return -(-length // _ROUND_TO) * _ROUND_TO


def _row(examples: Sequence[TokenizedExample], prefix: int, members: tuple[int, ...], padding: int) -> MicroBatch:
    width = _rounded(max(len(example) for example in examples) - prefix)
    ids = list(examples[0].prompt[:prefix])
    predictors: list[int] = []
    labels: list[int] = []
    owners: list[int] = []
    for number, example in enumerate(examples):
        tail = (*example.prompt[prefix:], *example.response)
        end = len(ids) + len(tail)
        predictors += range(end - len(example.response) - 1, end - 1)
        labels += example.response
        owners += [number] * len(example.response)
        ids += [*tail, *[padding] * (width - len(tail))]
    positions = torch.cat([torch.arange(prefix), torch.arange(prefix, prefix + width).repeat(len(examples))])
    return MicroBatch(
        input_ids=torch.tensor(ids)[None],
        position_ids=positions[None],
        prefix=prefix,
        examples=len(examples),
        predictors=torch.tensor(predictors),
        labels=torch.tensor(labels),
        owners=torch.tensor(owners),
        members=members,
    )
