"""The one LightningDataModule: whole optimizer steps in, packed validation rows in."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import lightning

from r1tailor.batching.packing import MicroBatch, pack
from r1tailor.batching.pair_rows import pack_pairs
from r1tailor.batching.pairs import References
from r1tailor.batching.taught import Teachings
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.curriculum import Course, Material, course
from r1tailor.curriculum.shuffled import together
from r1tailor.schema.settings import Settings
from r1tailor.training.parallel import rank, world_size


class Steps:
    """The optimizer steps of a phase, each a list of micro-batches; resumes where it stopped.

    Which examples form step k is a function of (seed, phase, epoch, k) alone. Of n processes each takes every n-th
    example (or whole conversation) of a step; as a step is sorted by length, the shares are alike. What a teacher or a
    reference model was asked accompanies the examples.
    """

    def __init__(
        self,
        examples: Sequence[TokenizedExample],
        settings: Settings,
        padding: int,
        planned: Course | None = None,
        taught: Teachings | References | None = None,
    ) -> None:
        self._examples = examples
        self._taught = taught
        self._settings = settings
        self._padding = padding
        self._course = planned or course(settings, settings.curriculum.final, Material(examples))
        self._next = 0
        self.total = self._course.total
        self.members = self._course.members
        self.begin, self.scheduled = self._course.begin, self._course.scheduled or self.total

    def __len__(self) -> int:
        return self.total

    def __iter__(self) -> Iterator[list[MicroBatch]]:
        budget, each = self._settings.trainer.micro_batch_tokens, self._course.per_epoch
        for epoch in count(self._next // each):
            for members in self._course.steps(epoch)[self._next - epoch * each :]:
                if self._next >= self.total:
                    return
                self._next += 1
                chosen = self._own([self._examples[index] for index in members])
                packed = pack_pairs if isinstance(self._taught, References) else pack
                rows = packed(chosen, budget, self._padding) if chosen else ()
                yield [self._accompanied(micro, chosen) for micro in rows]

    @staticmethod
    def _own(members: Sequence[TokenizedExample]) -> list[TokenizedExample]:
        """Return this process's share of a step; a conversation is one process's."""
        units = together([example.conversation for example in members])[rank() :: world_size()]
        return [members[index] for unit in units for index in unit]

    def _accompanied(self, micro: MicroBatch, chosen: Sequence[TokenizedExample]) -> MicroBatch:
        match self._taught:
            case Teachings():
                return replace(micro, taught=self._taught.of([chosen[index] for index in micro.members]))
            case References() if micro.pairs is not None:
                preferred = [chosen[micro.members[number]] for number in micro.pairs.chosen.tolist()]
                return replace(micro, pairs=replace(micro.pairs, reference=self._taught.of(preferred)))
        return micro

    def state_dict(self) -> dict[str, Any]:
        """Return the number of the step that comes next; Lightning stores it in the checkpoint."""
        return {"next": self._next}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a stored step."""
        self._next = int(state["next"])


class Rows:
    """This process's share of packed rows, in order; torch's DataLoader would draw a random number at each pass.

    Of several processes each takes every so many-th row, and all have as many: one that has a row less than others
    gets a None in its place. Lightning would skip validation where a loader is empty, and the others would wait for it.
    """

    def __init__(self, rows: Sequence[MicroBatch]) -> None:
        own, each = rows[rank() :: world_size()], max(1, -(-len(rows) // world_size()))
        self._rows: Sequence[MicroBatch | None] = [*own, *[None] * (each - len(own))]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[MicroBatch | None]:
        return iter(self._rows)


class TailorData(lightning.LightningDataModule):
    """Training steps and validation rows over tokenised examples; ``planned`` is the phase, by default the only one."""

    def __init__(
        self,
        train: Sequence[TokenizedExample],
        validation: Sequence[TokenizedExample],
        settings: Settings,
        padding: int,
        planned: Course | None = None,
        taught: Teachings | References | None = None,
    ) -> None:
        super().__init__()
        self.steps = Steps(train, settings, padding, planned, taught)
        budget = settings.trainer.micro_batch_tokens
        self.validation = list(pack(validation, budget, padding)) if validation else []

    def train_dataloader(self) -> Steps:
        """Return the optimizer steps of the whole phase: to Lightning, one epoch."""
        return self.steps

    def val_dataloader(self) -> "Rows":
        """Return this process's validation rows, one a batch."""
        return Rows(self.validation)
