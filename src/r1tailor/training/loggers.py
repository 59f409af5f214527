"""Loggers: a class from an allow-list, told where its run lies; what it is given are settings and numbers.

No text of a domain reaches a tracker: of the settings it is given those that hold none, and of training the figures.
"""

import hashlib
import importlib
import inspect
import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from r1tailor import config, store
from r1tailor.errors import ConfigError
from r1tailor.schema.logger import Logger
from r1tailor.schema.settings import Settings
from r1tailor.training.parallel import rank
from r1tailor.training.phase_run import PhaseRun

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger as LightningLogger

_TOLD = ("strategy", "optimizer", "scheduler", "trainer")  # whole sections: options, numbers, names of layers
_QUIET = {  # trackers report on their users unless they are told not to
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "WANDB_ERROR_REPORTING": "false",
    "DVC_NO_ANALYTICS": "true",
    "DO_NOT_TRACK": "true",
}
_RUN_ID = "mlflow.json"  # MLflow gives ids itself
_SHOWN = """\
# DVCLive's files of this folder, which `dvc exp show`, `dvc metrics` and `dvc plots` read
params: [params.yaml]
metrics: [metrics.json]
plots: [{plots/metrics: {x: step}}]
"""


def logger_class(settings: Logger) -> Any:  # noqa: ANN401
    """Return the class named by ``logger._target_``, the names of its arguments checked.

    Raises:
        ConfigError: its package is missing or too old, or the class does not take an argument.
    """
    if fault := settings.missing():
        raise ConfigError([fault])
    assert settings.target is not None
    module, _, name = settings.target.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError([f"logger._target_ = {settings.target}: {error}"]) from error
    known = inspect.signature(found).parameters
    open_ended = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())
    if unknown := [key for key in settings.arguments if key not in known and not open_ended]:
        listed = ", ".join(known)
        raise ConfigError([f"logger.arguments.{key}: {name} does not take it. It takes: {listed}" for key in unknown])
    return found


def new_logger(run: PhaseRun) -> "LightningLogger | None":
    """Return the logger of a phase, which knows the run's settings; None where nothing is logged.

    Raises:
        ConfigError: its package is missing, or it refuses its arguments.
    """
    settings = run.settings.logger
    if settings.target is None or rank() > 0:  # one process logs for all
        return None
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    kind = logger_class(settings)
    given = _going_on(kind.__name__, settings.filled(_places(run)), run)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a tracker's advice is not the user's business
            logger: LightningLogger = kind(**given)
            logger.log_hyperparams(told(run.settings, run.key))
    except Exception as error:  # whatever a third party's constructor makes of a value
        raise ConfigError([f"logger: {kind.__name__} cannot be opened: {type(error).__name__}: {error}"]) from error
    match kind.__name__:
        case "MLFlowLogger":
            store.write_json(run.checkpoints / _RUN_ID, logger.version)
        case "DVCLiveLogger" if given.get("dvcyaml") is None:
            store.write_text(Path(given["dir"]) / "dvc.yaml", _SHOWN)
    return logger


@contextmanager
def one_run() -> Iterator[None]:
    """End the run that a tracker holds for the whole process, so that the next phase or job has one of its own."""
    try:
        yield
    finally:
        for name in ("wandb", "swanlab"):
            if name in sys.modules:
                sys.modules[name].finish()


def _going_on(name: str, given: dict[str, Any], run: PhaseRun) -> dict[str, Any]:
    """Return the arguments with which an interrupted run goes on with its curves."""
    kept = run.checkpoints / _RUN_ID
    if name == "MLFlowLogger" and kept.exists():
        return {"run_id": store.read_json(kept)} | given
    if name == "DVCLiveLogger":
        return {"resume": any(run.checkpoints.glob("step-*"))} | given
    return given


def told(settings: Settings, key: str) -> dict[str, Any]:
    """Return the settings that a tracker is told, flat, by their keys: none that can hold a text of the domain.

    Args:
        settings: the composition.
        key: of the phase.
    """
    whole = settings.model_dump(mode="json", by_alias=True)
    names = {
        "domain.name": settings.domain.name,
        "model.name": settings.model.name,
        "objective.kind": settings.objective.kind,
        "curriculum.kind": settings.curriculum.kind,
        "phase": key,
        "seed": settings.seed,
    }
    return names | _flat({section: whole[section] for section in _TOLD}, "")


def _places(run: PhaseRun) -> dict[str, str]:
    """Return what stands for each place in the arguments."""
    outputs = config.ROOT / "outputs"
    inside = run.folder.relative_to(outputs) if run.folder.is_relative_to(outputs) else run.folder
    parts = [part for part in inside.parts[-4:] if part != "train"]
    seen = json.dumps([str(run.folder), run.identity], sort_keys=True)
    return {
        "folder": str(run.folder),
        "root": str(config.ROOT),
        "phase": run.key,
        "run": "-".join(parts).strip("/-"),
        "id": hashlib.sha256(seen.encode()).hexdigest()[:21],
    }


def _flat(value: Any, key: str) -> dict[str, Any]:  # noqa: ANN401
    if not isinstance(value, dict):
        return {key: json.dumps(value) if isinstance(value, list) else value}
    inner = [_flat(part, f"{key}.{name}" if key else str(name)) for name, part in value.items()]
    return {name: part for found in inner for name, part in found.items()}
