"""Checkpoints without pickle: tensors as safetensors, everything else as JSON, a manifest last.

A checkpoint is a folder that appears whole or not at all. It holds what trained, the optimizer, the schedule,
the position in the data and the state of the random number generators.
"""

import random
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.fabric.plugins import CheckpointIO
from lightning.pytorch.callbacks import Callback
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.tensor import DTensor

from r1tailor import store
from r1tailor.errors import CheckpointError
from r1tailor.training.divided_tensors import all_divided, divided, own, own_rows, rows_of
from r1tailor.training.parallel import gathered, rank, world_size

TENSORS, STATE = "tensors.safetensors", "state.json"
_ROWS = "rows-{:05d}.safetensors"  # one process's rows of divided tensors


class FolderCheckpointIO(CheckpointIO):
    """Lightning's checkpoint dictionary as a folder of safetensors and JSON.

    Of divided tensors (FSDP2) each process writes its rows and reads its rows back, of however many processes wrote
    them; without a mesh they are read whole.

    Attributes:
        mesh: of the processes that divide tensors now; None where none are divided.
    """

    def __init__(self) -> None:
        self.mesh: DeviceMesh | None = None

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:  # noqa: ANN401
        """Write atomically; an error leaves the checkpoint that was there. Under a mesh every process has to call it.

        Raises:
            CheckpointError: there is no room, or the folder cannot be written.
        """
        tensors: dict[str, Tensor] = {}
        rows: dict[str, Tensor] = {}
        plain = _take_tensors(checkpoint, "", tensors, rows)
        needed = sum(tensor.numel() * tensor.element_size() for part in (tensors, rows) for tensor in part.values())
        folder = Path(path)
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(folder.parent).free
            if free < 1.1 * needed:
                raise CheckpointError(
                    f"{folder.parent}: {needed:,} bytes are needed for a checkpoint, {free:,} are free"
                )
            if self.mesh is not None:
                self._save_divided(folder, checkpoint["global_step"], plain, tensors, rows)
                return
            with store.replaced_folder(folder, {"step": checkpoint["global_step"]}) as temporary:
                save_file(tensors, temporary / TENSORS)
                store.write_json(temporary / STATE, plain)
        except (OSError, SafetensorError) as error:
            raise CheckpointError(
                f"checkpoint {folder} cannot be written: {error}; those before it are kept"
            ) from error

    def _save_divided(
        self,
        folder: Path,
        step: int,
        plain: Any,  # noqa: ANN401
        tensors: dict[str, Tensor],
        rows: dict[str, Tensor],
    ) -> None:
        """Write each process's rows into one folder, which the first process opens and closes."""
        with store.replaced_folder(folder, {"step": step}) if rank() == 0 else nullcontext() as opened:
            temporary = Path(gathered(str(opened))[0])
            fault = ""
            try:
                save_file(rows, temporary / _ROWS.format(rank()))
                if rank() == 0:
                    save_file(tensors, temporary / TENSORS)
                    store.write_json(temporary / STATE, plain)
            except (OSError, SafetensorError) as error:
                fault = str(error)
            if wrong := [each for each in gathered(fault) if each]:
                raise OSError(wrong[0])
        gathered(None)  # nobody goes on before it is complete

    def load_checkpoint(self, path: Any, map_location: Any = None, weights_only: Any = None) -> dict[str, Any]:  # noqa: ANN401
        """Read a whole checkpoint back.

        Raises:
            CheckpointError: it is unfinished, damaged or no checkpoint; says how.
        """
        folder = Path(path)
        wrong = store.damage(folder)
        if wrong:
            raise CheckpointError(f"checkpoint {folder}: {wrong}")
        try:
            with ExitStack() as opened:
                tensors = load_file(folder / TENSORS)
                files = [opened.enter_context(safe_open(file, "pt")) for file in sorted(folder.glob("rows-*"))]
                restored = _put_tensors(
                    store.read_json(folder / STATE), lambda name, shape: self._tensor(name, shape, tensors, files)
                )
        except (SafetensorError, OSError, ValueError, LookupError, TypeError, RecursionError) as error:
            raise CheckpointError(f"checkpoint {folder} cannot be read: {type(error).__name__}: {error}") from error
        if not isinstance(restored, dict):
            raise CheckpointError(f"checkpoint {folder} cannot be read: {STATE} holds no mapping")
        if self.mesh is not None:  # it may come from processes that divided nothing
            for key in ("state_dict", "optimizer_states"):
                restored[key] = all_divided(restored.get(key), rank(), self.mesh)
        return restored

    def _tensor(self, name: str, shape: list[int] | None, tensors: dict[str, Tensor], files: Sequence[Any]) -> Tensor:
        """Return a tensor: whole, or, of a shape that is divided, this process's rows of it."""
        if shape is None:
            return tensors[name]
        if self.mesh is None:
            return rows_of(files, name, 0, shape[0])
        begin, end = own_rows(shape[0], rank(), world_size())
        return divided(rows_of(files, name, begin, end), shape, self.mesh)

    def remove_checkpoint(self, path: Any) -> None:  # noqa: ANN401
        """Remove a checkpoint folder."""
        shutil.rmtree(path, ignore_errors=True)


class RandomState(Callback):
    """Stores the state of the random number generators with a checkpoint and restores it when training starts."""

    def __init__(self) -> None:
        self._restored: dict[str, Any] | None = None

    def state_dict(self) -> dict[str, Any]:
        """Return the states of python's and numpy's generators, and of torch's in each process."""
        version, internal, gauss = random.getstate()
        kind, keys, position, has_gauss, cached = np.random.get_state(legacy=True)
        states: dict[str, Any] = {
            "python": [version, list(internal), gauss],
            "numpy": [kind, [int(key) for key in keys], position, has_gauss, cached],
            "torch": gathered(torch.get_rng_state()),
        }
        if torch.cuda.is_available():
            states["cuda"] = gathered(torch.cuda.get_rng_state())  # of each process's own device
        return states

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Keep the states until everything that draws numbers is set up."""
        self._restored = state_dict

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Restore the generators' states; in a new run, or with another number of processes, seed each differently."""
        if self._restored is None or len(self._restored["torch"]) != world_size():
            if world_size() > 1:
                begun = trainer.global_step * world_size() if self._restored else 0
                torch.manual_seed(torch.initial_seed() + begun + rank())
            return
        version, internal, gauss = self._restored["python"]
        random.setstate((version, tuple(internal), gauss))
        kind, keys, position, has_gauss, cached = self._restored["numpy"]
        np.random.set_state((kind, np.array(keys, dtype=np.uint32), position, has_gauss, cached))
        torch.set_rng_state(self._restored["torch"][rank()])
        if "cuda" in self._restored and torch.cuda.is_available():
            torch.cuda.set_rng_state(self._restored["cuda"][rank()])


def _take_tensors(value: Any, key: str, tensors: dict[str, Tensor], rows: dict[str, Tensor]) -> Any:  # noqa: ANN401
    """Return a value as JSON, its tensors moved into ``tensors`` or, of divided ones, this process's into ``rows``.

    ``key`` is its place, for errors.
    """
    match value:
        case DTensor():
            name = str(len(rows))
            rows[name] = own(value).detach().to("cpu", copy=True).contiguous()
            return {"__tensor__": name, "shape": list(value.shape)}
        case Tensor():
            name = str(len(tensors))  # a running number: no two places can share it
            tensors[name] = value.detach().to("cpu", copy=True).contiguous()
            return {"__tensor__": name}
        case dict():
            items = [
                [_take_tensors(k, f"{key}/key", tensors, rows), _take_tensors(v, f"{key}/{k}", tensors, rows)]
                for k, v in value.items()
            ]
            return {"__items__": items}
        case tuple():
            return {"__tuple__": [_take_tensors(item, f"{key}/{i}", tensors, rows) for i, item in enumerate(value)]}
        case list():
            return [_take_tensors(item, f"{key}/{i}", tensors, rows) for i, item in enumerate(value)]
        case None | bool() | int() | float() | str():
            return value
        case Path():
            return str(value)
        case _:
            raise CheckpointError(f"a checkpoint cannot hold a {type(value).__name__} ({key})")


def _put_tensors(value: Any, tensor: Callable[[str, list[int] | None], Tensor]) -> Any:  # noqa: ANN401
    """Undo ``_take_tensors``; ``tensor`` returns one by its name, and by its shape where it was divided."""
    match value:
        case {"__tensor__": name}:
            return tensor(name, value.get("shape"))
        case {"__items__": items}:
            return {_put_tensors(k, tensor): _put_tensors(v, tensor) for k, v in items}
        case {"__tuple__": items}:
            return tuple(_put_tensors(item, tensor) for item in items)
        case list():
            return [_put_tensors(item, tensor) for item in value]
        case _:
            return value
