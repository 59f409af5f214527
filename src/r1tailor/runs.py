"""Direct runs: ``python train.py`` runs every stage in a folder of its own.

Nothing here touches a file that DVC tracks. ``outputs/runs/latest`` points to the newest direct run that trained.
"""

import shlex
import shutil
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from r1tailor import artifact, command_line, config, run_folders, stages, store
from r1tailor.confidential import confidential
from r1tailor.config_messages import shortened
from r1tailor.errors import ConfigError, Interrupted, TailorError
from r1tailor.layout import RunFolder
from r1tailor.overrides import as_override
from r1tailor.schema.settings import Settings
from r1tailor.training.identity import differences
from r1tailor.training.nodes import follows, job, refuse_several_here

RUNS = Path("outputs") / "runs"
RECORD = "run.json"
_KEPT = "stopped; what was finished is kept"
# What may differ between a run and its resumption: none of it changes what was cleaned, annotated, split or trained.
_FREE: Any = {
    "output": True,
    "resume": True,
    "corpus": True,
    "evaluation": True,
    "ability": True,
    "redteam": True,
    "report": True,
    "domain": {"title", "goals"},
    "trainer": {"checkpoints", "parallel", "devices", "nodes", "restarts"},
    "logger": True,
}


def _point_latest(settings: Settings, run: RunFolder) -> None:
    """Make ``outputs/runs/latest`` point to a run that is about to train."""
    if run.path.parent == config.ROOT / RUNS:
        store.point_to(config.ROOT / RUNS / "latest", run.path)


_STAGES = (
    stages.collect,
    stages.check,
    stages.clean,
    stages.annotate,
    stages.instruct,
    stages.teach,
    _point_latest,
    partial(stages.train, checked=True),
    stages.variant,
    stages.compress,
    stages.evaluate,
    stages.redteam,
    stages.report,
)


def run_job(composition: Any) -> None:  # noqa: ANN401  (Hydra's mapping, known to config alone)
    """Run one composition; in a sweep, record a failure and let the other jobs run.

    Raises:
        UserError: the run cannot work.
        Interrupted: with the command that resumes this very run.
    """
    job = config.sweep_job()
    with _recorded(job) if job else nullcontext():
        settings = config.from_hydra(composition)
        if settings.trainer.devices > 1:
            refuse_several_here()
        if job and _is_over(job, settings):
            print(f"job {job.number} has run with this composition: it is not run again")
            return
        if follows(settings):
            _follow(settings, _shared_folder(settings))
            return
        stages.refuse_early(settings)
        with _searched(job), _opened(settings, job.folder if job else _folder(settings)) as run:
            for stage in _STAGES:
                stage(settings, run)


def _is_over(job: config.SweepJob, settings: Settings) -> bool:
    """Whether a job of a sweep that is run again has a result already."""
    record, composed = job.folder / RECORD, job.folder / "config.yaml"
    if not record.exists() or store.read_json(record)["status"] not in ("done", "pruned"):
        return False
    return composed.exists() and composed.read_text("utf-8") == config.as_yaml(settings)


@contextmanager
def _searched(job: config.SweepJob | None) -> Iterator[None]:
    """Let a job of a search end early where it falls behind."""
    if job is None or not job.prunes:
        yield
        return
    from r1tailor.training.pruning import searched

    with searched(job.folder, job.depth):
        yield


def resume(arguments: list[str]) -> None:
    """Resume a run with the composition it began with: ``resume=true``, and ``output=...`` if it is not the latest.

    Args:
        arguments: the command line. Its other overrides have to agree with the run, except those of settings that
            change nothing of what is trained.

    Raises:
        ConfigError: an override is faulty, or the run was begun with another value.
        Interrupted: with the command that resumes this very run.
    """
    folder = _folder_to_resume(command_line.given_values(arguments).get("output"))
    begun = config.load_params(folder / "config.yaml")
    settings = command_line.with_overrides(begun, arguments)
    _refuse_another_run(begun, settings, folder)
    if settings.trainer.devices > 1:
        refuse_several_here()
    if follows(settings):
        _follow(settings, folder)
        return
    with _opened(settings, folder) as run:
        for stage in _STAGES:
            stage(settings, run)


def _follow(settings: Settings, folder: Path) -> None:
    """Take part in the training of a run whose stages another machine runs."""
    with command_line.terminable(_KEPT), confidential(settings, folder):
        stages.train(settings, RunFolder(folder))


def _refuse_another_run(begun: Settings, wanted: Settings, folder: Path) -> None:
    before, now = (each.model_dump(mode="json", by_alias=True, exclude=_FREE) for each in (begun, wanted))
    faults = [
        f"{key} = {shortened(_at(now, key))}: {_shown(folder)} began with {shortened(_at(before, key))}. Leave it out "
        "to resume that run, or start a new run without resume=true"
        for key in differences(before, now)
    ]
    if faults:
        raise ConfigError(faults)


def _at(settings: Any, key: str) -> Any:  # noqa: ANN401
    for part in key.split("."):
        settings = settings.get(part) if isinstance(settings, dict) else None
    return settings


@contextmanager
def _recorded(job: config.SweepJob) -> Iterator[None]:
    """Record what a job of a sweep is and what it came to; a failure is recorded instead of raised."""
    result: dict[str, Any] = {}
    try:
        yield
        result = store.read_json(job.folder / RECORD)
    except Interrupted:
        raise
    except Exception as error:
        if not isinstance(error, TailorError):
            traceback.print_exc()
        lines = [line.strip(" -") for line in str(error).splitlines() if line.strip(" -")]
        result = {"status": "failed", "error": lines[-1] if lines else type(error).__name__}
        if behind := _fallen_behind(job):
            result = {"status": "pruned", "error": behind}
        print(f"this run {'ended early' if behind else 'failed'} and the sweep continues: {behind or error}")
    store.write_json(job.folder / RECORD, {"job": job.number, "overrides": job.overrides} | result)


def _fallen_behind(job: config.SweepJob) -> str:
    """Return why a job of a search ended early, whichever of its processes said so; empty where it did not."""
    if not job.prunes:
        return ""
    from r1tailor.training.pruning import MARK

    mark = job.folder / MARK
    return str(store.read_json(mark)["why"]) if mark.exists() else ""


@contextmanager
def _opened(settings: Settings, folder: Path) -> Iterator[RunFolder]:
    """Hold a run's folder while its stages run; record its composition, its result, and how to resume it.

    Raises:
        Interrupted: in the place of a Ctrl-C, too.
    """
    latest = config.ROOT / RUNS / "latest"
    before = latest.readlink() if latest.is_symlink() else None
    with store.held(folder):
        started = time.perf_counter()
        if not _has_trained(folder):
            if (folder / "config.yaml").exists():
                print("the run in this folder ended before it trained anything: it starts over")
            shutil.rmtree(folder / "train", ignore_errors=True)
        store.write_text(folder / "config.yaml", config.as_yaml(settings))
        print(f"run: {_shown(folder)}", flush=True)
        try:
            with command_line.terminable(_KEPT), confidential(settings, folder):
                yield RunFolder(folder)
        except (Interrupted, KeyboardInterrupt) as stop:
            code = stop.exit_code if isinstance(stop, Interrupted) else 130
            said = str(stop) or _KEPT
            raise Interrupted(f"{said}; resume with:\n{_command(folder)}", code - 128) from stop
        finally:
            if not _has_trained(folder):
                _restore(latest, before, folder)
        seconds = time.perf_counter() - started
        store.write_json(folder / RECORD, _record(settings, RunFolder(folder), seconds))
        print(f"report: {_shown(folder) / 'evaluation' / 'report.html'} ({seconds:.0f} s)")
        windows = artifact.recorded(RunFolder(folder).phase(settings.curriculum.final) / "model")["temporal"]
        print(_next(shlex.quote(str(_shown(folder))), windows=windows))


def _next(run: str, *, windows: bool) -> str:
    """Return what can be done with a finished run; one that reads windows of numbers has no GGUF form."""
    smaller = f" (smaller and faster: --form gguf_q8_0, after r1tailor compress {run} --to gguf_q8_0)"
    return (
        f'ask it:   r1tailor ask {run} "..."\n'
        f"serve it: r1tailor keys add NAME, then r1tailor serve {run}{'' if windows else smaller}"
    )


def _has_trained(folder: Path) -> bool:
    """Whether there is anything to resume: a state or a model."""
    return any(next(folder.glob(f"train/*/{name}"), None) for name in ("checkpoints/step-*", "model"))


def _restore(latest: Path, before: Path | None, folder: Path) -> None:
    """Make ``latest`` point to where it did before a run that did not come to train, unless another run changed it."""
    if not latest.is_symlink() or latest.parent / latest.readlink() != folder:
        return
    if before is None or latest.parent / before == folder:
        latest.unlink()
    else:
        store.point_to(latest, latest.parent / before)


def _command(folder: Path) -> str:
    """Return the shell command that resumes a run."""
    python = "python" if shutil.which("python") == sys.executable else shlex.quote(sys.executable)
    script = sys.argv[0] if Path(sys.argv[0]).name == "train.py" else "train.py"
    output = as_override("output", str(_shown(folder)))
    return f"{python} {shlex.quote(script)} resume=true {shlex.quote(output)}"


def _shown(folder: Path) -> Path:
    """Return a folder as users write it: relative to the project where it lies in it."""
    return folder.relative_to(config.ROOT) if folder.is_relative_to(config.ROOT) else folder


def _record(settings: Settings, place: RunFolder, seconds: float) -> dict[str, Any]:
    tuned = store.read_json(place.evaluation / "metrics.json")["models"]["tuned"]
    return {
        "status": "done",
        "domain": settings.domain.name,
        "model": settings.model.name,
        "strategy": settings.strategy.kind,
        "seconds": round(seconds, 1),
        "costs": _costs(settings, place),
        "metrics": {name: entry["value"] for name, entry in tuned.items()},
    }


def _costs(settings: Settings, place: RunFolder) -> dict[str, Any]:
    """Return what training cost and came to (``sweep.COSTS``), over all phases of the curriculum."""
    phases = [store.read_json(place.phase(key) / "metrics.json") for key in settings.curriculum.keys]
    return {
        "validation_loss": phases[-1]["best_validation_loss"],
        "train_seconds": round(sum(phase["seconds"] for phase in phases), 1),
        "trained_parameters": phases[-1]["trained_parameters"],
    }


def _folder(settings: Settings) -> Path:
    """Return the folder of a direct run: the one to resume, the one asked for, or a new one.

    Raises:
        ConfigError: the folder is not one for runs, or it holds something else than a run that did not come to train.
    """
    if settings.resume:
        folder = _folder_to_resume(settings.output)
        _refuse_another_run(config.load_params(folder / "config.yaml"), settings, folder)
        return folder
    if settings.output is not None:
        folder = _resolved(settings.output)
        if _is_used(folder):
            _refuse_to_overwrite(folder, settings.output)
        return folder
    if settings.trainer.nodes > 1:
        if (folder := _shared_folder(settings)).exists():
            raise ConfigError([f"{_shown(folder)}: there is a run in it; resume it with resume=true output=..."])
        return folder
    stamp = datetime.now().astimezone().strftime("%Y-%m-%d_%H-%M-%S")
    name = f"{stamp}-{settings.domain.name}-{settings.strategy.kind}"
    candidates = [config.ROOT / RUNS / name, *(config.ROOT / RUNS / f"{name}-{n}" for n in range(2, 1000))]
    return next(folder for folder in candidates if not folder.exists())


def _shared_folder(settings: Settings) -> Path:
    """Return the folder that every node of a run finds by itself.

    Raises:
        ConfigError: nothing names it.
    """
    if settings.output is not None:
        return _resolved(settings.output)
    if job() is None:
        raise ConfigError([f"trainer.nodes = {settings.trainer.nodes}: every node needs the same output=..."])
    return config.ROOT / RUNS / f"slurm-{job()}-{settings.domain.name}-{settings.strategy.kind}"


def _folder_to_resume(output: str | None) -> Path:
    """Return the folder of the run in ``output``, or of the latest."""
    if output is None:
        latest = config.ROOT / RUNS / "latest"
        if not latest.exists():
            raise ConfigError([f"resume = true: there is no run to resume below {RUNS}; name one with output=..."])
        return latest.resolve()
    folder = _resolved(str(output))
    if not _is_used(folder):
        raise ConfigError([f"resume = true: there is no run in output = {output}"])
    return folder


def _is_used(folder: Path) -> bool:
    return folder.is_dir() and any(entry.name != store.LOCK for entry in folder.iterdir())


def _refuse_to_overwrite(folder: Path, given: str) -> None:
    """Raise ConfigError unless the folder holds a run that trained nothing, which may start over."""
    if not (folder / "config.yaml").exists():
        raise ConfigError([f"output = {given}: it holds other files; choose a new or an empty folder"])
    if _has_trained(folder):
        raise ConfigError([f"output = {given}: there is a run in it; resume it with resume=true"])


def _resolved(output: str) -> Path:
    """Return the folder of a run from ``output``.

    Raises:
        ConfigError: it cannot be one, or belongs to the pipeline, the registry, the raw material or the code.
    """
    try:
        folder = (config.ROOT / output).resolve()
        folder.is_dir()
    except (OSError, ValueError, RuntimeError) as error:  # too long, a null byte, a loop of links
        why = getattr(error, "strerror", None) or error
        raise ConfigError([f"output = {shortened(output)}: {why}; {run_folders.CHOOSE}"]) from error
    if why := run_folders.taken(folder, config.ROOT):
        raise ConfigError([f"output = {output}: {why}; {run_folders.CHOOSE}"])
    return folder
