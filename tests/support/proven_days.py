"""A project with a trained toy version as its champion, and days made by hand: selected, ready to be trained."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from r1tailor import artifact, config, stages, store
from r1tailor.chained import ChainedLog
from r1tailor.inference import open_located
from r1tailor.inference.answerer import Answerer
from r1tailor.layout import RunFolder
from r1tailor.record_files import read_examples, write_records
from r1tailor.records import Example, Prediction
from r1tailor.registry import Registry, Version
from r1tailor.registry.files import write_folder
from r1tailor.schema.settings import Settings
from r1tailor.serving.audit import log_file
from r1tailor.stages.version import version_parts
from r1tailor.update.day import Day, Material, Selected, UpdateFolder, write_lines
from r1tailor.update.history import decisions
from r1tailor.update.prove import prove
from r1tailor.update.replay import learnt
from r1tailor.update.standing import standing
from r1tailor.update.train import train
from tests.support.toy_run import NAME, toy_settings
from tests.support.versions import METRICS

QUICK = (
    *("update.train.epochs=2", "update.train.lr_factor=0.5", "update.train.replay.share=0.5", "update.train.kl=0"),
    "update.prove.items=40",
    "update.prove.spending=even",
    "update.prove.improve=[day]",
    "update.promote.channels=[]",
    "update.promote.mode=automatic",
)


Right = Callable[[str, Example], bool]  # "champion" or "tuned", and the item


@dataclass
class Project:
    """A project's folder and its composition."""

    root: Path
    settings: Settings

    @property
    def places(self) -> UpdateFolder:
        """Of the daily update."""
        return UpdateFolder(self.root / "outputs" / NAME / "update")

    @property
    def registry(self) -> Registry:
        """The project's."""
        return Registry(self.root / "outputs" / "registry")

    def day(self, name: str, selected: Sequence[Selected], own: Sequence[Example] = (), *overrides: str) -> Day:
        """Freeze a day that has selected something and keeps a slice of its own."""
        folder = self.places.days / name
        settings = toy_settings(self.root, *QUICK, *overrides)
        store.write_text(folder / "config.yaml", config.as_yaml(settings))
        write_lines(folder / "material.jsonl", [one.material for one in selected])
        (folder / "select").mkdir()
        write_lines(folder / "select" / "selected.jsonl", selected)
        held_out = {"domain": _hashes(self.places.held_out())}
        held_out |= {day: _hashes(self.places.held_out(day)) for day in self.places.names() if day != name}
        trained = [day for day, what in decisions(self.places.history).items() if what == "promoted"]
        current, _, _ = self.registry.of_domain(NAME) or (None, None, None)
        assert current is not None
        model = self.registry.folder_of(current) / "model" / store.MANIFEST
        facts: dict[str, Any] = {
            "seed": 7,
            "config": store.sha256_file(folder / "config.yaml"),
            "material": store.sha256_file(folder / "material.jsonl"),
            "champion": _champion(current, model),
            "base": store.sha256_file(self.places.base),
            "held_out": held_out,
            "trained": {day: store.sha256_file(self._selected(day)) for day in trained},
        }
        store.write_json(folder / "day.json", facts | standing(self.places, settings.update, name))
        self.places.held_out(name).mkdir(parents=True)
        write_records(self.places.held_out(name) / "items.jsonl", own)
        return self.places.day(name)

    def _selected(self, day: str) -> Path:
        return self.places.days / day / "select" / "selected.jsonl"

    def answerer(self, day: Day) -> Answerer:
        """The day's champion."""
        return open_located(day.located(self.root), root=self.root)

    def trained(self, day: Day) -> Path:
        """Train a day's candidate; return the folder of the stage."""
        return self._stage(day, "train")

    def given(self, day: Day) -> Path:
        """Give a day a candidate without training: the champion's weights under another name."""
        found = day.located(self.root)
        mixture = learnt({day.name: day.selected()}, day.name)
        with store.replaced_folder(day.stage("train"), {"stage": "train"}) as temporary:
            shutil.copytree(found.model, temporary / "model")
            artifact.amend(temporary / "model", {"parent": day.champion.manifest, "day": day.name})
            write_lines(temporary / "mixture.jsonl", mixture)
        return day.stage("train")

    def answering(self, monkeypatch: pytest.MonkeyPatch, right: Right) -> None:
        """Let proofs be decided by what each model gets right: (who, item) -> whether."""

        def answers(domain: Any, settings: Any, model: Path, items: Any, canaries: Any, root: Path) -> Any:  # noqa: ANN401
            who = "champion" if "deployed" in model.parts else "tuned"
            made = {one.id: _prediction(one, right(who, one)) for one in items}
            return made, [prompt for prompt, never in canaries if never == f"said by {who}"]

        monkeypatch.setattr("r1tailor.update.prove._answers", answers)

    def proven(self, day: Day) -> Path:
        """Put a day's candidate to the proof; return the folder of the stage."""
        return self._stage(day, "prove")

    def _stage(self, day: Day, name: str) -> Path:
        work = {"train": train, "prove": prove}[name]
        with store.replaced_folder(day.stage(name), {"stage": name}) as temporary:
            work(day, temporary, self.answerer(day), self.root)
        return day.stage(name)

    def passed(self, monkeypatch: pytest.MonkeyPatch, name: str, prefix: str, user: str = "", **how: Any) -> Day:  # noqa: ANN401
        """Make a day whose candidate passes its proof."""
        self.answering(monkeypatch, lambda who, item: who == "tuned" or not item.id.startswith(f"{prefix}own"))
        wide = ("update.prove.margins.held_out=0.5", *how.pop("overrides", ()))
        chosen = selected(examples(4, prefix), "correction" if user else "document", self.places.hashed(user))
        day = self.day(name, chosen, examples(20, f"{prefix}own"), *wide)
        self.given(day)
        self.proven(day)
        return day

    def audited(self, version: str, count: int, channel: str = "served", **line: Any) -> None:  # noqa: ANN401
        """Add answers of a version to the audit log."""
        log = ChainedLog(log_file(self.root / self.settings.serving.folder))
        usual = {"at": "2026-02-01T00:00:00", "what": "chat", "decision": "answered", "seconds": 1.0}
        usual |= {"truncated": False, "refused": False}
        for _ in range(count):
            log.append({**usual, "version": version, "channel": channel, **line})
        log.close()

    def base(self) -> list[Example]:
        """The examples that the first champion was trained on."""
        return read_examples(self.places.base)


def project(root: Path) -> Project:
    """Train and register the toy domain, and freeze what days begin with."""
    root.mkdir(parents=True)
    settings = toy_settings(root, *QUICK)
    run = RunFolder(root / "run")
    for stage in ("collect", "clean", "annotate", "instruct", "teach", "train"):
        stages.STAGES[stage](settings, run)
    version = registered(root, run, settings)
    made = Project(root, settings)
    store.write_text(made.places.base, (run.examples / "train.jsonl").read_text("utf-8"))
    for part in ("test", "validation"):
        store.write_text(made.places.held_out() / f"{part}.jsonl", (run.examples / f"{part}.jsonl").read_text("utf-8"))
    assert version.domain == NAME
    return made


def registered(root: Path, run: RunFolder, settings: Settings) -> Version:
    """Register a run as the stage does, in a registry below a root."""
    store.write_json(run.evaluation / "metrics.json", METRICS)
    facts: dict[str, Any] = {
        "domain": settings.domain.name,
        "parent": None,
        "model": settings.model.name,
        "strategy": settings.strategy.kind,
    }
    facts |= {"metrics": METRICS, "goals": [], "missed_goals": []}
    parts = version_parts(settings, run)
    write_folder(root / "made", parts, {"config.yaml": config.as_yaml(settings)}, facts)
    version, _ = Registry(root / "outputs" / "registry").take_in(root / "made")
    return version


def selected(examples: Sequence[Example], kind: str = "document", user: str = "", **how: Any) -> list[Selected]:  # noqa: ANN401
    """Return examples as a day selects them."""
    return [
        Selected(Material(one.id, kind, one, "feedback", "2026-01-01", user, **how), "a test", 1.0, "person", 0)  # type: ignore[arg-type]
        for one in examples
    ]


def examples(count: int, prefix: str, output: str = "green") -> list[Example]:
    """Return examples that no other day has."""
    return [Example(f"{prefix}{n}", "Which colour?", f"{prefix} thing {n}", output) for n in range(count)]


def renamed(made: Sequence[Example], prefix: str) -> list[Example]:
    """Return examples under other ids."""
    return [replace(one, id=f"{prefix}{one.id}") for one in made]


def _prediction(item: Example, right: bool) -> Prediction:
    answer = item.output if right else "violet"
    return Prediction(item.id, answer, -1.0 if right else -2.0, 2, answer, (), {"label_accuracy": float(right)})


def _hashes(folder: Path) -> dict[str, str]:
    return {file.name: store.sha256_file(file) for file in sorted(folder.glob("*.jsonl"))}


def _champion(version: Version, manifest: Path) -> dict[str, str]:
    return {"version": version.id, "manifest": store.sha256_file(manifest)}
