"""Weights divided among the processes of a mesh; with one process here, with two in ``test_parallel.py``."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.distributed
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor

from r1tailor.training.sharded import divide, make_whole


class _Base(nn.Module):
    base_model_prefix = "inner"

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Module()
        self.inner.layers = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])
        self.head = nn.Linear(4, 3, bias=False)
        self.packed = nn.Parameter(torch.ones(2, dtype=torch.uint8), requires_grad=False)


@pytest.fixture
def mesh(tmp_path: Path) -> Iterator[torch.distributed.device_mesh.DeviceMesh]:
    torch.distributed.init_process_group("gloo", f"file://{tmp_path}/store", rank=0, world_size=1)
    yield init_device_mesh("cpu", (1,))
    torch.distributed.destroy_process_group()


def test_what_trains_is_fp32_what_is_packed_stays_whole_and_all_becomes_whole_again(
    mesh: torch.distributed.device_mesh.DeviceMesh,
) -> None:
    module = nn.Module()
    module.model = _Base().to(torch.bfloat16)
    module.model.head.requires_grad_(False)
    before = {name: parameter.detach().clone() for name, parameter in module.named_parameters()}
    divide(module, module.model, mesh, torch.device("cpu"), torch.float32, torch.bfloat16)
    found = dict(module.named_parameters())
    assert found.keys() == before.keys()
    assert not isinstance(found["model.packed"], DTensor)
    assert isinstance(found["model.head.weight"], DTensor)
    assert found["model.head.weight"].dtype == torch.bfloat16
    assert found["model.inner.layers.1.weight"].dtype == torch.float32
    make_whole(module)
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            assert type(parameter) is nn.Parameter
            assert parameter.equal(before[name].float())
