"""The loop of a search: draw, launch, read what the jobs left, tell; gone on with where it was interrupted."""

import traceback
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf, open_dict

from r1tailor import config, store
from r1tailor.domain.declaration import measured_names
from r1tailor.errors import ConfigError, Interrupted
from r1tailor.search.asked import Asked, asked_of
from r1tailor.sweep import COSTS, RECORD, SEARCH, records

_LOST = "its process ended without a result; see its log"


def search(
    given: Mapping[str, Any], arguments: list[str], composition: DictConfig, context: HydraContext, launcher: Launcher
) -> None:
    """Run a search, or go on with the one that the sweep's folder holds.

    Args:
        given: the settings of ``hydra.sweeper``.
        arguments: the overrides of the command line.
        composition: what Hydra composed, its own section included.
        context: Hydra's.
        launcher: runs the jobs.

    Raises:
        ConfigError: Optuna is missing, a setting is faulty, or the folder holds another search.
    """
    if find_spec("optuna") is None:
        raise ConfigError(
            ['hydra/sweeper=optuna: optuna is not installed. Install it: pip install "r1-tailor[search]"']
        )
    from r1tailor.search.space import divided
    from r1tailor.search.study import Study

    asked = asked_of(given)
    fixed, space = divided(OverridesParser.create(context.config_loader).parse_overrides(arguments))
    _refuse_unmeasured(asked, composition)
    folder = Path(composition.hydra.sweep.dir)
    folder.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(composition, folder / "multirun.yaml")
    study = Study(folder, asked, fixed, space)
    if chosen := [name for name in asked.objectives if name not in (*COSTS, "seconds")]:
        print(
            f"search: {', '.join(chosen)} is measured on the test items: what is best by them looks better than it is"
        )
    try:
        for number, overrides in study.interrupted().items():
            print(f"search: job {number} was interrupted: it goes on")
            _run(study, {number: overrides}, folder, launcher)
        while jobs := study.drawn():
            _run(study, jobs, folder, launcher)
    finally:
        store.write_json(folder / SEARCH, study.summary())


def _run(study: Any, jobs: Mapping[int, list[str]], folder: Path, launcher: Launcher) -> None:  # noqa: ANN401
    """Launch jobs of consecutive numbers, and tell what they came to."""
    try:
        launcher.launch([*jobs.values()], initial_job_idx=min(jobs))
    except Interrupted:
        raise
    except Exception:  # of the launcher: a job that the system ended, for one
        traceback.print_exc()
    found = {record["job"]: record for record in records(folder)}
    for number, overrides in jobs.items():
        if number not in found:
            plain = [text.lstrip("+") for text in overrides]
            found[number] = {"job": number, "overrides": plain, "status": "failed", "error": _LOST}
            store.write_json(folder / str(number) / RECORD, found[number])
        study.tell(number, found[number])


def _refuse_unmeasured(asked: Asked, composition: DictConfig) -> None:
    """Refuse an objective that no job could measure, as far as that is known before the first.

    Raises:
        ConfigError: names what there is.
    """
    plain = composition.copy()
    with open_dict(plain):
        del plain["hydra"]
    try:
        settings = config.from_hydra(plain)
    except ConfigError:  # incomplete without the values that are drawn
        return
    attacked = (*settings.redteam.metrics, *settings.ability.metrics)
    known = (*COSTS, "seconds", *measured_names(settings.domain, settings.evaluation.samples, attacked))
    if unknown := [name for name in asked.objectives if name not in known]:
        raise ConfigError([f"hydra.sweeper: {', '.join(unknown)} is not measured here; there is {', '.join(known)}"])
