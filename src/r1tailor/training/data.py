"""The one LightningDataModule: whole optimizer steps in, packed validation rows in."""

from collections.abc import Iterator, Sequence
from typing import Any

import lightning

from r1tailor.curriculum import steps
from r1tailor.curriculum.packing import MicroBatch, pack
from r1tailor.curriculum.tokens import TokenizedExample
from r1tailor.schema import Settings
from r1tailor.training.parallel import rank, world_size


class Steps:
    """The optimizer steps of a run, each a list of micro-batches; resumes where it was left.

    Which examples form step k is a function of (seed, epoch, k) alone. Of several processes each takes its share
    of them: every so many-th; as a curriculum puts similar lengths side by side, the shares are alike.
    """

    def __init__(self, examples: Sequence[TokenizedExample], settings: Settings, padding: int) -> None:
        self._examples = examples
        self._settings = settings
        self._padding = padding
        self._next = 0
        trainer = settings.trainer
        self.per_epoch = -(-len(examples) // trainer.batch_size)
        planned = self.per_epoch * trainer.max_epochs
        self.total = min(planned, trainer.max_steps or planned)

    def __len__(self) -> int:
        return self.total

    def __iter__(self) -> Iterator[list[MicroBatch]]:
        settings = self._settings
        lengths = [len(example) for example in self._examples]
        for epoch in range(self._next // self.per_epoch, settings.trainer.max_epochs):
            order = steps(settings.curriculum, lengths, settings.trainer.batch_size, settings.seed, epoch)
            for members in order[self._next - epoch * self.per_epoch :]:
                if self._next >= self.total:
                    return
                self._next += 1
                chosen = [self._examples[index] for index in members[rank() :: world_size()]]
                budget = settings.trainer.micro_batch_tokens
                yield list(pack(chosen, budget, self._padding)) if chosen else []

    def state_dict(self) -> dict[str, Any]:
        """Return the number of the step that comes next; Lightning stores it in the checkpoint."""
        return {"next": self._next}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a stored step."""
        self._next = int(state["next"])


class Rows:
    """Packed rows in order; torch's DataLoader would draw a random number at each pass."""

    def __init__(self, rows: Sequence[MicroBatch]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[MicroBatch]:
        return iter(self._rows)


class TailorData(lightning.LightningDataModule):
    """Training steps and validation rows over tokenised examples."""

    def __init__(
        self,
        train: Sequence[TokenizedExample],
        validation: Sequence[TokenizedExample],
        settings: Settings,
        padding: int,
    ) -> None:
        super().__init__()
        self.steps = Steps(train, settings, padding)
        budget = settings.trainer.micro_batch_tokens
        self.validation = list(pack(validation, budget, padding)) if validation else []

    def train_dataloader(self) -> Steps:
        """Return the optimizer steps of the whole run: to Lightning, one epoch."""
        return self.steps

    def val_dataloader(self) -> "Rows":
        """Return the validation rows, one a batch."""
        return Rows(self.validation)
