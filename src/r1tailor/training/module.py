"""The one LightningModule: any strategy, any model of the family."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import lightning
import torch
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule
from torch.optim import Optimizer as TorchOptimizer
from torch.optim.lr_scheduler import LambdaLR

from r1tailor.batching.packing import MicroBatch
from r1tailor.errors import CheckpointError, TrainingError
from r1tailor.objective import Objective, open_objective
from r1tailor.objective.supervised import log_likelihoods
from r1tailor.optimization import optimizer, scheduler
from r1tailor.schema.settings import Settings
from r1tailor.training.divided_tensors import whole
from r1tailor.training.parallel import filler, most, nothing, reduced_after, summed, world_size
from r1tailor.training.validation import VALIDATION_LOSS, ValidationLoss

_MAX_SKIPPED_IN_A_ROW = 10


class TailorModule(lightning.LightningModule):
    """Fine-tunes what a strategy lets train.

    One batch is one whole optimizer step: the micro-batches that accumulate into it. Its loss is the sum over
    all supervised tokens divided by their number in the *whole* step, so that the gradient does not depend on
    how the step is cut into micro-batches, nor on how many processes share it. A sum over pairs is divided by theirs.

    Args:
        model: what a strategy made of the base model.
        settings: the composition.
        total_steps: length of what the schedule runs over, in optimizer steps: the phase, or the run.
        shares: parts of the validation examples, by name, whose losses are reported separately.
        begin: steps of the schedule that the phases before have taken.

    Attributes:
        validation_losses: the last validation's loss on each share that has an example.
    """

    def __init__(
        self,
        model: nn.Module,
        settings: Settings,
        total_steps: int,
        shares: Mapping[str, frozenset[int]] | None = None,
        begin: int = 0,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False  # Lightning would divide by micro-batches, not by tokens
        self.strict_loading = False  # checkpoints hold what trained only; on_load_checkpoint is strict about it
        self.model = model
        self.settings = settings
        self.total_steps = total_steps
        self.begin = begin
        self.skipped_steps = 0
        self.gradient_norm = 0.0
        self._skipped_in_a_row = 0
        self._objective = open_objective(settings)
        self.validation_losses: dict[str, float] = {}
        self._validation = ValidationLoss(shares or {})

    def configure_optimizers(self) -> Any:  # noqa: ANN401  (Lightning's type is a union of many)
        """Return the optimizer and a schedule over optimizer steps."""
        built = optimizer.build(self.model, self.settings)
        schedule = LambdaLR(
            built, lambda step: scheduler.factor(self.settings.scheduler, self.begin + step, self.total_steps)
        )
        return {"optimizer": built, "lr_scheduler": schedule}

    def on_train_start(self) -> None:
        """Put every module into training mode: transformers loads in evaluation mode, Lightning leaves it."""
        self.train()

    def training_step(self, batch: list[MicroBatch], batch_idx: int) -> Tensor:
        """Take one optimizer step and return its loss (mean over supervised tokens, nats; and over pairs)."""
        stepper: Any = self.optimizers()
        own = [sum(each) for each in zip((0, 0), *(micro.counts for micro in batch), strict=True)]
        counts = summed(torch.tensor(own, device=self.device)).clamp_min(1)
        loss = torch.zeros((), device=self.device)
        rows = [(self._objective, micro) for micro in batch] + self._fillers(len(batch))
        for number, row in enumerate(rows, start=1):
            with reduced_after(self.trainer.strategy, last=number == len(rows)):
                sums = self(*row).reshape(-1)
                part = (sums / counts[: len(sums)]).sum()
                self.manual_backward(part)
            loss += part.detach()
        loss = summed(loss)
        if torch.isfinite(loss):
            stepper.step()
        else:
            self._count_skipped("loss")
        stepper.zero_grad()
        schedule: Any = self.lr_schedulers()
        schedule.step()
        self.log("loss", loss, prog_bar=True, batch_size=1)
        self.log("learning_rate", schedule.get_last_lr()[0], batch_size=1)
        return loss

    def forward(self, compute: Callable[[nn.Module, MicroBatch], Tensor], row: MicroBatch) -> Tensor:
        """Return what a function computes of the model and a row, while the weights that it reads are there whole."""
        return compute(self.model, row)

    def _fillers(self, own: int) -> list[tuple[Objective, MicroBatch]]:
        """Return rows that count for nothing, where this process has fewer micro-batches than it has to compute.

        Of divided weights every process has to gather each layer as often as the others.
        """
        if world_size() == 1:
            return []
        wanted = most(own, self.device) if isinstance(self, FSDPModule) else max(1, own)
        return [(nothing, filler(self.device))] * (wanted - own)

    def on_before_optimizer_step(self, optimizer: TorchOptimizer) -> None:
        """Clip the gradients, unscaled in fp16; leave out a step whose gradients are not finite."""
        scaler = getattr(self.trainer.precision_plugin, "scaler", None)
        if scaler is not None and getattr(optimizer, "_step_supports_amp_scaling", False):
            scaler.unscale_(optimizer)  # Lightning leaves it to such an optimizer's step, which comes after clipping
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        bound = self.settings.trainer.gradient_clip
        norm = whole(nn.utils.clip_grad_norm_(parameters, float("inf") if bound is None else bound))
        self.gradient_norm = float(norm)  # once: a GPU is waited for
        if math.isfinite(self.gradient_norm):
            self._skipped_in_a_row = 0
        else:
            for parameter in parameters:
                parameter.grad = None  # a parameter without a gradient is left alone
            self._count_skipped("gradient", overflow=scaler is not None and scaler.get_scale() > 1)

    def on_validation_epoch_start(self) -> None:
        """Clear the sums of the previous validation."""
        self._validation.reset()

    def validation_step(self, batch: MicroBatch | None, batch_idx: int) -> None:
        """Add one micro-batch to the validation sums; None where this process has none."""
        if batch is not None:
            self._validation.update(batch, self(log_likelihoods, batch))
        elif isinstance(self, FSDPModule):
            self(log_likelihoods, filler(self.device))

    def on_validation_epoch_end(self) -> None:
        """Log the negative log-likelihood per supervised token (nats), without label smoothing, over all processes."""
        if isinstance(self, FSDPModule):
            self.reshard()  # what no backward pass gave up
        losses = {name: float(loss) for name, loss in self._validation.compute().items()}
        self.log(VALIDATION_LOSS, losses.pop(VALIDATION_LOSS), prog_bar=True, batch_size=1)
        self.validation_losses = losses

    def trained_state(self) -> dict[str, Tensor]:
        """Return the parameters that train, by name."""
        return {name: parameter.detach() for name, parameter in self.named_parameters() if parameter.requires_grad}

    def load_trained_state(self, state: dict[str, Tensor]) -> None:
        """Put back what ``trained_state`` gave.

        Raises:
            CheckpointError: a name is missing or unexpected, or a weight has another shape or dtype.
        """
        wanted = self.trained_state()
        wrong = sorted(wanted.keys() ^ state.keys())
        if wrong:
            raise CheckpointError(f"the checkpoint does not hold the weights of this strategy: {', '.join(wrong[:3])}")
        for name, parameter in wanted.items():
            if (found := _form(state[name])) != (needed := _form(parameter)):
                raise CheckpointError(f"the checkpoint's weight {name} is {found}; this model's is {needed}")
        with torch.no_grad():
            for name, parameter in wanted.items():
                parameter.copy_(state[name])

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the frozen base out of the checkpoint."""
        checkpoint["state_dict"] = self.trained_state()
        checkpoint["skipped_steps"] = self.skipped_steps

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore strictly, then leave nothing for Lightning to restore loosely."""
        state, skipped = checkpoint.get("state_dict"), checkpoint.get("skipped_steps")
        if not isinstance(state, dict) or not isinstance(skipped, int):
            raise CheckpointError("the checkpoint holds no weights (state_dict) or no count of skipped steps")
        self.load_trained_state(state)
        self.skipped_steps = skipped
        checkpoint["state_dict"] = {}

    def _count_skipped(self, what: str, *, overflow: bool = False) -> None:
        """Count a step that was left out; an overflow in fp16 is expected as long as the scale can be halved."""
        self.skipped_steps += 1
        self._skipped_in_a_row += not overflow
        if self._skipped_in_a_row >= _MAX_SKIPPED_IN_A_ROW:
            raise TrainingError(
                f"the {what} was not finite {_MAX_SKIPPED_IN_A_ROW} steps in a row; lower optimizer.lr, or use "
                "trainer.precision=fp32. The last valid checkpoint is kept"
            )


def _form(value: object) -> str:
    """Return dtype and shape of a tensor, for comparison and for messages."""
    return f"{value.dtype} {tuple(value.shape)}" if isinstance(value, Tensor) else f"a {type(value).__name__}"
