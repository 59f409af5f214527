"""Everything before -> one version of the registry."""

from pathlib import Path
from typing import Any

from r1tailor import artifact, config, store
from r1tailor.errors import DataError
from r1tailor.layout import TRAIN, RunFolder
from r1tailor.redteam.folder import rates_of
from r1tailor.registry import Version, open_registry
from r1tailor.registry.files import write_folder
from r1tailor.schema.settings import Settings
from r1tailor.stage_outputs import demand
from r1tailor.stages.evidence import EVALUATED, evaluated, refuse_other_model
from r1tailor.stages.material import REPORT


def register(settings: Settings, run: RunFolder) -> Version:
    """Everything above -> one complete version, without number or time; the local registry takes it in.

    Raises:
        DataError: nothing was evaluated yet.
    """
    from r1tailor.registry.goals import judged_facts
    from r1tailor.report import dossier, finished

    demand(settings, run, "register")
    metrics_file = run.evaluation / "metrics.json"
    if not metrics_file.exists():
        raise DataError(f"{metrics_file} does not exist. Run the stage before: dvc repro, or python train.py")
    _refuse_unless_evaluated(settings, run)
    metrics = store.read_json(metrics_file)
    facts = {
        "domain": settings.domain.name,
        "parent": artifact.recorded(run.phase(settings.curriculum.keys[0]) / "model")["parent"],
        "model": settings.model.name,
        "strategy": settings.strategy.kind,
        **judged_facts(settings.domain.goals, metrics, _attacked(settings, run)),
    }
    parts = version_parts(settings, run)
    texts = {"config.yaml": without_place(settings), **dossier.texts(finished.read(settings, run, ""), parts)}
    write_folder(run.version, parts, texts, facts)
    version, _ = open_registry(config.ROOT).take_in(run.version)
    _adopt_forms(settings, run, version, metrics)
    missed = "; ".join(version.missed_goals)
    print(f"register: {version.id}" + (f" (misses its goals: {missed})" if missed else " (meets its goals)"))
    return version


def _refuse_unless_evaluated(settings: Settings, run: RunFolder) -> None:
    """Refuse to register anything but what was evaluated.

    Raises:
        CheckpointError: the model is damaged.
        DataError: nothing was evaluated, or another model, other items, or the metrics were changed since.
    """
    record = run.evaluation / EVALUATED
    if not record.exists():
        raise DataError(f"{record} does not exist. Run the stage before: dvc repro, or python train.py")
    refuse_other_model(settings, run)
    recorded, now = store.read_json(record), evaluated(settings, run)
    changed = [name for name in now if recorded.get(name) != now[name]]
    if changed:
        raise DataError(
            f"{', '.join(changed)}: not what was evaluated in {run.evaluation}; nothing was registered. "
            "Evaluate again: dvc repro, or python train.py resume=true output=<folder of the run>"
        )


def _attacked(settings: Settings, run: RunFolder) -> dict[str, Any] | None:
    """Return the rates of the red team; None where none is composed."""
    model = run.phase(settings.curriculum.final) / "model"
    return rates_of(run.attacked, model) if settings.redteam.attacks else None


def _adopt_forms(settings: Settings, run: RunFolder, version: Version, metrics: dict[str, Any]) -> None:
    """Put the forms of the tuned model, with their verdicts, next to the version, whose id does not depend on them."""
    for form in settings.compression.forms:
        from r1tailor.compression.forms import adopt
        from r1tailor.evaluation.non_inferiority import in_words

        folder = open_registry(config.ROOT).folder / version.domain / "forms" / version.id / form
        adopt(run.compressed / form, folder, metrics["compared"][form]["verdict"])
        print(f"register: {in_words(form, metrics['compared'][form]['verdict'])}")


def version_parts(settings: Settings, run: RunFolder) -> dict[str, Path]:
    """Return what a version holds, by the name that it has there."""
    *earlier, final = settings.curriculum.keys
    taught = {f"teach/{name}": run.taught / name for name in (REPORT, TRAIN)}
    return {
        "model": run.phase(final) / "model",
        **{f"phases/{key}": run.phase(key) / "model" for key in earlier},
        "data": run.examples,
        "evaluation": run.evaluation,
        "provenance.json": run.provenance,
        **({"redteam": run.attacked} if settings.redteam.attacks else {}),
        **{name: path for name, path in taught.items() if path.exists()},
    }


def without_place(settings: Settings) -> str:
    """Return the composition as YAML, without where and how this run was started: it says nothing of the version."""
    return config.as_yaml(settings.model_copy(update={"output": None, "resume": False}))
