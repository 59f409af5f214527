"""Tensors that processes divide among themselves by rows, as FSDP2 does: which rows, in files and in memory."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.tensor import DTensor, Shard


def whole(value: Tensor) -> Tensor:
    """Return a divided tensor whole, on every process; any other as it is."""
    return value.full_tensor() if isinstance(value, DTensor) else value


def own(value: Tensor) -> Tensor:
    """Return this process's rows of a divided tensor; any other as it is."""
    return value.to_local() if isinstance(value, DTensor) else value


def own_rows(rows: int, process: int, processes: int) -> tuple[int, int]:
    """Return which rows of a divided tensor are a process's, as ``torch.chunk`` and FSDP2 divide them.

    >>> [own_rows(5, process, 3) for process in range(3)]
    [(0, 2), (2, 4), (4, 5)]
    """
    each = -(-rows // processes)
    return min(process * each, rows), min((process + 1) * each, rows)


def rows_of(files: Sequence[Any], name: str, begin: int, end: int) -> Tensor:
    """Return rows of a tensor from files that hold its rows one after the other; [end - begin, ...]."""
    found: list[Tensor] = []
    at = 0
    for file in files:
        part = file.get_slice(name)
        here = part.get_shape()[0]
        low, high = max(begin - at, 0), min(end - at, here)
        if low < high or not found:
            found.append(part[min(low, here) : max(high, min(low, here))])
        at += here
    if at < end:
        raise ValueError(f"{name} has {at} rows of {end}")
    return torch.cat(found)


def divided(rows: Tensor, shape: Sequence[int], mesh: DeviceMesh) -> Tensor:
    """Return the tensor of a shape of which a process of the mesh holds these rows."""
    size = torch.Size(shape)
    stride = torch.empty(size, device="meta").stride()
    tensor: Tensor = DTensor.from_local(
        rows.to(mesh.device_type), mesh, [Shard(0)], run_check=False, shape=size, stride=stride
    )
    return tensor


def all_divided(value: Any, process: int, mesh: DeviceMesh) -> Any:  # noqa: ANN401
    """Return nested values with this process's rows of each whole tensor; scalars stay."""
    match value:
        case DTensor():
            return value
        case Tensor() if value.ndim:
            begin, end = own_rows(value.shape[0], process, mesh.size())
            return divided(value[begin:end], value.shape, mesh)
        case dict():
            return {key: all_divided(item, process, mesh) for key, item in value.items()}
        case list():
            return [all_divided(item, process, mesh) for item in value]
        case _:
            return value
