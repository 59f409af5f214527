"""The pipeline on a fresh clone: what runs again when what changed, experiments, versions."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import yaml

from r1tailor import store
from tests.conftest import ROOT
from tests.support.commands import Done, spawned

STAGES = (
    "collect",
    "clean",
    "annotate",
    "instruct",
    "teach",
    "train@1-all",
    "evaluate",
    "redteam",
    "report",
    "register",
)
PHASES = ("train@1-easy", "train@2-middle", "train@3-hard")
TOY = (
    "model=tiny_llama",
    "trainer.max_steps=2",
    "trainer.batch_size=4",
    "trainer.precision=fp32",
    "trainer.validation_examples=4",
    "evaluation.max_items=4",
    "evaluation.max_answer_tokens=2",
    "evaluation.max_reasoning_tokens=2",
    "evaluation.resamples=100",
)
TERMS = "term,preferred\nthing,object\n"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of this checkout (with its uncommitted files) in a repository of its own, raw material fetched."""
    folder = tmp_path_factory.mktemp("clone") / "r1-tailor"
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    shutil.copytree(ROOT / "data" / "packaged", folder / "data" / "packaged")
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "start"]):
        _git(folder, *arguments)
    return folder


@pytest.fixture(scope="module")
def python(clone: Path, ready: Path) -> Callable[..., Done]:
    """Run `python <arguments>` in the clone with the interpreter of a folder, which also runs the stages of DVC."""

    def run(*arguments: str, folder: Path = ready) -> Done:
        path = f"{folder}{os.pathsep}{os.environ['PATH']}"
        return spawned(arguments, clone, {"PATH": path, **_IDENTITY}, str(folder / "python"))

    return run


@pytest.fixture(scope="module")
def dvc(python: Callable[..., Done]) -> Callable[..., Done]:
    return partial(python, "-m", "dvc")


_NEW = Path(sys.executable).parent  # its `python` starts from nothing, as a user's does
_IDENTITY = {
    "GIT_AUTHOR_NAME": "t",
    "GIT_AUTHOR_EMAIL": "t@example.org",
    "GIT_COMMITTER_NAME": "t",
    "GIT_COMMITTER_EMAIL": "t@example.org",
}


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True, env={**os.environ, **_IDENTITY}
    )
    return done.stdout


def _ran(done: Done) -> tuple[str, ...]:
    assert done.code == 0, done.out + done.err
    assert "Running stage 'inputs'" in done.out
    return tuple(stage for stage in (*STAGES[:5], *PHASES, *STAGES[5:]) if f"Running stage '{stage}'" in done.out)


_SAYS_HOW_IT_RUNS = """
import atexit, os, signal, sys
atexit.register(print, "the end")
of_a_shell = ("PWD", "OLDPWD", "SHLVL", "_")
environment = sorted(item for item in os.environ.items() if item[0] not in of_a_shell)
print(__name__, __file__, sys.argv[1:], sys.path[:2], os.getcwd(), environment, flush=True)
print("and", sys.stdin.read(), file=sys.stderr)
if sys.argv[1] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(int(sys.argv[1]))
"""


@pytest.mark.parametrize("end", ["0", "3", "killed", "no number"])
@pytest.mark.parametrize("start", [("-m", "r1tailor"), ("train.py",)])
def test_a_python_that_is_ready_runs_what_a_new_one_runs(
    tmp_path: Path, ready: Path, start: tuple[str, ...], end: str
) -> None:
    for file in (tmp_path / "src" / "r1tailor" / "__main__.py", tmp_path / "train.py"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_SAYS_HOW_IT_RUNS, encoding="utf-8")
    (tmp_path / "src" / "r1tailor" / "__init__.py").touch()
    new, forked = (spawned((*start, end), tmp_path, {}, str(folder / "python")) for folder in (_NEW, ready))
    assert (forked.code, forked.out) == (new.code, new.out)
    assert forked.err.splitlines()[-1:] == new.err.splitlines()[-1:]
    assert new.code == {"0": 0, "3": 3, "killed": -9, "no number": 1}[end]


@pytest.fixture(scope="module")
def project(clone: Path, python: Callable[..., Done]) -> Path:
    """A domain of the user's own in the clone: one YAML, own examples, own vocabulary, a composition to start from."""
    generic = (clone / "conf" / "domain" / "generic.yaml").read_text("utf-8")
    mine = generic.replace("name: generic", "name: triage").replace("???", "data/triage.jsonl")
    mine = mine.replace("reasoning: refuse", "reasoning: empty")  # the toy's template opens <think>
    mine = mine.replace("goals: []", "goals: [{metric: label_accuracy, at_least: 1.0, why: no mistake is allowed}]")
    mine = mine.replace("labels: null", "labels: [red, green, blue]").replace("test: 0.10", "test: 0.20")
    vocabulary = (
        "{kind: synonyms, name: words, path: data/words.csv, licence: own, available_at: 2020-01-01, on_damage: stop}"
    )
    vocabulary = vocabulary.replace("2020-01-01", '"2020-01-01"')
    mine = mine.replace("terms: null ", f"terms: {{mode: replace, vocabularies: [{vocabulary}], fuzzy: null}} ")
    (clone / "conf" / "domain" / "triage.yaml").write_text(mine, encoding="utf-8")
    _write_examples(clone, 60)
    (clone / "data" / "words.csv").write_text(TERMS, encoding="utf-8")
    used = python("-m", "r1tailor", "use", "--track", "domain=triage", *TOY)
    assert used.code == 0, used.err
    return clone


def _write_examples(folder: Path, count: int) -> None:
    labels = ("red", "green", "blue")
    rows = [
        {"instruction": "Which colour?", "input": f"a thing {i} of kind {i * 7919}", "output": labels[i % 3]}
        for i in range(count)
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "data" / "triage.jsonl").write_text(text, encoding="utf-8")


def _use(python: Callable[..., Done], *overrides: str) -> None:
    done = python("-m", "r1tailor", "use", *overrides)
    assert done.code == 0, done.err


def _kept(project: Path) -> tuple[str, ...]:
    """What has to come back: composition, own examples, model, metrics."""
    files = ("params.yaml", "conf/project.yaml", "data/triage.jsonl")
    written = ("train/1-all/model/manifest.json", "train/1-all/metrics.json", "evaluation/metrics.json")
    return tuple(store.sha256_file(project / f) for f in (*files, *(f"outputs/triage/{name}" for name in written)))


def test_the_pipeline_of_a_fresh_clone_runs(clone: Path, dvc: Callable[..., Done]) -> None:
    assert _ran(dvc("repro", "clean", folder=_NEW)) == ("collect", "clean")
    assert _git(clone, "status", "--porcelain") == "?? dvc.lock\n"


def test_own_files_and_the_composition_are_tracked(project: Path, dvc: Callable[..., Done]) -> None:
    _git(project, "add", "-A")
    _git(project, "commit", "-qm", "composition")
    tracked = _git(project, "ls-files").split()
    assert {"conf/project.yaml", "params.yaml", "data/triage.jsonl.dvc", "data/words.csv.dvc"} <= set(tracked)
    assert not {"data/triage.jsonl", "data/words.csv"} & set(tracked)


def test_what_changed_runs_and_nothing_else(
    project: Path, dvc: Callable[..., Done], python: Callable[..., Done]
) -> None:
    assert _ran(dvc("repro")) == STAGES
    assert _ran(dvc("repro")) == ()
    assert json.loads(dvc("status", "--json").out) == {"inputs": ["always changed"]}
    report = project / "src" / "r1tailor" / "report" / "page.py"
    report.write_text(report.read_text("utf-8") + "# a remark\n", encoding="utf-8")
    assert _ran(dvc("repro")) == ("report", "register"), "a changed text runs no model again"
    (project / "data" / "words.csv").write_text(TERMS + "kind,sort\n", encoding="utf-8")
    changed = dvc("repro")
    assert "inputs: clean: data/words.csv changed" in changed.out
    assert _ran(changed) == STAGES[1:]
    _write_examples(project, 61)
    assert _ran(dvc("repro")) == STAGES
    assert "git add data/triage.jsonl.dvc data/words.csv.dvc" in python("-m", "r1tailor", "use", "--track").out
    _git(project, "add", "-A")
    _git(project, "commit", "-qm", "first results")


def test_params_yaml_is_stale_when_a_file_of_its_composition_changed(
    project: Path, dvc: Callable[..., Done], python: Callable[..., Done]
) -> None:
    domain = project / "conf" / "domain" / "triage.yaml"
    another = domain.read_text("utf-8").replace("name: triage", "name: another")
    domain.with_name("another.yaml").write_text(another, encoding="utf-8")
    assert _ran(dvc("repro")) == ()
    domain.write_text(domain.read_text("utf-8").replace("similarity: 0.80", "similarity: 0.79"), encoding="utf-8")
    refused = dvc("repro")
    assert refused.code
    again = "params.yaml was composed before conf/domain/triage.yaml changed. Compose it again: python -m r1tailor use"
    assert again in refused.err
    _use(python)
    assert _ran(dvc("repro"))[0] == "instruct"


def test_what_was_committed_comes_back(project: Path, dvc: Callable[..., Done], python: Callable[..., Done]) -> None:
    _git(project, "checkout", "-q", "--", ".")
    assert dvc("checkout").code == 0
    before = _kept(project)
    _use(python, "--track", "optimizer.lr=3e-3")
    _write_examples(project, 66)
    assert _ran(dvc("repro")) == STAGES
    assert python("-m", "r1tailor", "use", "--track").code == 0
    _git(project, "commit", "-qam", "another rate, more examples")
    after = _kept(project)
    assert all(one != other for one, other in zip(before, after, strict=True))
    for commit, kept in (("HEAD~1", before), ("-", after)):
        _git(project, "checkout", "-q", commit)
        assert dvc("checkout").code == 0
        assert _kept(project) == kept
        assert _ran(dvc("repro")) == ("collect",)  # in no cache, and the same again
        assert _git(project, "diff", "--name-only") == ""


def test_raw_material_is_in_no_cache(project: Path) -> None:
    documents = project / "outputs" / "triage" / "collect" / "documents.parquet"
    md5 = hashlib.md5(documents.read_bytes()).hexdigest()
    cache = project / ".dvc" / "cache" / "files" / "md5"
    assert any(cache.rglob("*"))
    assert not (cache / md5[:2] / md5[2:]).exists()


def test_an_experiment_changes_what_it_names_and_is_shown_and_compared(
    project: Path, dvc: Callable[..., Done], python: Callable[..., Done]
) -> None:
    kept = yaml.safe_load((project / "params.yaml").read_text("utf-8"))
    experiment = dvc("exp", "run", "-n", "longer", "-S", "trainer.max_steps=3")
    assert _ran(experiment) == STAGES[5:]
    composed = yaml.safe_load((project / "params.yaml").read_text("utf-8"))
    assert composed["trainer"].pop("max_steps") == kept["trainer"].pop("max_steps") + 1
    assert composed == kept
    shown = dvc("exp", "show", "--csv")
    assert shown.code == 0
    assert "longer" in shown.out
    assert "tuned" in shown.out
    difference = dvc("metrics", "diff", "--json", "HEAD")
    assert difference.code == 0, difference.err
    ((name, figures),) = json.loads(difference.out).items()
    assert name == "outputs/triage/evaluation/headline.json", "the headline figures alone"
    assert 0 < len(figures) < 30
    plots = dvc("plots", "diff", "HEAD", "-o", "plots")
    assert plots.code == 0, plots.err
    page = (project / "plots" / "index.html").read_text("utf-8")
    assert "vegaEmbed('#" in page
    assert "<script src" not in page, "it is drawn without a network"


def test_one_phase_runs_again_alone_and_starts_from_the_same_model(
    project: Path, dvc: Callable[..., Done], python: Callable[..., Done]
) -> None:
    def model(key: str) -> Path:
        return project / "outputs" / "triage" / "train" / key / "model"

    _use(python, "strategy=full", "curriculum=by_difficulty", "trainer.max_steps=3")
    assert _ran(dvc("repro")) == (*PHASES, "evaluate", "redteam", "report", "register")
    before = {key: store.sha256_file(model(key) / store.MANIFEST) for key in ("1-easy", "2-middle")}
    _use(python, "curriculum.phases={2-middle: {replay: 0.5}}")
    assert _ran(dvc("repro", "train@2-middle")) == ("train@2-middle",)
    assert store.sha256_file(model("1-easy") / store.MANIFEST) == before["1-easy"]
    assert store.sha256_file(model("2-middle") / store.MANIFEST) != before["2-middle"]
    assert store.read_json(model("2-middle") / store.MANIFEST)["parent"] == before["1-easy"]
    _use(python, "curriculum.phases={2-middle: {replay: 0.25}}")
    assert _ran(dvc("repro")) == ()  # what was before comes back from the run cache
    assert store.sha256_file(model("2-middle") / store.MANIFEST) == before["2-middle"]


def test_a_direct_run_touches_nothing_that_dvc_tracks(
    project: Path, dvc: Callable[..., Done], python: Callable[..., Done]
) -> None:
    before = dvc("status", "--json").out, _git(project, "status", "--porcelain")
    refused = python("train.py", "curriculum=shuffled")
    assert refused.code == 2
    assert "conf/project.yaml sets values of curriculum for the option that it chooses" in refused.err
    done = python("train.py", "trainer.max_steps=4")
    assert done.code == 0, done.err + done.out
    latest = project / "outputs" / "runs" / "latest"
    assert latest.resolve() in (project / "outputs" / "runs").iterdir()
    assert store.read_json(latest / "run.json")["domain"] == "triage"
    assert (dvc("status", "--json").out, _git(project, "status", "--porcelain")) == before


def test_variants_are_stages_and_known_from_the_composition(
    project: Path, dvc: Callable[..., Done], python: Callable[..., Done]
) -> None:
    assert "variant" not in dvc("stage", "list", "--name-only").out
    experiment = dvc("exp", "run", "-S", "evaluation=walk_forward")
    assert experiment.code
    assert "evaluation.walk_forward: domain.kind = generic knows no folds in time" in experiment.err
    _use(python, "--reset", "domain=finance", "evaluation=walk_forward", *TOY)
    listed = dvc("stage", "list", "--name-only").out.split()
    assert {"variant@text", "variant@fold_2007", "variant@fold_2019_text"} <= set(listed)


def test_versions_are_promoted_and_rolled_back_byte_for_byte(clone: Path, python: Callable[..., Done]) -> None:
    def registry(*arguments: str) -> Done:
        return python("-m", "r1tailor", "registry", *arguments)

    versions = sorted((clone / "outputs/registry/triage/versions").glob("*.json"), key=lambda p: p.name.split("-")[1])
    first, second = (json.loads(path.read_text()) for path in versions[:2])
    refused = registry("promote", first["id"])
    assert refused.code == 2
    assert "To promote it anyway: --force --reason" in refused.err
    for version in (first, second):
        assert registry("promote", version["id"], "--force", "--reason", "toy model in a test").code == 0
    current = clone / "outputs/registry/triage/current"
    assert store.sha256_tree(current.resolve()) == second["files"]
    back = registry("rollback", "triage")
    assert back.code == 0, back.err
    assert store.sha256_tree(current.resolve()) == first["files"]
    assert {"config.yaml", "data/train.jsonl", "model/adapter_model.safetensors"} <= set(first["files"])
    assert "toy model in a test" in registry("show", first["id"]).out
    assert first["id"] in registry("list").out
    (phased,) = [v for v in map(store.read_json, versions) if any(n.startswith("phases/") for n in v["files"])]
    assert registry("promote", phased["id"], "--force", "--reason", "toy").code == 0
    back = registry("rollback", "triage", "--phase", "2-middle")
    assert back.code == 0, back.err
    served, begin = store.sha256_tree(current.resolve()), "phases/2-middle/"
    at_its_end = {n.removeprefix(begin): sha for n, sha in phased["files"].items() if n.startswith(begin)}
    assert {n.removeprefix("model/"): sha for n, sha in served.items() if n.startswith("model/")} == at_its_end
