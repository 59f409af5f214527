"""What a run computes on, and in which precision; ``trainer.precision=auto`` is the fastest that this machine has.

Processors differ: with bf16 units, bf16 is several times as fast as fp32; without them it can be half as fast. So it
is measured, once a run. The choice is stored with the run's checkpoints and its model, and a run that is resumed,
evaluated or shared by several processes keeps it.
"""

import time
from functools import cache
from pathlib import Path
from typing import Literal

import torch

from r1tailor import artifact, store
from r1tailor.errors import CheckpointError
from r1tailor.schema.settings import Settings

Device = Literal["cpu", "gpu"]
COMPUTE = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}

_CHOSEN = "precision.json"
_SHAPE = (512, 1024, 1024)  # rows, in, out: between the layers of the embedded model and those of R1's distills
_SAMPLES = 15
_GAIN = 1.1  # fp32 takes twice the memory, so it has to be faster by more than noise


def device(settings: Settings) -> Device:
    """Return what a composition would run on here."""
    wanted = settings.trainer.accelerator
    if wanted == "auto":
        return "gpu" if torch.cuda.is_available() else "cpu"
    return wanted


def precision(settings: Settings) -> str:
    """Return the precision of a composition's matrix products: the one it names, or the fastest here."""
    wanted = settings.trainer.precision
    return fastest(device(settings))[0] if wanted == "auto" else wanted


def compute_dtype(settings: Settings) -> torch.dtype:
    """Return the dtype of a composition's products."""
    return COMPUTE[precision(settings)]


def with_precision(settings: Settings, folder: Path, parent: Path | None = None) -> Settings:
    """Return a run's composition with ``auto`` replaced by a precision.

    Args:
        settings: the composition.
        folder: where the run keeps ``checkpoints/`` and ``model/``.
        parent: the undamaged model that it starts from, whose precision it keeps.
    """
    if settings.trainer.precision != "auto":
        return settings
    chosen = begun_with(folder) or (artifact.read(parent).precision if parent else None)
    if chosen is None:
        chosen, said = fastest(device(settings))
        print(said)
        store.write_json(folder / "checkpoints" / _CHOSEN, chosen)
    return settings.model_copy(update={"trainer": settings.trainer.model_copy(update={"precision": chosen})})


def begun_with(folder: Path) -> str | None:
    """Return the precision of the run that was interrupted or finished in a folder, if there is one."""
    if (kept := folder / "checkpoints" / _CHOSEN).is_file():
        return str(store.read_json(kept))
    try:
        return artifact.read(folder / "model").precision
    except CheckpointError:
        return None


@cache
def fastest(on: Device) -> tuple[str, str]:
    """Return the precision of the fastest products on a device, and a sentence that says why."""
    if on == "gpu":
        chosen = "bf16" if not torch.cuda.is_available() or torch.cuda.is_bf16_supported() else "fp16"
        return chosen, f"precision: {chosen}, the fastest that this GPU computes"
    rates = {name: product_rate(COMPUTE[name]) for name in ("bf16", "fp32")}
    chosen = "fp32" if rates["fp32"] > _GAIN * rates["bf16"] else "bf16"
    measured = " and ".join(f"{rate / 1e9:,.0f} GFLOP/s in {name}" for name, rate in rates.items())
    return chosen, f"precision: {chosen} (matrix products run at {measured} here)"


@cache
def product_rate(dtype: torch.dtype) -> float:
    """Return the operations per second of a matrix product on the CPU: the best of a few, as load only slows it."""
    rows, width, out = _SHAPE
    a, b = torch.ones(rows, width, dtype=dtype), torch.ones(out, width, dtype=dtype)
    samples = []
    for _ in range(_SAMPLES):
        start = time.perf_counter()
        torch.nn.functional.linear(a, b)
        samples.append(time.perf_counter() - start)
    return 2 * rows * width * out / min(samples)
