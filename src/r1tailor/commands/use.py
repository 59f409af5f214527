"""``r1tailor use``: choose what this project composes, and keep it."""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

from r1tailor import composition, config
from r1tailor.commands.arguments import add_overrides
from r1tailor.errors import UserError


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser("use", help="choose what this project composes; alone: show it, renew params.yaml")
    add_overrides(parser)
    parser.add_argument("--reset", action="store_true", help="start from conf/config.yaml, not from what is kept")
    parser.add_argument("--track", action="store_true", help="put the project's own input files under DVC")
    parser.set_defaults(run=_use)


def _use(parsed: argparse.Namespace) -> None:
    before = composition.Composition() if parsed.reset else composition.read()
    chosen, lost = composition.changed(before, parsed.overrides)
    settings = composition.settings(chosen)
    composition.write(chosen)
    if lost:
        print(f"no longer set, since their option changed: {', '.join(lost)}")
    for line in chosen.lines():
        print(line)
    print(f"{composition.FILE} and params.yaml: domain={settings.domain.name} model={settings.model.name}")
    if parsed.track:
        from r1tailor.inputs import own_files

        _track(own_files(settings, config.ROOT))


def _track(names: list[str]) -> None:
    """Put files under DVC, as they are now, unless they lie elsewhere or git tracks them.

    Raises:
        UserError: DVC refuses.
    """
    root = config.ROOT.resolve()
    added = []
    for name in names:
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            print(f"{name}: not tracked, it lies outside the project")
        elif path.is_relative_to(root / "outputs"):
            print(f"{name}: not tracked, outputs/ belongs to the pipeline")
        elif _in_git(path):
            print(f"{name}: git tracks it")
        else:
            added.append(path.relative_to(root).as_posix())
    if not added:
        return
    done = subprocess.run([sys.executable, "-m", "dvc", "add", "--quiet", *added], cwd=root, check=False)
    if done.returncode:
        raise UserError(f"dvc add {' '.join(added)} ended with code {done.returncode}; its reason stands above")
    print(f"tracked by DVC: {', '.join(added)}. Commit: git add {' '.join(f'{name}.dvc' for name in added)}")


def _in_git(path: Path) -> bool:
    command = ["git", "-c", "core.fsmonitor=false", "ls-files", "--", str(path)]
    return bool(subprocess.run(command, cwd=config.ROOT, capture_output=True, check=False).stdout)
