"""The compared engines: how each is set up and run, and the search for TRL's best setting."""

import json
import os
import shutil
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from environments import python_of
from peers.contract import Spec
from workloads import HERE, Prepared, call

ROOT = HERE.parents[1]
OURS = "r1tailor"
# TRL's best settings if no search was run: the best found by hand on two cores.
_BEST_KNOWN = {"micro_batch_size": 4, "weights": "fp32", "products": "fp32", "grouped": True, "packed": False}


@dataclass(frozen=True)
class Engine:
    """One column of the comparison.

    Attributes:
        title: in the table.
        peer: script and requirements below ``peers/``; None for R1 Tailor.
        settings: differences from the common specification.
    """

    name: str
    title: str
    peer: str | None
    settings: dict[str, Any]


ENGINES = {
    engine.name: engine
    for engine in (
        Engine(OURS, "R1 Tailor", None, {}),
        # SFTTrainer's own defaults: fp32 weights, bf16 autocast, chunked loss, gradient checkpointing.
        Engine("trl_default", "TRL, default", "trl_sft", {"checkpointing": True}),
        Engine("trl_best", "TRL, best found", "trl_sft", _BEST_KNOWN),
        Engine("trainer", "transformers Trainer", "hf_trainer", {}),
        Engine("llama_factory", "LLaMA-Factory", "llama_factory", {}),
    )
}


def interpreter(engine: Engine) -> Path:
    """Return the Python that an engine runs in.

    Raises:
        UnavailableError: its environment cannot be created.
    """
    return python_of(HERE / "peers" / f"{engine.peer}.txt") if engine.peer else Path(sys.executable)


def run(engine: Engine, python: Path, spec: Spec) -> dict[str, Any]:
    """Train in a separate process and return its report.

    Raises:
        HarnessError: the process failed; names its log.
    """
    folder = Path(spec.output)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    given, result, log = (folder.with_name(f"{folder.name}{suffix}") for suffix in (".spec.json", ".json", ".log"))
    given.write_text(json.dumps(asdict(spec)), encoding="utf-8")
    script = HERE / "peers" / f"{engine.peer or 'ours'}.py"
    call([str(python), str(script), str(given), str(result)], log, _environment(engine, spec.threads))
    reported: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    return reported


def score(prepared: Prepared, spec: Spec, trained: Path | None) -> float:
    """Return the common judge's loss of a trained model (of the base model for None), in nats a token."""
    request, result = prepared.folder / "score.request.json", prepared.folder / "score.json"
    wanted = {
        "model": spec.model,
        "trained": trained and str(trained),
        "strategy": spec.strategy,
        "examples": str(prepared.held_out),
        "threads": spec.threads,
    }
    request.write_text(json.dumps(wanted), encoding="utf-8")
    call([sys.executable, str(HERE / "scoring.py"), str(request), str(result)], prepared.folder / "score.log")
    return float(json.loads(result.read_text(encoding="utf-8"))["loss"])


def trained_folder(engine: Engine, spec: Spec) -> Path:
    """Return the folder where an engine saves its weights."""
    return Path(spec.output) if engine.peer else Path(spec.output) / "model"


def search_start(prepared: Prepared) -> dict[str, Any]:
    """Return the TRL settings that the search starts from.

    Gradient checkpointing is off in all of them: it trades time for memory.
    """
    sizes = prepared.workload.micro_batch_sizes
    return {"micro_batch_size": sizes[len(sizes) // 2], "grouped": False, "packed": False}


def search_axes(prepared: Prepared) -> list[list[dict[str, Any]]]:
    """Return the settings to try, one kind at a time: precision, batch size, row layout.

    Packed rows all have the same length, so grouping them by length is pointless.
    """
    precisions = [{"weights": w, "products": p} for w, p in (("fp32", "bf16"), ("fp32", "fp32"), ("bf16", "bf16"))]
    sizes: list[dict[str, Any]] = [{"micro_batch_size": size} for size in prepared.workload.micro_batch_sizes]
    return [precisions, sizes, [{"grouped": True}, {"packed": True}]]


def configured(spec: Spec, settings: dict[str, Any]) -> Spec:
    """Return a specification with an engine's settings; its micro-batch is at most its optimizer step."""
    changed = replace(spec, **settings)
    return replace(changed, micro_batch_size=min(changed.micro_batch_size, changed.batch_size))


def _environment(engine: Engine, threads: int) -> dict[str, str]:
    """Return the environment variables of a run: two threads, no hub, and our sources for us alone."""
    kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    ours = {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(HERE)])} if engine.peer is None else {}
    offline = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONDONTWRITEBYTECODE": "1"}
    return kept | ours | offline | {"OMP_NUM_THREADS": str(threads), "PYTHONUNBUFFERED": "1"}
