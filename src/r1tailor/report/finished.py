"""What a finished run left in its folder, as plain values: all that its report is made of. No model is loaded."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from r1tailor import artifact, store
from r1tailor.errors import DataError
from r1tailor.layout import RunFolder
from r1tailor.record_files import read_examples, read_predictions
from r1tailor.records import Example, Prediction
from r1tailor.registry.goals import Verdict, verdicts
from r1tailor.schema.settings import Settings

MARKET = Path("market") / "page.json"  # of the evaluation's folder
ERRORS = "errors.json"  # of the folder of errors
ABILITY = "ability.json"  # of the evaluation's folder
_SEALED = ("collect", "clean", "annotate", "instruct", "teach")
_NO_CARD: Mapping[str, Any] = {"examples": {}, "leaks": {}}

Item = tuple[Example, Prediction, Prediction]


@dataclass(frozen=True)
class Phase:
    """One phase of training: its name, and the rows of its curves."""

    name: str
    loss: Sequence[Mapping[str, str]]
    validation: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Finished:
    """A finished run.

    Attributes:
        settings: the composition.
        metrics: of the evaluation.
        goals: the verdict on each goal, those on the red team's rates included.
        items: held-out example, answer of the base model, answer of the tuned model.
        phases: of training, in their order.
        facts: reports of the stages, by stage; ``training`` and ``evaluated`` too.
        lineage: (what, sha256) from the raw material to the model that was evaluated.
        attacked: rates of the red team; empty where none was composed.
        attacks: what stands behind these rates.
        market: tables and charts of a market, by split; empty where the domain has none.
        errors: attributions and error modes; empty where none were looked for.
        ability: general ability, base against tuned; empty where it was not measured.
        code: version and commit of the code.
    """

    settings: Settings
    metrics: Mapping[str, Any]
    goals: Sequence[Verdict]
    items: Sequence[Item]
    phases: Sequence[Phase]
    facts: Mapping[str, Any]
    lineage: Sequence[tuple[str, str]]
    attacked: Mapping[str, Any]
    attacks: Mapping[str, Any]
    market: Sequence[Mapping[str, Any]]
    errors: Mapping[str, Any]
    ability: Mapping[str, Any]
    code: str


def read(settings: Settings, run: RunFolder, code: str) -> Finished:
    """Read a run.

    Args:
        settings: its composition.
        run: its folder.
        code: version and commit.

    Raises:
        DataError: it was not evaluated, or a file is damaged.
    """
    if not (run.evaluation / "metrics.json").is_file():
        raise DataError(f"{run.path} holds no evaluation/metrics.json: evaluate first (dvc repro, or python train.py)")
    metrics = store.read_json(run.evaluation / "metrics.json")
    attacked = _read(run.attacked / "rates.json") if settings.redteam.attacks else {}
    trained = run.phase(settings.curriculum.final)
    return Finished(
        settings,
        metrics,
        verdicts(settings.domain.goals, metrics, attacked or None),
        _items(run),
        [_phase(run, key) for key in settings.curriculum.keys],
        {
            "provenance": _read(run.provenance) or [],
            "cleaning": _read(run.cleaned.with_name("report.json")) or {"changed": {}, "documents": 0},
            "examples": {**_NO_CARD, **_read(run.examples / "report.json")},
            "annotation": _read(run.annotated.with_name("report.json")),
            "training": _read(trained / "metrics.json"),
            "evaluated": _read(run.evaluation / "evaluated.json"),
            "model": artifact.recorded(trained / "model"),
        },
        list(_lineage(run, trained / "model")),
        attacked,
        _read(run.attacked / "verdicts" / "report.json") if attacked else {},
        _read(run.evaluation / MARKET) or [],
        _read(run.errors / ERRORS),
        _read(run.evaluation / ABILITY),
        code,
    )


def _read(file: Path) -> Any:  # noqa: ANN401 - whatever a stage wrote
    return store.read_json(file) if file.is_file() else {}


def _items(run: RunFolder) -> list[Item]:
    """Return the items that were asked, in their order."""
    base, tuned = (read_predictions(run.evaluation / f"predictions-{name}.jsonl") for name in ("base", "tuned"))
    test = {example.id: example for example in read_examples(run.examples / "test.jsonl")}
    return [(test[one.id], one, other) for one, other in zip(base, tuned, strict=True)]


def _phase(run: RunFolder, key: str) -> Phase:
    plots = run.phase(key) / "plots"
    return Phase(key, _rows(plots / "loss.csv"), _rows(plots / "validation.csv"))


def _rows(file: Path) -> list[dict[str, str]]:
    if not file.is_file():
        return []
    with file.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def _lineage(run: RunFolder, model: Path) -> Sequence[tuple[str, str]]:
    sealed = [(stage, run.path / stage / store.MANIFEST) for stage in _SEALED]
    recorded = artifact.recorded(model)
    found = [(stage, store.sha256_file(file)) for stage, file in sealed if file.is_file()]
    found.append(("base model", (recorded.get("base") or {}).get("sha256", "")))
    if recorded.get("parent"):
        found.append(("parent", recorded["parent"]))
    found.append(("model", store.sha256_file(model / store.MANIFEST)))
    return [*found, ("metrics", store.sha256_file(run.evaluation / "metrics.json"))]
