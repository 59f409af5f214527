"""A version travels with DVC: run cache, experiments, push and pull, each into a registry that has never seen it."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from r1tailor import artifact, config, store
from r1tailor.layout import RunFolder
from r1tailor.model.base import Base
from r1tailor.registry import open_registry
from r1tailor.training.identity import identity_of
from tests.conftest import ROOT
from tests.support.commands import Done, spawned
from tests.support.sealed import seal

IDENTITY = {f"GIT_{who}_{what}": "t@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
RESULTS = {
    "collect/provenance.json": "[]",
    "clean/documents.parquet": "",
    "clean/report.json": '{"changed": {}, "documents": 0}',
    "annotate/documents.parquet": "",
    "instruct/manifest.json": "",
    "instruct/report.json": "{}",
    "instruct/train.jsonl": "",
    "instruct/validation.jsonl": "",
    "instruct/test.jsonl": "",
    "train/1-all/model/adapter_model.safetensors": "weights",
    "train/1-all/model/manifest.json": "",
    "train/1-all/metrics.json": "{}",
    "evaluation/metrics.json": '{"n": 1, "confidence": 0.95, "comparisons": {}, "models": {"base": {}, '
    '"tuned": {"bleu": {"value": 31.5}}}}',
    "evaluation/predictions-base.jsonl": "",
    "evaluation/predictions-tuned.jsonl": "",
    "evaluation/scores.parquet": "",
    "evaluation/report.html": "<p>report</p>",
    "evaluation/headline.json": "{}",
    "evaluation/evaluated.json": "",
    "evaluation/ability.json": '{"n": 0}',
    "evaluation/ability-items.jsonl": "",
    "evaluation/market/none": "",
}


def _write_results(run: RunFolder) -> None:
    """Write what the stages before would have: a sound model, and the record of its evaluation."""
    for name, text in RESULTS.items():
        store.write_text(run.path / name, text)
    settings = config.load(["model=tiny_llama"])
    seal(run, settings.domain.compliance)
    base = Base("toy", "0" * 64, {"kind": "random"})
    facts = artifact.Facts("adapter", base, "fp32", "t", "c", temporal=False, parent=None)
    with artifact.written(run.phase("1-all") / "model", facts, identity_of(settings, run.hashes(), "1-all")) as folder:
        (folder / "adapter_model.safetensors").write_text("weights")
    measured = {
        "model": run.phase("1-all") / "model" / store.MANIFEST,
        "test": run.examples / "test.jsonl",
        "metrics": run.evaluation / "metrics.json",
    }
    hashes = {name: store.sha256_file(path) for name, path in measured.items()}
    store.write_json(run.evaluation / "evaluated.json", hashes)


@dataclass(frozen=True)
class Project:
    """A project whose pipeline is its last stage: what comes before has run, and costs nothing here."""

    root: Path
    python: Path

    def run(self, *arguments: str) -> Done:
        path = f"{self.python}{os.pathsep}{os.environ['PATH']}"
        return spawned(arguments, self.root, {"PATH": path, **IDENTITY}, str(self.python / "python"))

    def dvc(self, *arguments: str) -> str:
        done = self.run("-m", "dvc", *arguments)
        assert done.code == 0, done.out + done.err
        return done.out

    def git(self, *arguments: str) -> None:
        environment = {**os.environ, **IDENTITY}
        subprocess.run(["git", *arguments], cwd=self.root, check=True, capture_output=True, env=environment)

    def listed(self) -> list[dict[str, Any]]:
        """What ``registry list --json`` prints."""
        done = self.run("-m", "r1tailor", "registry", "list", "--json")
        assert done.code == 0, done.err
        versions: list[dict[str, Any]] = json.loads(done.out)
        return versions

    @property
    def version(self) -> Path:
        return self.root / "outputs" / "medical" / "register"

    def forget(self) -> None:
        """Lose the registry and the version's folder."""
        shutil.rmtree(self.root / "outputs" / "registry")
        shutil.rmtree(self.version)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, ready: Path) -> Project:
    """The project, registered once, with a folder as DVC's remote."""
    made = Project(tmp_path_factory.mktemp("project") / "first", ready)
    for name in ("src", "conf", ".dvc"):
        ignored = shutil.ignore_patterns("__pycache__", "cache", "tmp")
        shutil.copytree(ROOT / name, made.root / name, ignore=ignored, symlinks=True)
    for name in (".gitignore", ".dvcignore"):
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, made.root / name)
    settings = config.load(["model=tiny_llama"])
    (made.root / "params.yaml").write_text(config.as_yaml(settings), encoding="utf-8")
    pipeline = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
    stage = pipeline["stages"]["register"]
    (made.root / "dvc.yaml").write_text(yaml.safe_dump({"vars": ["params.yaml"], "stages": {"register": stage}}))
    _write_results(RunFolder(made.version.parent))
    for name in stage["deps"]:
        place = made.root / name.replace("${domain.name}", "medical").replace("${curriculum.final}", "1-all")
        if not place.exists():
            store.write_text(place, "")
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "start"]):
        made.git(*arguments)
    made.dvc("remote", "add", "-d", "storage", str(made.root.parent / "remote"))
    assert "Running stage 'register'" in made.dvc("repro")
    made.git("add", "-A")
    made.git("commit", "-qm", "a version")
    return made


def test_a_version_comes_back_from_the_run_cache(project: Project) -> None:
    (before,) = project.listed()
    files = store.sha256_tree(project.version)
    assert before["number"] == 1
    project.forget()
    out = project.dvc("repro")
    assert "Running stage" not in out
    assert store.sha256_tree(project.version) == files
    assert [version["version"] for version in project.listed()] == [before["version"]]
    assert "up to date" in project.dvc("status")


def test_a_version_comes_back_with_an_experiment(project: Project) -> None:
    (before,) = project.listed()
    goal = "domain.goals=[{metric: bleu, at_least: 40, why: a test}]"
    project.dvc("exp", "run", "-n", "stricter", "-S", "model=tiny_llama", "-S", goal)
    strict = store.read_json(project.version / store.MANIFEST)
    project.git("checkout", "-q", "--", ".")
    project.dvc("checkout")
    shutil.rmtree(project.root / "outputs" / "registry")
    assert [version["version"] for version in project.listed()] == [before["version"]]
    project.dvc("exp", "apply", "stricter")
    first, second = project.listed()
    assert (first["version"], second["number"]) == (before["version"], 2)
    assert second["missed_goals"] == strict["missed_goals"] == ["bleu 31.500, goal >= 40: missed"]
    project.git("checkout", "-q", "--", ".")
    project.dvc("checkout")


def test_a_version_is_pushed_cloned_and_pulled(project: Project) -> None:
    (before, *_) = project.listed()
    project.dvc("push")
    clone = Project(project.root.parent / "clone", project.python)
    project.git("clone", "-q", str(project.root), str(clone.root))
    assert clone.listed() == []
    clone.dvc("pull")
    assert [version["version"] for version in clone.listed()] == [before["version"]]
    assert {"model", "config.yaml"} <= {path.name for path in clone.version.iterdir()}
    assert config.plain_values(clone.version / "config.yaml")["model"]["name"] == "tiny_llama"
    registry = open_registry(clone.root)
    folder = registry.promote("latest", force=True, reason="a test")
    assert store.sha256_tree(folder) == registry.version("current").files


def test_a_version_holds_everything_that_it_was_made_from(project: Project) -> None:
    names = set(store.read_json(project.version / store.MANIFEST)["files"])
    begins = {"train/1-all/model": "model", "collect/provenance.json": "provenance.json", "instruct": "data"}
    expected = {name.replace(old, new) for name in RESULTS for old, new in begins.items() if name.startswith(old)}
    expected |= {name for name in RESULTS if name.startswith("evaluation")}
    expected |= {"config.yaml", "README.md", "EVIDENCE.md", "SHA256SUMS"}
    assert names == expected


def test_registering_again_gives_the_same_bytes_and_no_new_version(project: Project) -> None:
    before = store.sha256_tree(project.version), (project.version / store.MANIFEST).read_bytes(), project.listed()
    assert project.run("-m", "r1tailor", "register").code == 0
    after = store.sha256_tree(project.version), (project.version / store.MANIFEST).read_bytes(), project.listed()
    assert after == before
