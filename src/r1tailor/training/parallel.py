"""Several processes, one optimizer step: each takes a share of its examples, and gradients are summed.

Every process divides its loss by the supervised tokens of the whole step, over all processes, so that the sum of
their gradients is the gradient that one process would have. Processes may have different numbers of micro-batches:
one that has fewer than others must take part in what they do together all the same, by a row that counts for nothing.
"""

import os
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
import torch.distributed
from lightning.pytorch.strategies import DDPStrategy, Strategy
from torch import Tensor, nn
from torch.distributed import GradBucket  # type: ignore[attr-defined]
from torch.futures import Future

from r1tailor.batching.packing import MicroBatch, Segment
from r1tailor.objective.supervised import summed_loss

_FILLER = 16  # positions of a row that counts for nothing


class SummedGradients(DDPStrategy):
    """torch's ``DistributedDataParallel``, whose processes sum their gradients instead of averaging them.

    They are summed bucket by bucket, while the backward pass of the last micro-batch goes on (``reduced_after``).
    """

    def __init__(self, *, find_unused_parameters: bool) -> None:
        super().__init__(
            find_unused_parameters=find_unused_parameters, gradient_as_bucket_view=True, broadcast_buffers=False
        )

    def configure_ddp(self) -> None:
        """Wrap the module."""
        super().configure_ddp()
        wrapped: Any = self.model
        wrapped.register_comm_hook(None, _sum)


def _sum(_: None, bucket: GradBucket) -> Future[Tensor]:
    work: Any = torch.distributed.all_reduce(bucket.buffer(), async_op=True)
    summed_bucket: Future[Tensor] = work.get_future().then(lambda done: done.value()[0])
    return summed_bucket


def reduced_after(strategy: Strategy, *, last: bool) -> AbstractContextManager[None]:
    """Let a backward pass reduce gradients only if it is the last one of its step."""
    if isinstance(strategy, SummedGradients) and not last:
        waiting: AbstractContextManager[None] = strategy.block_backward_sync()
        return waiting
    return nullcontext()


def rank() -> int:
    """Return this process's number among all of the run, 0 where there is one."""
    return int(os.environ.get("RANK", "0"))


def local_rank() -> int:
    """Return this process's number among those of its machine, which is its device's."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def world_size() -> int:
    """Return how many processes share an optimizer step."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_launched() -> bool:
    """Whether this process is one of several that another one started."""
    return "RANK" in os.environ


def summed(value: Tensor) -> Tensor:
    """Return a value summed over all processes."""
    if world_size() > 1:
        torch.distributed.all_reduce(value)
    return value


def most(count: int, device: torch.device) -> int:
    """Return the greatest of a count over all processes."""
    if world_size() == 1:
        return count
    counts = torch.tensor(count, device=device)
    torch.distributed.all_reduce(counts, torch.distributed.ReduceOp.MAX)
    return int(counts)


def gathered(state: Any) -> list[Any]:  # noqa: ANN401
    """Return a value of each process, in the order of their ranks."""
    if world_size() == 1:
        return [state]
    states: list[Any] = [None] * world_size()
    torch.distributed.all_gather_object(states, state)  # whatever the backend: a generator's state lies on the CPU
    return states


def filler(device: torch.device) -> MicroBatch:
    """Return a row for a process that has none left; its loss is to be multiplied by 0."""
    ids, first = torch.zeros(1, _FILLER, dtype=torch.long), torch.zeros(1, dtype=torch.long)
    positions = torch.arange(_FILLER)[None]
    return MicroBatch(ids, positions, (Segment(1, _FILLER, ()),), first, first, first, (0,)).to(device)


def nothing(model: nn.Module, row: MicroBatch) -> Tensor:
    """Return the loss of a filler: 0, with a gradient of 0 for whatever a row uses."""
    return 0 * summed_loss(model, row, 0.0)
