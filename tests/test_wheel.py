"""The package as users install it: a wheel, outside the checkout, in an environment of its own."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.conftest import FASTER, ROOT

SHIPPED = ("src", "conf", "pyproject.toml", "README.md", "LICENSE", "dvc.yaml", "train.py")


def _run(*command: str, cwd: Path, **changed: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | changed
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment with our wheel; what we depend on is that of the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in SHIPPED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / "checkout" / name, symlinks=True)
        else:
            shutil.copy2(ROOT / name, folder / "checkout" / name)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    build = ("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder))
    _run(*pip, *build, str(folder / "checkout"), cwd=folder)
    _run(sys.executable, "-m", "venv", "--without-pip", "venv", cwd=folder)
    venv = folder / "venv"
    (wheel,) = folder.glob("*.whl")
    _run(*pip, "--python", str(venv / "bin" / "python"), "install", "--quiet", "--no-deps", str(wheel), cwd=folder)
    (packages,) = venv.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return venv / "bin"


def test_the_wheel_holds_every_file_of_the_package_and_of_conf(installed: Path) -> None:
    (package,) = installed.parent.glob("lib/python*/site-packages/r1tailor")
    source = ROOT / "src" / "r1tailor"
    files = {path.relative_to(source) for path in source.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    composed = {path.relative_to(ROOT) for path in (ROOT / "conf").rglob("*") if path.is_file()}
    held = {path.relative_to(package) for path in package.rglob("*") if path.is_file() and not path.is_symlink()}
    assert (files | composed) - held == set()


def test_a_project_of_an_installed_wheel_trains_a_domain_of_ones_own(installed: Path, tmp_path: Path) -> None:
    _run(str(installed / "r1tailor"), "init", "project", cwd=tmp_path)
    project = tmp_path / "project"
    rows = [{"input": f"thing {i} of kind {i * 7919}", "output": ("red", "green")[i % 2]} for i in range(60)]
    (project / "mine.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    generic = (project / "conf" / "domain" / "generic.yaml").read_text("utf-8")
    mine = (
        generic.replace("name: generic", "name: mine").replace("???", "mine.jsonl").replace("test: 0.10", "test: 0.2")
    )
    mine = mine.replace("reasoning: refuse", "reasoning: empty")  # the toy's template opens <think>
    (project / "conf" / "domain" / "mine.yaml").write_text(mine, encoding="utf-8")
    title = "domain.title='Notes [/INST] <b>病历</b>'"
    _run(str(installed / "r1tailor"), "use", "domain=mine", "model=tiny_llama", cwd=project)
    line = (title, "trainer.max_steps=2", "output=outputs/runs/first", *FASTER)
    out = _run(str(installed / "python"), "train.py", *line, cwd=project, PYTHONIOENCODING="ascii", COLUMNS="200")
    assert r"Notes [/INST] <b>\u75c5\u5386</b>" in out
    report = (project / "outputs" / "runs" / "first" / "evaluation" / "report.html").read_text("utf-8")
    assert "Notes [/INST] &lt;b&gt;病历&lt;/b&gt;" in report
    where = _run(str(installed / "python"), "-c", "import r1tailor; print(r1tailor.__file__)", cwd=project)
    assert where.startswith(str(installed.parent))
