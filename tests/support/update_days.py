"""A project whose toy domain has a version to learn from, without a model: material comes in and days are run."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from r1tailor import config, sources, store
from r1tailor.domain import open_domain
from r1tailor.record_files import write_records
from r1tailor.records import Document, Example
from r1tailor.registry import Registry
from r1tailor.registry.files import write_folder
from r1tailor.schema.settings import Settings
from r1tailor.serving.feedback.log import FeedbackLog, Texts
from r1tailor.update import daily
from r1tailor.update.day import Day, UpdateFolder
from tests.support.attacks import Scripted
from tests.support.toy_run import LABELS, NAME, toy_settings
from tests.support.versions import METRICS

DAY = "2026-03-01"
QUIET = ("update.select.held_out=0",)
_TRAIN, _VALIDATION = 30, 15  # of the toy's sixty examples; fifteen are tested


@dataclass
class DayProject:
    """A project's folder, its composition, and what is needed to bring material in."""

    root: Path
    settings: Settings
    parts: dict[str, list[Example]]
    answerer: Scripted = field(default_factory=lambda: Scripted(lambda _: "red", "red"))
    rows: int = 60

    @property
    def places(self) -> UpdateFolder:
        """Of the daily update."""
        return UpdateFolder(self.root / "outputs" / NAME / "update")

    def correct(
        self, prompt: str, corrected: str, user: str = "ann", given: str = "", at: str = "2026-02-28T12:00:00+00:00"
    ) -> str:
        """Bring in an accepted correction; return its id."""
        log = FeedbackLog(
            self.root / "outputs" / "serving" / "feedback" / NAME,
            now=lambda: datetime.fromisoformat(at).astimezone(UTC),
        )
        id_ = log.add(Texts(prompt, given or "violet", "", corrected), user, "colours-1", "down")
        log.decide(id_, "reviewer", "accept", 0)
        return f"correction/{id_}"

    def bring(self, *rows: dict[str, Any]) -> list[str]:
        """Add rows to the domain's source; return the ids of their documents."""
        with (self.root / "colours.jsonl").open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps(row) + "\n" for row in rows))
        first, self.rows = self.rows + 1, self.rows + len(rows)
        return [f"examples-{number}" for number in range(first, self.rows + 1)]

    def note(self, name: str, text: str) -> None:
        """Add a document without an answer, in a project that was made with notes."""
        (self.root / "notes" / f"{name}.txt").write_text(text, encoding="utf-8")

    def begin(self, name: str = DAY) -> Day:
        """Freeze a day, which must have something new."""
        day = daily.begun(self.settings, name, self.root)
        assert day is not None
        return day

    def run(self, name: str = DAY) -> Day:
        """Run a day to its selection."""
        day = self.begin(name)
        daily.run(day, self.answerer, self.root)
        return day

    def base(self, part: str) -> list[Example]:
        """The examples of a part of the first champion."""
        return self.parts[part]


def day_project(
    root: Path, *overrides: str, told: Callable[[Example], str] = lambda _: "red", notes: bool = False
) -> DayProject:
    """Make a project with a registered version of the toy domain; with notes it also reads a folder of texts."""
    settings = toy_settings(root, *QUIET, *([_with_notes(root)] if notes else []), *overrides)
    parts = split_of(settings, root)
    run = root / "outputs" / "runs" / "made"
    for name, examples in parts.items():
        (run / "data").mkdir(parents=True, exist_ok=True)
        write_records(run / "data" / f"{name}.jsonl", examples)
    store.write_json(run / "data" / "report.json", {"card": {"labels": list(LABELS)}})
    store.write_json(run / "model" / "manifest.json", {"content": "a toy"})
    facts = {"domain": NAME, "parent": None, "model": "tiny", "strategy": "lora", "metrics": METRICS}
    texts = {"config.yaml": config.as_yaml(settings), "evaluation/metrics.json": json.dumps(METRICS)}
    written = root / "outputs" / NAME / "register"
    named = {"model": run / "model", "data": run / "data"}
    write_folder(written, named, texts, facts | {"goals": [], "missed_goals": []})
    Registry(root / "outputs" / "registry").take_in(written)
    return DayProject(root, settings, parts, Scripted(told, "red"))


def _with_notes(root: Path) -> str:
    (root / "notes").mkdir()
    shared = 'licence: own, available_at: "1970-01-01", on_damage: stop'
    rows = f"{{kind: jsonl, name: examples, path: {root}/colours.jsonl, format: auto, unknown_keys: keep, {shared}}}"
    return f"domain.sources=[{rows},{{kind: text, name: notes, path: {root}/notes, unit: file, {shared}}}]"


def split_of(settings: Settings, root: Path) -> dict[str, list[Example]]:
    """Return the toy's first sixty examples, as its source makes them, by part."""
    found = sources.read(settings.domain.sources[0], root, [])
    documents = [document for document in found if isinstance(document, Document)]
    domain = open_domain(settings.domain, documents)
    dates = {document.id: document.available_at for document in documents}
    examples = [_dated(example, dates) for example in domain.examples()][:60]
    held_out = examples[_TRAIN:]
    return {"train": examples[:_TRAIN], "validation": held_out[:_VALIDATION], "test": held_out[_VALIDATION:]}


def _dated(example: Example, dates: dict[str, str]) -> Example:
    return replace(example, available_at=dates[example.id])
