"""Which model a name means: path, version, or a domain's promoted, newest registered, newest finished, trained one."""

import shutil
from pathlib import Path

import pytest

from r1tailor import config, inference, store
from r1tailor.errors import CheckpointError, UserError
from r1tailor.inference.locate import locate
from r1tailor.layout import RunFolder
from r1tailor.registry import Registry, Version
from r1tailor.registry.files import write_folder
from r1tailor.registry.goals import verdicts
from r1tailor.schema.settings import Settings
from r1tailor.stages.version import version_parts, without_place
from tests.support.toy_run import toy_settings


@pytest.fixture
def project(toy: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one finished run and no versions."""
    shutil.copytree(toy.path, tmp_path / "outputs" / "runs" / "first")
    monkeypatch.setattr(config, "PARAMS", tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings_of(project: Path) -> Settings:
    return config.load_params(project / "outputs" / "runs" / "first" / "config.yaml")


def registered(project: Path, seed: int) -> Version:
    run, settings = RunFolder(project / "outputs" / "runs" / "first"), settings_of(project)
    metrics = store.read_json(run.evaluation / "metrics.json")
    judged = verdicts(settings.domain.goals, metrics)
    facts = {"domain": "colours", "parent": None, "model": "tiny_llama", "strategy": "lora", "metrics": metrics}
    facts["goals"] = [verdict.metric for verdict in judged]
    facts["missed_goals"] = [str(verdict) for verdict in judged if not verdict.met]
    folder = project / f"version-{seed}"
    texts = {"config.yaml": without_place(settings.model_copy(update={"seed": seed}))}
    write_folder(folder, version_parts(settings, run), texts, facts)
    return Registry(project / "outputs" / "registry").take_in(folder)[0]


def test_a_domain_means_its_promoted_version_else_its_newest_else_its_newest_run(project: Path) -> None:
    found = locate("colours", project)
    assert found.name == "outputs/runs/first"
    assert found.meaning == "the newest finished run outputs/runs/first; no version is registered"
    first, second = registered(project, 1), registered(project, 2)
    found = locate("colours", project)
    assert (found.name, found.meaning) == (second.id, f"the newest version {second.id}; none is promoted")
    assert found.settings.seed == 2
    Registry(project / "outputs" / "registry").promote(first.id, force=True, reason="a test")
    found = locate("colours", project)
    assert (found.name, found.meaning) == (first.id, f"the promoted version {first.id}")
    assert found.labels() == ("red", "green", "blue")
    assert found.model == project / "outputs" / "registry" / "colours" / "deployed" / first.id / "model"


def test_a_version_goes_by_any_of_its_names_and_by_its_folder(project: Path) -> None:
    first = registered(project, 1)
    Registry(project / "outputs" / "registry").promote(first.id, force=True, reason="a test")
    names = (first.id, first.short_id, "colours@current", "latest", "outputs/registry/colours/current")
    assert {locate(name, project).name for name in names} == {first.id}
    assert locate("latest", project).meaning == f"version {first.id}"
    assert locate(project / "outputs" / "registry" / "colours" / "current", Path("/")).name.endswith(first.id)


def test_an_unfinished_or_damaged_run_is_passed_over(project: Path) -> None:
    runs = project / "outputs" / "runs"
    for name in ("second", "third", "fourth"):
        shutil.copytree(runs / "first", runs / name)
        (runs / name / "run.json").touch()
    (runs / "second" / "run.json").unlink()
    store.write_json(runs / "third" / "run.json", {"status": "failed", "domain": "colours"})
    next((runs / "fourth").rglob("adapter_model.safetensors")).write_bytes(b"")
    assert locate("colours", project).name == "outputs/runs/first"
    with pytest.raises(CheckpointError, match=r"adapter_model.safetensors was changed after it was written"):
        inference.open(runs / "fourth", root=project)


@pytest.mark.parametrize("where", ["", "train/1-all/model", "."])
def test_a_run_and_its_model_are_found_by_their_folders(where: str, project: Path) -> None:
    found = locate(f"./outputs/runs/first/{where}", project)
    assert found.model == project / "outputs" / "runs" / "first" / "train" / "1-all" / "model"
    assert found.settings.domain.name == "colours"
    assert found.meaning == ""


def test_what_the_pipeline_trained_is_the_last_resort(project: Path) -> None:
    (project / "outputs" / "runs" / "first").rename(project / "outputs" / "colours")
    (project / "outputs" / "colours" / "config.yaml").rename(project / "params.yaml")
    found = locate("colours", project)
    assert found.name == "outputs/colours"
    assert found.meaning.startswith("what the pipeline trained")
    assert found.settings.domain.name == "colours"
    (project / "params.yaml").write_text(config.as_yaml(toy_settings(project, "domain.name=another")))
    with pytest.raises(UserError, match="colours: there is no such version, domain or folder"):
        locate("colours", project)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("colurs", r"there is no such version, domain or folder\. Did you mean colours\? There are domains: colours; "),
        ("colours-2", r"Did you mean colours-1\? .*versions: colours-1; runs: outputs/runs/first"),
        ("outputs/runs/second", r"there is no such folder\. There are domains: colours; versions: colours-1; runs:"),
        ("outputs", r"there is no such version, domain|there is no trained model in it"),
        ("./outputs", r"there is no trained model in it\. A model, a version, a run .* are needed\. There are"),
    ],
)
def test_what_is_not_there_is_said_with_what_there_is(what: str, said: str, project: Path) -> None:
    registered(project, 1)
    with pytest.raises(UserError, match=said) as caught:
        locate(what, project)
    assert "\n" not in str(caught.value)


def test_where_nothing_is_trained_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"Nothing is trained yet: python train\.py"):
        locate("medical", tmp_path)
