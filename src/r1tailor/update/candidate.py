"""A proven candidate becomes a version: complete, with its training mixture, its proof and its parent."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from r1tailor import artifact, config, store
from r1tailor.inference.locate import Located
from r1tailor.record_files import write_records
from r1tailor.redteam.folder import RATES, rates_of
from r1tailor.registry import Version, open_registry
from r1tailor.registry.files import write_folder
from r1tailor.registry.goals import ATTACKED, CHAMPION, judged_facts
from r1tailor.update.compared import CANDIDATE
from r1tailor.update.day import DOMAIN_ITEMS, Day
from r1tailor.update.prove import PROOF
from r1tailor.update.train import mixture_of

ORIGINS = "origins.json"  # in a version's data/: what each training example came from


def register(day: Day, root: Path) -> Version:
    """Register a day's candidate; the same day is the same version.

    Raises:
        RegistryError: the version was withdrawn, or is not what was registered.
        UserError: another process writes and does not end in time.
    """
    found = day.located(root)
    model, proved = day.stage("train") / "model", day.stage("prove")
    metrics = store.read_json(proved / "metrics.json")
    attacked = rates_of(proved / "redteam", model) if (proved / "redteam" / RATES).exists() else None
    facts = {
        "domain": found.settings.domain.name,
        "parent": artifact.recorded(model)["parent"],
        "model": found.settings.model.name,
        "strategy": found.settings.strategy.kind,
        **judged_facts(found.settings.domain.goals, metrics, attacked),
    }
    composition = config.as_yaml(found.settings.model_copy(update={"output": None, "resume": False}))
    place = day.folder / ".version"  # the registry keeps its own copies
    shutil.rmtree(place, ignore_errors=True)  # what a killed process left of it
    try:
        data = _data(day, found, place / "data")
        parts = {"model": model, "data": data, **_evaluation(proved, attacked=attacked is not None)}
        if (provenance := found.model.parent / "provenance.json").is_file():
            parts["provenance.json"] = provenance
        write_folder(place / "register", parts, {"config.yaml": composition}, facts)
        version, _ = open_registry(root).take_in(place / "register")
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return version


def _data(day: Day, found: Located, folder: Path) -> Path:
    """Write what a version holds of its data: the mixture, where each example came from, the held-out items."""
    folder.mkdir(parents=True)
    mixture = mixture_of(day)
    write_records(folder / "train.jsonl", (one.example for one in mixture))
    store.write_json(folder / ORIGINS, _origins(day, [(one.example.id, one.origin, one.day) for one in mixture]))
    for name in ("validation.jsonl", "test.jsonl"):
        shutil.copyfile(day.places.held_out(DOMAIN_ITEMS) / name, folder / name)
    if (report := found.model.parent / "data" / "report.json").is_file():
        shutil.copyfile(report, folder / "report.json")
    return folder


def _origins(day: Day, mixed: list[tuple[str, str, str]]) -> dict[str, Any]:
    examples = [{"id": id_, "origin": origin, **({"day": name} if name else {})} for id_, origin, name in mixed]
    return {"day": day.name, "trained": sorted(day.facts["trained"]), "examples": examples}


def _evaluation(proved: Path, *, attacked: bool) -> Mapping[str, Path]:
    names = ["metrics.json", PROOF, *(f"predictions-{who}.jsonl" for who in (CHAMPION, CANDIDATE))]
    parts = {f"evaluation/{name}": proved / name for name in names}
    return parts | ({ATTACKED: proved / "redteam" / RATES} if attacked else {})
