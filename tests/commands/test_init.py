"""`r1tailor init`: a project of one's own, nothing overwritten; and commands where there is no project."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.support.commands import Done, spawned


@pytest.fixture
def r1tailor(tmp_path: Path) -> Callable[..., Done]:
    """Run a command outside every project."""

    def run(*arguments: str, cwd: Path = tmp_path) -> Done:
        return spawned(("-m", "r1tailor", *arguments), cwd, {"PYTHONPATH": str(ROOT / "src")})

    return run


def test_a_project_holds_what_a_checkout_has_and_its_params_follow_from_its_conf(
    r1tailor: Callable[..., Done], tmp_path: Path
) -> None:
    done = r1tailor("init", "mine")
    assert (done.code, done.err) == (0, "")
    assert "cd mine\n" in done.out
    assert "git init && dvc init" in done.out
    mine = tmp_path / "mine"
    shipped = {str(path.relative_to(ROOT)) for path in (ROOT / "conf").rglob("*.yaml")} - {"conf/project.yaml"}
    for name in ("dvc.yaml", "train.py", *shipped):
        assert (mine / name).read_bytes() == (ROOT / name).read_bytes()
        assert not (mine / name).is_symlink()
    assert yaml.safe_load((mine / "params.yaml").read_text("utf-8"))["domain"]["name"] == "medical"
    assert "/outputs/*" in (mine / ".gitignore").read_text("utf-8")
    assert (mine / ".dvcignore").is_file()
    for readme in ("README.md", "README.zh-CN.md"):
        assert "domain=mine" in (mine / readme).read_text("utf-8")
    assert yaml.safe_load((mine / "conf" / "project.yaml").read_text("utf-8")) == {"defaults": ["config", "_self_"]}
    assert not (mine / ".git").exists()
    inside = r1tailor("registry", "list", cwd=mine / "conf" / "domain")
    assert inside.code == 0, inside.err
    assert inside.out.startswith("no versions yet")


@pytest.mark.parametrize("name", ["conf", "params.yaml"])
def test_nothing_is_overwritten(name: str, r1tailor: Callable[..., Done], tmp_path: Path) -> None:
    (tmp_path / name).write_text("mine", encoding="utf-8")
    done = r1tailor("init")
    assert (done.code, done.out) == (2, "")
    assert done.err == f"error: {tmp_path} holds {name} already; nothing was written. Choose another folder\n"
    assert [(path.name, path.read_text("utf-8")) for path in tmp_path.iterdir()] == [(name, "mine")]


def test_a_repository_is_made_when_asked_and_files_of_its_own_are_kept(
    r1tailor: Callable[..., Done], tmp_path: Path
) -> None:
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    done = r1tailor("init", "--dvc")
    assert done.code == 0, done.err
    assert "kept as it was: README.md" in done.out
    assert "git init" not in done.out
    assert (tmp_path / "README.md").read_text("utf-8") == "mine"
    kept = (tmp_path / ".dvc" / "config").read_text("utf-8")
    assert "enabled = True" in kept
    assert "config_name = project" in kept
    assert "html_template = plots.html" in kept
    assert "vegaEmbed" in (tmp_path / ".dvc" / "plots.html").read_text("utf-8")
    status = ["git", "-C", str(tmp_path), "status", "--porcelain", "--untracked-files=all"]
    seen = subprocess.run(status, capture_output=True, text=True, check=True).stdout
    assert "conf/config.yaml" in seen
    assert "dvc.yaml" in seen
    assert ".dvc/config.local" not in seen


def test_dvc_reads_its_pickles_from_the_project_alone(r1tailor: Callable[..., Done], tmp_path: Path) -> None:
    """DVC's default is a folder of the machine in which everybody may put a pickle."""
    assert r1tailor("init", "--dvc").code == 0
    (tmp_path / "below").mkdir()
    asked = "from dvc.repo import Repo; print(Repo().site_cache_dir)"
    environment = {name: value for name, value in os.environ.items() if name != "DVC_SITE_CACHE_DIR"}
    for folder in (tmp_path, tmp_path / "below"):
        command = [sys.executable, "-c", asked]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
        assert Path(done.stdout.strip()).is_relative_to(tmp_path / ".dvc" / "tmp" / "site")


@pytest.mark.parametrize("command", [("use",), ("registry", "list")])
def test_without_a_project_a_command_says_how_to_start_one(
    command: tuple[str, ...], r1tailor: Callable[..., Done], tmp_path: Path
) -> None:
    done = r1tailor(*command)
    assert (done.code, done.out) == (2, "")
    where = f"{tmp_path} and the folders above it hold no conf/"
    assert done.err == f"error: no project here: {where}. Run: r1tailor init\n"
    assert not list(tmp_path.iterdir())


def test_what_only_reads_takes_the_conf_of_the_package(r1tailor: Callable[..., Done], tmp_path: Path) -> None:
    done = r1tailor("explain", "trainer.max_steps")
    assert done.code == 0, done.err
    assert "conf/trainer/cpu.yaml" in done.out
    assert not list(tmp_path.iterdir())


def test_train_py_belongs_to_the_project_it_lies_in(r1tailor: Callable[..., Done], tmp_path: Path) -> None:
    assert r1tailor("init", "mine").code == 0
    (tmp_path / "mine" / "conf" / "config.yaml").write_text("defaults: [nonsense]\n", encoding="utf-8")
    run = ("mine/train.py", "seed=1", "output=data/never")
    done = spawned(run, tmp_path, {"PYTHONPATH": str(ROOT / "src")})
    assert done.code == 2
    assert "nonsense" in done.err
