"""``r1tailor init``: a project of one's own, from the files that travel with the package."""

import argparse
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from r1tailor import config
from r1tailor.errors import ProjectError, UserError

_TEMPLATES = Path(__file__).resolve().parents[1] / "template"
_NEEDED = {"train.py": "train.txt", "dvc.yaml": "dvc.yaml"}
_WELCOME = {
    ".gitignore": "gitignore",
    ".dvcignore": "dvcignore",
    "README.md": "README.md",
    "README.zh-CN.md": "README.zh-CN.md",
}
_DVC = (sys.executable, "-m", "dvc")
_COMPOSES = {"hydra.enabled": "True", "hydra.config_name": "project"}  # what `dvc exp run -S` composes from
_PLOTS = ("plots.html_template", "plots.html")  # draws what DVC plots without a network; lies in .dvc
# DVC unpickles what it finds in its site cache, which lies in a folder that everybody may write to unless it is set. A
# relative path would start from where DVC is called, so the setting is local to this copy of the project.
_SITE_CACHE = ("core.site_cache_dir", Path(".dvc") / "tmp" / "site")


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser("init", help="start a project: conf/, dvc.yaml, train.py, README")
    parser.add_argument("folder", nargs="?", default=".", type=Path, help="of the project (default: this one)")
    parser.add_argument("--dvc", action="store_true", help="make it a repository of git and DVC as well")
    parser.set_defaults(run=_init, project=False)


def _init(parsed: argparse.Namespace) -> None:
    folder = parsed.folder.resolve()
    _refuse_to_overwrite(folder)
    kept = _write(folder)
    if parsed.dvc:
        _make_repository(folder)
    print(f"a project is in {folder}")
    for name in kept:
        print(f"kept as it was: {name}; the package's own is {_TEMPLATES / _WELCOME[name]}")
    print("\n".join(["next:", *(f"  {line}" for line in _next_steps(parsed.folder, folder))]))


def _refuse_to_overwrite(folder: Path) -> None:
    taken = [name for name in ("conf", *_NEEDED, "params.yaml") if (folder / name).exists()]
    if taken:
        raise ProjectError(f"{folder} holds {', '.join(taken)} already; nothing was written. Choose another folder")


def _write(folder: Path) -> list[str]:
    """Write every file of a project; return those that were there and stay as they are."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProjectError(f"{folder} cannot be made: {error.strerror}") from error
    shutil.copytree(config.PACKAGED_CONF, folder / "conf", ignore=shutil.ignore_patterns("project.yaml"))
    kept = [name for name in _WELCOME if (folder / name).exists()]
    for name, template in {**_NEEDED, **_WELCOME}.items():
        if name not in kept:
            shutil.copyfile(_TEMPLATES / template, folder / name)
    _call((sys.executable, "-m", "r1tailor", "use"), folder)  # there: composed from the project's own conf/
    return kept


def _make_repository(folder: Path) -> None:
    if not (folder / ".git").exists():
        _call(("git", "init", "--quiet"), folder)
    if not (folder / ".dvc").exists():
        _call((*_DVC, "init", "--quiet"), folder)
    shutil.copyfile(_TEMPLATES / _PLOTS[1], folder / ".dvc" / _PLOTS[1])
    for key, value in (*_COMPOSES.items(), _PLOTS):
        _call((*_DVC, "config", key, value), folder)
    _call((*_DVC, "config", "--local", _SITE_CACHE[0], str(folder / _SITE_CACHE[1])), folder)


def _call(command: tuple[str, ...], folder: Path) -> None:
    """Run a command in the project.

    Raises:
        UserError: it is not installed, or failed; with what it wrote.
    """
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        raise UserError(f"{command[0]} cannot be run: {error.strerror}") from error
    if done.returncode:
        raise UserError(f"{' '.join(command)} failed in {folder}: {(done.stderr or done.stdout).strip()}")


def _next_steps(given: Path, folder: Path) -> list[str]:
    enter = [] if folder == Path.cwd() else [f"cd {shlex.quote(str(given))}"]
    configured = " && ".join(f"dvc config {key} {value}" for key, value in _COMPOSES.items())
    own_cache = f'dvc config --local {_SITE_CACHE[0]} "$PWD/{_SITE_CACHE[1]}"'
    repository = [] if (folder / ".dvc").exists() else [f"git init && dvc init && {configured} && {own_cache}"]
    return [
        *enter,
        "r1tailor propose data/mine.csv                      # look at your file, write a domain for it",
        "python train.py --config-name=debug domain=mine     # the whole way in seconds, with a random model",
        "r1tailor use domain=mine                            # the composition that everything starts from",
        "python train.py                                     # one run; its last line names the report",
        *repository,
        "dvc repro                                           # the pipeline: what changed, and a version of it",
    ]
