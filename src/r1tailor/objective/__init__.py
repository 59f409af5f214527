"""What training minimises: a composition's objective, over one packed micro-batch."""

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn

from r1tailor.batching.packing import MicroBatch
from r1tailor.objective import supervised
from r1tailor.objective.distillation import distilled_loss
from r1tailor.objective.preference import preference_sums
from r1tailor.schema.objective import Distillation, Preference
from r1tailor.schema.settings import Settings

Objective = Callable[[nn.Module, MicroBatch], Tensor]


def open_objective(settings: Settings) -> Objective:
    """Return the loss of a composition: a scalar sum over the supervised tokens of a micro-batch.

    With pairs it is [2], the sum over supervised tokens and the sum over pairs (see ``MicroBatch.counts``).
    A teacher's texts are examples like any other: they are trained on by the supervised loss.
    """
    smoothing = settings.trainer.label_smoothing
    match settings.objective:
        case Distillation(tokens=tokens) if tokens is not None:
            return partial(distilled_loss, wanted=tokens, label_smoothing=smoothing)
        case Preference() as wanted:
            return partial(preference_sums, wanted=wanted, label_smoothing=smoothing)
        case _:
            return partial(supervised.summed_loss, label_smoothing=smoothing)
