"""Traps 29 and 30: when a state is on the disk, and which are never put there."""

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import lightning
import pytest
import torch

from r1tailor import config, store
from r1tailor.errors import TrainingError
from r1tailor.training import checkpoint_policy
from r1tailor.training.checkpoint_io import FolderCheckpointIO
from r1tailor.training.checkpoint_policy import KeepState, newest_state
from tests.training.test_module import FP32, varied
from tests.traps.shown import fitted, shown

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning", "ignore:.*LeafSpec.*:FutureWarning")


def check_durable(folder: Path) -> None:
    """Beside its place, synced file by file, sealed last, renamed, then the rename synced; a cut leaves the old."""
    events: list[str] = []
    fsync, rename, opened = os.fsync, Path.replace, {}
    shutil.rmtree(folder / "step-000001", ignore_errors=True)  # where one lies, the two are swapped: no rename is seen

    def synced(descriptor: int) -> None:
        opened[descriptor] = name = Path(os.readlink(f"/proc/self/fd/{descriptor}")).name
        events.append(f"sync {name}")
        fsync(descriptor)

    def renamed(path: Path, target: Path) -> Path:
        events.append(f"rename to {Path(target).name}" + ("" if path.parent == Path(target).parent else " from afar"))
        return rename(path, target)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", synced)
        patched.setattr(Path, "replace", renamed)
        FolderCheckpointIO().save_checkpoint({"global_step": 1, "w": torch.ones(3)}, folder / "step-000001")
    done, sealed = events.index("rename to step-000001"), events.index("rename to manifest.json")
    assert {"sync tensors.safetensors", "sync state.json"} <= set(events[:sealed]), "sealed before it was on disk"
    assert sealed < done, "in its place before it was sealed"
    assert f"sync {folder.name}" in events[done:], "the rename itself was not synced"
    FolderCheckpointIO().save_checkpoint({"global_step": 2, "w": torch.ones(3)}, folder / "step-000002")
    tensors = folder / "step-000002" / "tensors.safetensors"
    tensors.write_bytes(tensors.read_bytes()[:-1])
    assert newest_state(folder) == folder / "step-000001", "a damaged state was taken"


def sealed_without_syncing(patched: pytest.MonkeyPatch) -> None:
    def seal(folder: Path, facts: dict[str, Any]) -> None:
        store.write_json(folder / store.MANIFEST, {**facts, "files": store.sha256_tree(folder)})

    patched.setattr(store, "write_manifest", seal)


FAULTS_OF_SAVING: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "sealed before it was on disk": sealed_without_syncing,
    "the rename itself was not synced": lambda patched: patched.setattr(store, "sync_folder", lambda _: None),
    "a damaged state was taken": lambda patched: patched.setattr(store, "damage", lambda _: None),
}


@pytest.mark.parametrize("said", FAULTS_OF_SAVING)
def test_trap_29_a_state_is_durable_before_it_is_in_its_place(said: str, tmp_path: Path) -> None:
    shown(partial(check_durable, tmp_path), FAULTS_OF_SAVING[said], said)


def check_finite(folder: Path) -> None:
    """Weights that become NaN end the run and never take the place of the last valid state."""

    class Spoil(lightning.Callback):
        def on_train_batch_end(self, _: object, pl_module: Any, __: object, ___: object, batch_idx: int) -> None:  # noqa: ANN401
            if batch_idx == 2:
                next(iter(pl_module.trained_state().values())).fill_(float("nan"))

    shutil.rmtree(folder, ignore_errors=True)
    with pytest.raises(TrainingError, match="not finite after step 3"):
        fitted(config.load([*FP32, "trainer.batch_size=4"]), varied(20), [Spoil(), KeepState(folder, 1, 2)])
    assert newest_state(folder) == folder / "step-000002"


def test_trap_30_weights_that_are_not_finite_are_not_saved(tmp_path: Path) -> None:
    def saved_whatever_they_are(patched: pytest.MonkeyPatch) -> None:
        patched.setattr(checkpoint_policy, "refuse_if_not_finite", lambda *_: None)

    shown(partial(check_finite, tmp_path / "states"), saved_whatever_they_are, "DID NOT RAISE")
