"""How a trap is closed: its check holds on our code, and fails once the fault is put back."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import lightning
import pytest
import torch
from lightning.pytorch.callbacks import Checkpoint

from r1tailor import config
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.model import load
from r1tailor.schema.settings import Settings
from r1tailor.strategy import open_strategy
from r1tailor.training.checkpoint_io import FolderCheckpointIO
from r1tailor.training.data import TailorData
from r1tailor.training.module import TailorModule

Fault = Callable[[pytest.MonkeyPatch], object]
FAILURES = (AssertionError, pytest.fail.Exception)  # a failed assertion, or `pytest.raises` that saw nothing raised


def shown(check: Callable[[], object], fault: Fault, said: str, failures: Any = FAILURES) -> None:  # noqa: ANN401
    """Run a check on our code, then with a fault in it, where it has to fail with the words of ``said``."""
    check()
    with pytest.MonkeyPatch.context() as patched:
        fault(patched)
        with pytest.raises(failures, match=said):
            check()


def fitted(
    settings: Settings,
    examples: list[TokenizedExample],
    callbacks: Iterable[lightning.Callback] = (),
    resumed: Path | None = None,
) -> TailorModule:
    """Train on tokens as ``fit`` does, without its files; ``resumed`` is a checkpoint to go on from."""
    data = TailorData(examples, [], settings, padding=0)
    base = load.load_model(settings.model, config.ROOT, torch.float32, seed=3)
    torch.manual_seed(5)
    module = TailorModule(open_strategy(settings.strategy).apply(base), settings, data.steps.total)
    called = list(callbacks)
    off = dict.fromkeys(("logger", "enable_progress_bar", "enable_model_summary"), False)
    off["enable_checkpointing"] = any(isinstance(callback, Checkpoint) for callback in called)
    some: Any = {"accelerator": "cpu", "max_epochs": 1, "limit_val_batches": 0, "callbacks": called, **off}
    trainer = lightning.Trainer(plugins=[FolderCheckpointIO()], **some)
    trainer.fit(module, datamodule=data, ckpt_path=resumed, weights_only=False)
    return module
