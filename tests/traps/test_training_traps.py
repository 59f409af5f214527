"""Traps 4, 6 and 13: the mode of a run, what its checkpoints hold, and how it goes on from them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import lightning
import pytest
import torch
from torch import Tensor, nn

from r1tailor import config
from r1tailor.batching.packing import MicroBatch
from r1tailor.errors import CheckpointError
from r1tailor.objective import supervised
from r1tailor.objective.supervised import summed_loss
from r1tailor.training.checkpoint_io import FolderCheckpointIO, RandomState
from r1tailor.training.data import Steps
from r1tailor.training.module import TailorModule
from tests.training.test_module import FP32, Watch, run, varied
from tests.traps.shown import fitted, shown

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning", "ignore:.*LeafSpec.*:FutureWarning")


# --- 4: evaluation mode ------------------------------------------------------------------------------------------


def check_mode() -> None:
    """At the first step every module is in training mode, and the adapters' dropout draws."""

    def look(module: TailorModule, batch: list[MicroBatch]) -> None:
        resting = [name for name, part in module.named_modules() if not part.training]
        assert not resting, f"in evaluation mode: {resting[:3]}"
        for name, parameter in module.named_parameters():
            if "lora_B" in name:
                nn.init.normal_(parameter)
        assert len({summed_loss(module.model, batch[0], 0.0).item() for _ in range(4)}) == 4, "dropout is dead"

    run(config.load([*FP32, "strategy.dropout=0.3", "trainer.max_steps=1"]), varied(4), watch := Watch(look))
    assert watch.micro_batches, "nobody looked"


def test_trap_4_training_runs_in_training_mode() -> None:
    def left_as_loaded(patched: pytest.MonkeyPatch) -> None:
        patched.setattr(TailorModule, "on_train_start", lambda _: None)

    shown(check_mode, left_as_loaded, "in evaluation mode: ")


def test_trap_4_dropout_is_live() -> None:
    def dropped_nowhere(patched: pytest.MonkeyPatch) -> None:
        kept = "r1tailor.kernels.lora_linear.keep_mask"
        patched.setattr(kept, lambda rows, _: torch.full(rows.shape, -1, dtype=torch.int8))

    shown(check_mode, dropped_nowhere, "dropout is dead")


# --- 6: what a checkpoint holds ----------------------------------------------------------------------------------


def check_checkpoint(folder: Path) -> None:
    """It holds what trained and the optimizer's state, comes back, and is strict about names."""
    module = run(config.load([*FP32, "strategy.r=64", "trainer.max_steps=2"]), varied(4), Watch())
    shutil.rmtree(folder, ignore_errors=True)
    module.trainer.save_checkpoint(folder)
    trained = {name: p for name, p in module.named_parameters() if p.requires_grad}
    needed = 3 * sum(4 * parameter.numel() for parameter in trained.values())  # AdamW keeps two moments
    size = sum(file.stat().st_size for file in folder.iterdir())
    assert size < 1.2 * needed, f"{size:,} bytes where {needed:,} train"
    state = FolderCheckpointIO().load_checkpoint(folder)["state_dict"]
    assert state.keys() == trained.keys()
    wanted = {name: tensor.clone() for name, tensor in state.items()}
    with torch.no_grad():
        for parameter in trained.values():
            parameter.zero_()
    module.load_trained_state(state)
    assert all(torch.equal(trained[name], tensor) for name, tensor in wanted.items()), "it does not come back"
    (first, *_) = wanted
    for wrong in ({k: v for k, v in wanted.items() if k != first}, wanted | {"other": wanted[first]}):
        with pytest.raises(CheckpointError, match="does not hold the weights of this strategy"):
            module.load_trained_state(wrong)


def everything_is_stored(patched: pytest.MonkeyPatch) -> None:
    def on_save(module: TailorModule, checkpoint: dict[str, Any]) -> None:
        checkpoint["state_dict"] = module.state_dict()

    patched.setattr(TailorModule, "on_save_checkpoint", on_save)


def loaded_loosely(patched: pytest.MonkeyPatch) -> None:
    def load(module: TailorModule, state: dict[str, Tensor]) -> None:
        module.load_state_dict(state, strict=False)

    patched.setattr(TailorModule, "load_trained_state", load)


@pytest.mark.parametrize(("fault", "said"), [(everything_is_stored, "bytes where"), (loaded_loosely, "DID NOT RAISE")])
def test_trap_6_a_checkpoint_holds_what_trains_and_is_strict(fault: Any, said: str, tmp_path: Path) -> None:  # noqa: ANN401
    shown(partial(check_checkpoint, tmp_path / "step"), fault, said)


# --- 13: resume --------------------------------------------------------------------------------------------------


class Killed(Exception):
    """Raised between two micro-batches of a step."""


class Record(lightning.Callback):
    """What each step saw and made of it, and the checkpoint of one step."""

    def __init__(self, save_after: int, folder: Path) -> None:
        self.steps: dict[int, tuple[list[int], float, dict[str, Tensor]]] = {}
        self._save_after, self._folder = save_after, folder

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: TailorModule,
        _: object,
        batch: list[MicroBatch],
        batch_idx: int,
    ) -> None:
        ids = [token for micro in batch for token in micro.input_ids[0].tolist()]
        rate = float(trainer.callback_metrics["learning_rate"])
        number = trainer.fit_loop.epoch_loop.batch_progress.current.ready
        self.steps[number] = ids, rate, {name: p.clone() for name, p in pl_module.trained_state().items()}
        if number == self._save_after:
            trainer.save_checkpoint(self._folder)


def check_resume(folder: Path) -> None:
    """Killed in mid-accumulation, twice within one epoch: the same ids, rates and weights as undisturbed."""
    options = ["trainer.batch_size=4", "trainer.micro_batch_tokens=60", "trainer.max_epochs=2", "strategy.dropout=0.3"]
    settings, examples = config.load([*FP32, *options]), varied(32)
    whole = Record(0, folder)
    fitted(settings, examples, [whole, RandomState()])
    resumed: Path | None = None
    seen: dict[int, Any] = {}
    for number, (kept, killed) in enumerate([(2, 4), (5, 7), (0, 99)]):
        record, state = Record(kept, folder / str(number)), folder / str(number)
        shutil.rmtree(state, ignore_errors=True)
        with _killed_within(killed - max(seen, default=0)):
            fitted(settings, examples, [record, RandomState()], resumed)
        seen |= {step: facts for step, facts in record.steps.items() if step <= (kept or 99)}
        resumed = state
    assert list(seen) == list(whole.steps) == list(range(1, 17)), "other steps"
    for step, (ids, rate, weights) in whole.steps.items():
        assert seen[step][0] == ids, f"step {step} saw other examples"
        assert seen[step][1] == rate, f"step {step} had another learning rate"
        assert all(torch.equal(seen[step][2][n], w) for n, w in weights.items()), f"step {step} made other weights"


@contextmanager
def _killed_within(step: int) -> Iterator[None]:
    """Raise after the first micro-batch of a step, counted from here; a step that never comes kills nothing."""
    parts: list[int] = []

    def counted(self: TailorModule, batch: list[MicroBatch], batch_idx: int) -> Tensor:
        parts.append(0)
        return original(self, batch, batch_idx)

    def loss(*arguments: Any, **named: Any) -> Tensor:  # noqa: ANN401
        parts[-1] += 1
        if len(parts) == step and parts[-1] == 2:
            raise Killed
        return summed_loss(*arguments, **named)

    original = TailorModule.training_step
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TailorModule, "training_step", counted)
        patched.setattr(supervised, "summed_loss", loss)
        if step > 50:
            yield
        else:
            with pytest.raises(Killed):
                yield


def generators_not_restored(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(RandomState, "on_train_start", lambda *_: None)


def data_from_the_beginning(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(Steps, "load_state_dict", lambda *_: None)


def moments_forgotten(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(torch.optim.AdamW, "load_state_dict", lambda *_: None)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (generators_not_restored, "step 3 made other weights"),
        (data_from_the_beginning, "step 3 saw other examples|other steps"),
        (moments_forgotten, "step 3 made other weights"),
    ],
)
def test_trap_13_a_resumed_run_is_the_undisturbed_run(fault: Any, said: str, tmp_path: Path) -> None:  # noqa: ANN401
    shown(partial(check_resume, tmp_path), fault, said)
