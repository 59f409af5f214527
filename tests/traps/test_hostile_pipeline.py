"""Trap 31: a hostile ``params.yaml`` and the real DVC, which puts the values of it into commands before we see them."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from r1tailor import config
from tests.conftest import ROOT
from tests.traps.danger import Place, case

SHELL = "; mkdir {canary} #"


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load(config.as_yaml(config.load(["curriculum=by_level"])))
    return values


def dvc(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT / "src"), "DVC_NO_ANALYTICS": "1"}
    environment["DVC_SITE_CACHE_DIR"] = str(folder / "site")
    command = [sys.executable, "-m", "dvc", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("stage", "of"),
    [
        case("train@1-all" + SHELL, "phase", id="a phase"),
        case("variant@text" + SHELL, "variant", id="a variant"),
        case("variant@$(mkdir {canary})", "variant", id="a substitution"),
    ],
)
def test_a_value_of_params_yaml_reaches_no_shell(stage: str, of: str, composed: dict[str, Any], place: Place) -> None:
    stage = stage.format(canary=place.canary)
    key, values = stage.partition("@")[2], dict(composed)
    if of == "phase":
        (phase, *_) = composed["curriculum"]["phases"].values()
        values["curriculum"] = composed["curriculum"] | {"phases": {key: phase}, "final": key}
    else:
        values["evaluation"] = composed["evaluation"] | {"variants": [key]}
    (place.zone / "dvc.yaml").write_bytes((ROOT / "dvc.yaml").read_bytes())
    (place.zone / "params.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    (place.zone / "conf").symlink_to(ROOT / "conf")
    assert dvc(place.zone, "init", "--no-scm").returncode == 0
    for output in ("inputs", "annotate", "instruct", "teach"):  # what the stage depends on is there
        (place.zone / "outputs" / values["domain"]["name"] / output).mkdir(parents=True)
    for name in ("train", "variant"):
        (place.zone / "outputs" / values["domain"]["name"] / "inputs" / f"{name}.json").write_text("{}")
    (place.zone / "outputs" / values["domain"]["name"] / "instruct" / "train.jsonl").touch()
    with place.harmless():
        done = dvc(place.zone, "repro", "--single-item", stage)
    assert done.returncode
    assert "Running stage" in done.stdout, done.stdout + done.stderr
    assert "error: " in done.stderr
