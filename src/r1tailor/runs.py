"""Direct runs: ``python train.py`` goes the whole way in a folder of its own.

Nothing here touches a file that DVC tracks. ``outputs/runs/latest`` points to the newest direct run.
"""

import time
import traceback
from datetime import datetime
from pathlib import Path
from typing import Any

from r1tailor import config, stages, store
from r1tailor.config_messages import shortened
from r1tailor.errors import ConfigError, Interrupted, TailorError
from r1tailor.layout import RunFolder
from r1tailor.schema.settings import Settings

RUNS = Path("outputs") / "runs"
RECORD = "run.json"
_WAY = (
    stages.collect,
    stages.check,
    stages.clean,
    stages.annotate,
    stages.instruct,
    stages.train,
    stages.variant,
    stages.evaluate,
)


def run_job(composition: Any) -> None:  # noqa: ANN401  (Hydra's mapping, known to config alone)
    """Run one composition; in a sweep, record a failure and let the others go on."""
    sweep = config.sweep_folder()
    if sweep is None:
        settings = config.from_hydra(composition)
        run(settings, _folder(settings))
        return
    try:
        run(config.from_hydra(composition), sweep)
    except Interrupted:
        raise
    except Exception as error:
        if not isinstance(error, TailorError):
            traceback.print_exc()
        print(f"this run failed and the sweep goes on: {error}")
        store.write_json(sweep / RECORD, {"status": "failed", "error": str(error).splitlines()[-1].strip(" -")})


def run(settings: Settings, folder: Path) -> None:
    """Collect, clean, instruct, train and evaluate in one folder.

    Raises:
        UserError: the run cannot work.
        Interrupted: with the words that resume this very run.
    """
    with store.held(folder):
        _run(settings, folder)


def _run(settings: Settings, folder: Path) -> None:
    started = time.perf_counter()
    store.write_text(folder / "config.yaml", config.as_yaml(settings))
    shown = folder.relative_to(config.ROOT) if folder.is_relative_to(config.ROOT) else folder
    print(f"run: {shown}", flush=True)
    if folder.parent == config.ROOT / RUNS:
        store.point_to(folder.parent / "latest", folder)
    place = RunFolder(folder)
    try:
        for stage in _WAY:
            stage(settings, place)
    except Interrupted as stop:
        again = f"go on with: python train.py <the same overrides> resume=true output={shown}"
        raise Interrupted(f"{stop}; {again}", stop.exit_code - 128) from stop
    seconds = time.perf_counter() - started
    store.write_json(folder / RECORD, _record(settings, place, seconds))
    print(f"report: {shown / 'evaluation' / 'report.html'} ({seconds:.0f} s)")


def _record(settings: Settings, place: RunFolder, seconds: float) -> dict[str, Any]:
    tuned = store.read_json(place.evaluation / "metrics.json")["models"]["tuned"]
    return {
        "status": "done",
        "domain": settings.domain.name,
        "model": settings.model.name,
        "strategy": settings.strategy.kind,
        "seconds": round(seconds, 1),
        "metrics": {name: entry["value"] for name, entry in tuned.items()},
    }


def _folder(settings: Settings) -> Path:
    """Return the folder of a direct run: the one to resume, the one asked for, or a new one."""
    latest = config.ROOT / RUNS / "latest"
    if settings.output is not None:
        folder = _resolved(settings.output)
        _refuse_tracked(folder, settings.output)
        exists = folder.is_dir() and any(entry.name != store.LOCK for entry in folder.iterdir())
        if exists and not settings.resume:
            raise ConfigError([f"output = {settings.output}: there is a run in it; resume=true goes on with it"])
        if settings.resume and not exists:
            raise ConfigError([f"resume = true: there is no run in output = {settings.output}"])
        return folder
    if settings.resume:
        if not latest.exists():
            raise ConfigError([f"resume = true: there is no run to go on with below {RUNS}"])
        return latest.resolve()
    stamp = datetime.now().astimezone().strftime("%Y-%m-%d_%H-%M-%S")
    name = f"{stamp}-{settings.domain.name}-{settings.strategy.kind}"
    candidates = [config.ROOT / RUNS / name, *(config.ROOT / RUNS / f"{name}-{n}" for n in range(2, 1000))]
    return next(folder for folder in candidates if not folder.exists())


def _resolved(output: str) -> Path:
    try:
        folder = (config.ROOT / output).resolve()
        folder.is_dir()
    except (OSError, ValueError, RuntimeError) as error:  # too long, a null byte, a loop of links
        why = getattr(error, "strerror", None) or error
        raise ConfigError([f"output = {shortened(output)}: {why}; choose outputs/runs/<name>"]) from error
    return folder


def _refuse_tracked(folder: Path, given: str) -> None:
    """Refuse a folder of the project but those of runs: of the pipeline, the registry, the raw material, the code."""
    outputs = config.ROOT / "outputs"
    inside = folder.relative_to(outputs).parts if folder.is_relative_to(outputs) else ()
    if (
        folder.is_relative_to(config.ROOT / "data")
        or folder in (config.ROOT, outputs, outputs / "runs", outputs / "sweeps")
        or (inside and inside[0] not in ("runs", "sweeps"))
    ):
        raise ConfigError([f"output = {given}: DVC or the registry keeps its files there; choose outputs/runs/<name>"])
    if (folder.is_relative_to(config.ROOT) and not inside) or config.ROOT.is_relative_to(folder):
        raise ConfigError([f"output = {given}: the project keeps its own files there; choose outputs/runs/<name>"])
