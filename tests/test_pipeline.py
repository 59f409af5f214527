"""The pipeline on a fresh clone: what runs again when what changed, experiments, versions."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from r1tailor import store
from tests.conftest import ROOT
from tests.support.commands import Done, spawned

STAGES = ("collect", "clean", "instruct", "train@1-all", "ablate", "evaluate", "register")
PHASES = ("train@1-easy", "train@2-middle", "train@3-hard")
TOY = (
    "model=tiny_llama",
    "trainer.max_steps=2",
    "trainer.batch_size=4",
    "trainer.precision=fp32",
    "trainer.validation_examples=4",
    "evaluation.max_items=4",
    "evaluation.max_new_tokens=2",
    "evaluation.resamples=100",
)


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
    shutil.copytree(ROOT / "data", folder / "data")
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
    return tuple(stage for stage in (*STAGES[:3], *PHASES, *STAGES[3:]) if f"Running stage '{stage}'" in done.out)


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


def test_the_pipeline_runs_what_changed_and_nothing_else(
    clone: Path, dvc: Callable[..., Done], python: Callable[..., Done]
) -> None:
    def params(*overrides: str) -> None:
        assert python("-m", "r1tailor", "params", *TOY, *overrides).code == 0

    params()
    assert _ran(dvc("repro", folder=_NEW)) == STAGES
    assert _ran(dvc("repro")) == ()
    assert "up to date" in dvc("status").out
    params("optimizer.lr=3e-3")
    assert _ran(dvc("repro")) == STAGES[3:]
    params("optimizer.lr=3e-3", "domain.cleaning.rules=[normalise_unicode]")
    assert _ran(dvc("repro"))[:2] == ("clean", "instruct")
    params()
    assert _ran(dvc("repro")) == ()  # all of it comes back from the run cache
    _git(clone, "add", "-A")
    _git(clone, "commit", "-qm", "first results")


def test_an_experiment_composes_is_shown_and_compared(clone: Path, dvc: Callable[..., Done]) -> None:
    chosen = ("strategy=full", "curriculum=by_difficulty", *TOY, "trainer.max_steps=3")
    experiment = dvc("exp", "run", "-n", "full", *(f"-S{override}" for override in chosen))
    assert _ran(experiment) == (*PHASES, "ablate", "evaluate", "register")
    assert "kind: full" in (clone / "params.yaml").read_text()
    shown = dvc("exp", "show", "--csv")
    assert shown.code == 0
    assert "full" in shown.out
    assert "tuned" in shown.out
    difference = dvc("metrics", "diff", "--json", "HEAD")
    assert difference.code == 0, difference.err
    changed = json.loads(difference.out)
    trained = changed["outputs/medical/train/3-hard/metrics.json"]["trained_parameters"]
    assert trained["new"] > changed["outputs/medical/train/1-all/metrics.json"]["trained_parameters"]["old"]
    plots = dvc("plots", "diff", "HEAD", "-o", "plots")
    assert plots.code == 0, plots.err
    assert (clone / "plots" / "index.html").exists()


def test_one_phase_runs_again_alone_and_starts_from_the_same_model(
    clone: Path, dvc: Callable[..., Done], python: Callable[..., Done]
) -> None:
    def model(key: str) -> Path:
        return clone / "outputs" / "medical" / "train" / key / "model"

    before = {key: store.sha256_file(model(key) / store.MANIFEST) for key in ("1-easy", "2-middle")}
    chosen = ("strategy=full", "curriculum=by_difficulty", *TOY, "trainer.max_steps=3")
    changed = "curriculum.phases={2-middle: {replay: 0.5}}"
    assert python("-m", "r1tailor", "params", *chosen, changed).code == 0
    assert _ran(dvc("repro", "train@2-middle")) == ("train@2-middle",)
    assert store.sha256_file(model("1-easy") / store.MANIFEST) == before["1-easy"]
    assert store.sha256_file(model("2-middle") / store.MANIFEST) != before["2-middle"]
    assert store.read_json(model("2-middle") / store.MANIFEST)["parent"] == before["1-easy"]
    assert python("-m", "r1tailor", "params", *chosen).code == 0
    assert _ran(dvc("repro")) == ()  # what was before comes back from the run cache
    assert store.sha256_file(model("2-middle") / store.MANIFEST) == before["2-middle"]


def test_a_direct_run_touches_nothing_that_dvc_tracks(
    clone: Path, dvc: Callable[..., Done], python: Callable[..., Done]
) -> None:
    before = dvc("status", "--json").out, _git(clone, "status", "--porcelain")
    done = python("train.py", *TOY)
    assert done.code == 0, done.err
    latest = clone / "outputs" / "runs" / "latest"
    assert latest.resolve() in (clone / "outputs" / "runs").iterdir()
    assert (latest / "evaluation" / "metrics.json").exists()
    assert (dvc("status", "--json").out, _git(clone, "status", "--porcelain")) == before


def test_a_stale_params_file_is_refused(clone: Path, python: Callable[..., Done]) -> None:
    assert python("-m", "r1tailor", "params", *TOY).code == 0
    conf = clone / "conf" / "trainer" / "cpu.yaml"
    text = conf.read_text()
    conf.write_text(text.replace("max_length: 512", "max_length: 256"))
    refused = python("-m", "r1tailor", "clean")
    conf.write_text(text)
    assert refused.code == 2
    assert "params.yaml was composed before conf/ changed. Compose it again: python -m r1tailor params" in refused.err


def test_versions_are_promoted_and_rolled_back_byte_for_byte(clone: Path, python: Callable[..., Done]) -> None:
    def registry(*arguments: str) -> Done:
        return python("-m", "r1tailor", "registry", *arguments)

    versions = sorted((clone / "outputs/registry/medical/versions").glob("*.json"), key=lambda p: p.name.split("-")[1])
    first, second = (json.loads(path.read_text()) for path in versions[:2])
    refused = registry("promote", first["id"])
    assert refused.code == 2
    assert "To promote it all the same: --force --reason" in refused.err
    for version in (first, second):
        assert registry("promote", version["id"], "--force", "--reason", "toy model in a test").code == 0
    current = clone / "outputs/registry/medical/current"
    assert store.sha256_tree(current.resolve()) == second["files"]
    back = registry("rollback", "medical")
    assert back.code == 0, back.err
    assert store.sha256_tree(current.resolve()) == first["files"]
    assert {"config.yaml", "data/train.jsonl", "model/adapter_model.safetensors"} <= set(first["files"])
    assert "toy model in a test" in registry("show", first["id"]).out
    assert first["id"] in registry("list").out
    (phased,) = [v for v in map(store.read_json, versions) if any(n.startswith("phases/") for n in v["files"])]
    assert registry("promote", phased["id"], "--force", "--reason", "toy").code == 0
    back = registry("rollback", "medical", "--phase", "2-middle")
    assert back.code == 0, back.err
    served, begin = store.sha256_tree(current.resolve()), "phases/2-middle/"
    at_its_end = {n.removeprefix(begin): sha for n, sha in phased["files"].items() if n.startswith(begin)}
    assert {n.removeprefix("model/"): sha for n, sha in served.items() if n.startswith("model/")} == at_its_end
