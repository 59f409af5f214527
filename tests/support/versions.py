"""A project with a registry and something to register in it: no model, no training."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from r1tailor import store
from r1tailor.registry import Registry, Version
from r1tailor.registry.files import write_folder

METRICS: dict[str, Any] = {"models": {"tuned": {"bleu": {"value": 31.5, "low": 30.25, "high": 33.0}}}}
MISSED = "bleu 31.500, goal >= 40: missed"
MISSED_TOO = "accuracy not measured, goal >= 0.5: missed"
_GOAL = re.compile(r"(\w+) .*, goal >= (\S+): missed")


class Shop:
    """A project's folder and its registry."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.registry = Registry(folder / "outputs" / "registry")

    def write(
        self,
        content: str,
        *,
        phases: tuple[str, ...] = (),
        metrics: Mapping[str, Any] = METRICS,
        missed: tuple[str, ...] = (),
        domain: str = "toy",
        parent: str | None = None,
        to: str = "",
        notice: str = "",
    ) -> Path:
        """Write a version as the stage ``register`` does; return its folder.

        Its goals are those that it misses.
        """
        models = {"model": content, **{f"phases/{key}": f"{content} {key}" for key in phases}}
        run = self.folder / "outputs" / domain / "train"
        shutil.rmtree(run, ignore_errors=True)
        parts = {name: _model(run / name, text) for name, text in models.items()}
        if notice:
            store.write_text(run / "model" / "NOTICE", notice)
        found = [_GOAL.fullmatch(text) for text in missed]
        goals = [{"metric": one[1], "at_least": float(one[2]), "why": "a test"} for one in found if one]
        composition = {"seed": content, "domain": {"goals": goals}}
        facts = {
            "domain": domain,
            "parent": parent,
            "model": "tiny",
            "strategy": "lora",
            "metrics": metrics,
            "goals": [goal["metric"] for goal in goals],
            "missed_goals": list(missed),
        }
        folder = self.folder / (to or f"outputs/{domain}/register")
        texts = {"config.yaml": yaml.safe_dump(composition), "evaluation/metrics.json": json.dumps(metrics)}
        write_folder(folder, parts, texts, facts)
        return folder

    def register(self, content: str, **how: Any) -> Version:  # noqa: ANN401
        """Write a version and take it in."""
        return self.registry.take_in(self.write(content, **how))[0]

    def deployed(self, domain: str = "toy") -> dict[str, str]:
        """Name -> sha256 of every file of the promoted version; the deployment's own manifest is not one."""
        files = store.sha256_tree(self.registry.folder / domain / "current")
        return {name: sha256 for name, sha256 in files.items() if name != store.MANIFEST}

    def stored(self, version: Version, name: str) -> Path:
        """Where the registry keeps a file of a version."""
        return self.registry.objects.path(version.files[name])


def _model(folder: Path, content: str) -> Path:
    (folder / "tokenizer").mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(content.encode() * 1000)
    (folder / "manifest.json").write_text(json.dumps({"content": content}))
    (folder / "tokenizer" / "vocabulary.json").write_text("{}")
    return folder
