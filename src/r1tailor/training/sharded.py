"""Weights, gradients and optimizer state divided among processes (FSDP2: ``torch.distributed.fsdp.fully_shard``).

Each process keeps its rows of every weight; a layer is gathered while it computes and given up afterwards, in the
forward and in the backward pass. What stands outside the layers (embedding, last norm, head) is gathered for the
whole of both. Gradients are summed, as under ``ddp``, and each process keeps its rows of the sum.

Weights come as they lie in the file, mapped into memory, which the processes of one machine share; a layer at a time is
brought into its dtype, divided and moved. What is not of floating point, such as packed 4-bit weights, stays whole.
"""

from typing import Any

import torch
from lightning.pytorch.strategies import DDPStrategy
from torch import nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor

from r1tailor.kernels.attention import unwrapped
from r1tailor.training.checkpoint_io import FolderCheckpointIO
from r1tailor.training.parallel import rank, world_size


class Sharded(DDPStrategy):
    """Lightning's processes with ``fully_shard`` in the place of ``DistributedDataParallel``.

    Args:
        compute: dtype of the products, in which weights that train are gathered.
        weights: dtype of the weights that do not train; those that do are fp32.
    """

    def __init__(self, compute: torch.dtype, weights: torch.dtype) -> None:
        super().__init__()
        self._compute, self._weights = compute, weights

    @property
    def restore_checkpoint_after_setup(self) -> bool:
        """A state is read once it is known which rows are this process's."""
        return True

    def model_to_device(self) -> None:
        """Leave the module where it is: ``divide`` moves its weights, a layer at a time."""

    def configure_ddp(self) -> None:
        """Divide the module."""
        module: Any = self.model
        mesh = init_device_mesh(self.root_device.type, (world_size(),))
        divide(module, module.model, mesh, self.root_device, self._compute, self._weights)
        module.to(self.root_device)  # what is no weight, and where Lightning's module takes itself to be
        assert isinstance(self.checkpoint_io, FolderCheckpointIO)
        self.checkpoint_io.mesh = mesh

    def save_checkpoint(self, checkpoint: dict[str, Any], filepath: Any, storage_options: Any = None) -> None:  # noqa: ANN401
        """Let every process write its rows."""
        self.checkpoint_io.save_checkpoint(checkpoint, filepath, storage_options)

    def teardown(self) -> None:
        """Let go of all but the module, whose rows stay where they are."""
        for part in (self.precision_plugin, self.accelerator, self.checkpoint_io, self.cluster_environment):
            assert part is not None
            part.teardown()


def divide(
    module: nn.Module,
    model: nn.Module,
    mesh: DeviceMesh,
    device: torch.device,
    compute: torch.dtype,
    weights: torch.dtype,
) -> None:
    """Divide a module's parameters among the processes of a mesh, in place.

    Args:
        module: whose calls gather what stands outside the layers.
        model: inside it, what a strategy made of a base model.
        mesh: of one dimension.
        device: of this process.
        compute: dtype of the products.
        weights: dtype of the weights that do not train; those that do become fp32.
    """
    policy = MixedPrecisionPolicy(param_dtype=compute, reduce_dtype=torch.float32, cast_forward_inputs=False)
    causal = unwrapped(model)
    for part in (*getattr(causal, causal.base_model_prefix).layers, module):
        whole_ones = _left_whole(part, device)
        for parameter in part.parameters():
            if not isinstance(parameter, DTensor) and parameter not in whole_ones:
                parameter.data = parameter.data.to(torch.float32 if parameter.requires_grad else weights)
        fully_shard(part, mesh=mesh, mp_policy=policy, ignored_params=whole_ones)
    for divided in module.modules():
        if isinstance(divided, FSDPModule):
            divided.set_gradient_divide_factor(1.0)
            divided.set_force_sum_reduction_for_comms(True)


def _left_whole(part: nn.Module, device: torch.device) -> set[nn.Parameter]:
    """Move the modules whose weights are packed to the device; return those weights."""
    packed = set()
    for inner in part.modules():
        own = [parameter for parameter in inner._parameters.values() if parameter is not None]
        if any(not parameter.is_floating_point() for parameter in own):
            inner.to(device)
            packed |= {p for p in inner.parameters(recurse=False) if not p.is_floating_point()}
    return packed


def make_whole(module: nn.Module) -> None:
    """Replace what trained by whole tensors on the CPU of the first process; every process has to take part."""
    made: dict[nn.Parameter, nn.Parameter] = {}
    for inner in module.modules():
        for name, parameter in inner._parameters.items():
            if isinstance(parameter, DTensor) and parameter.requires_grad:
                if parameter not in made:
                    tensor = parameter.detach().full_tensor()
                    made[parameter] = nn.Parameter(tensor.cpu() if rank() == 0 else tensor.new_empty(0))
                inner._parameters[name] = made[parameter]
