"""The page of the days: what came in, was kept, was learnt, was forgotten, was refused; curves over days; costs.

One HTML file without script or network, in English or Chinese.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from jinja2 import ChoiceLoader, Environment, PackageLoader
from markupsafe import Markup

from r1tailor import store
from r1tailor.schema.settings import Settings
from r1tailor.update import curves
from r1tailor.update.day import Day, UpdateFolder, update_folder
from r1tailor.update.gates import Gate
from r1tailor.update.history import entries
from r1tailor.update.page_texts import TEXTS
from r1tailor.update.prove import PROOF, gates_of
from r1tailor.update.train import SUMMARY

Language = Literal["en", "zh"]
_CURVES = ("held_out", "earlier", "day")


def write(settings: Settings, root: Path, language: Language | None = None) -> Path:
    """Write ``days.html`` next to the days, and return it.

    Args:
        settings: the composition; names the domain.
        root: the project's root.
        language: of the page; None for the domain's.
    """
    places = update_folder(settings, root)
    file = places.path / "days.html"
    store.write_text(file, page(places, settings, language or ("zh" if settings.domain.language == "zh" else "en")))
    return file


def page(places: UpdateFolder, settings: Settings, language: Language) -> str:
    """Return the page as HTML."""
    texts = TEXTS[language]
    told = entries(places.history)
    days = [_told(places.day(name), told, texts) for name in places.names()]
    names = [one["name"] for one in days]
    folders = [PackageLoader("r1tailor", folder) for folder in ("update/templates", "report")]
    environment = Environment(loader=ChoiceLoader(folders), autoescape=True)
    return environment.get_template("days.html.j2").render(
        language=language,
        texts=texts,
        title=settings.domain.title,
        days=days[::-1],
        came=Markup(curves.bars(names, _stacks(days, texts), texts["came_in"])),
        came_legend=curves.legend([texts[key] for key in _STACKS]),
        curves=Markup(curves.lines(names, _of_champion(days, texts), texts["curves"])),
        curves_legend=curves.legend([texts[name] for name in _CURVES]),
        costs=[(one["name"], one["costs"]) for one in days if one["costs"]],
        history=told[::-1],
    )


_STACKS = ("trained", "held_out_slice", "people", "quarantined", "left_out")


def _told(day: Day, told: Sequence[Mapping[str, Any]], texts: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page shows of a day."""
    own = [one for one in told if one["day"] == day.name]
    admit, select = (_read(day.stage(stage) / "counts.json") for stage in ("admit", "select"))
    proof, summary = _read(day.stage("prove") / PROOF), _read(day.stage("train") / SUMMARY)
    newest = own[-1] if own else {}
    return {
        "name": day.name,
        "champion": day.champion.version,
        "state": texts.get(newest.get("decision", "open"), newest.get("decision", "")),
        "decision": newest.get("decision", "open"),
        "reason": newest.get("reason", ""),
        "version": next((one["version"] for one in own[::-1] if "version" in one), ""),
        "came": day.facts.get("came", {}),
        "quarantined": admit.get("quarantined", {}),
        "counts": {
            "trained": select.get("train", 0),
            "held_out_slice": select.get("held_out", 0),
            "people": select.get("people", 0),
            "quarantined": sum(admit.get("quarantined", {}).values()),
            "left_out": select.get("left_out", 0),
        },
        "mixture": summary.get("mixture", {}),
        "anew": summary.get("anew", False),
        "gates": [(gate, _shown(gate, texts)) for gate in (gates_of(proof) if proof else [])],
        "level": proof.get("level"),
        "forgotten": [len(one["items"]) for one in own if one["decision"] == "forgotten"],
        "costs": _costs(day.folder / "costs"),
    }


def _read(file: Path) -> dict[str, Any]:
    return dict(store.read_json(file)) if file.is_file() else {}


def _costs(folder: Path) -> dict[str, float]:
    """Return the seconds that each stage took."""
    files = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return {file.stem: sum(store.read_json(file)["seconds"].values()) for file in files}


def _shown(gate: Gate, texts: Mapping[str, str]) -> str:
    state = {True: "passed", False: "failed", None: "not_decided"}[gate.passed]
    return texts[state]


def _stacks(days: Sequence[Mapping[str, Any]], texts: Mapping[str, str]) -> dict[str, Sequence[int]]:
    return {texts[key]: [one["counts"][key] for one in days] for key in _STACKS}


def _of_champion(days: Sequence[Mapping[str, Any]], texts: Mapping[str, str]) -> dict[str, Sequence[float | None]]:
    """Return the value of what served after each day, on each set: the candidate where it was promoted."""
    found: dict[str, Sequence[float | None]] = {}
    for name in _CURVES:
        values: list[float | None] = []
        for one in days:
            gate = next((gate for gate, _ in one["gates"] if gate.name == name), None)
            value = None if gate is None else gate.candidate if one["decision"] == "promoted" else gate.champion
            values.append(value if value is not None and 0 <= value <= 1 else None)
        found[texts[name]] = values
    return found
