"""A day repeated by DVC has the same bytes, and no text of it lies in a cache."""

import os
import subprocess
import sys
from pathlib import Path

import yaml

from r1tailor import store
from r1tailor.update import daily, pipeline
from tests.conftest import ROOT
from tests.support.update_days import DAY, DayProject, day_project


def test_stages_of_a_day_are_those_of_the_pipeline(tmp_path: Path) -> None:
    assert tuple(daily.STAGES) == pipeline.STAGES
    project = day_project(tmp_path)
    project.correct("a warm stone", "red")
    stages = yaml.safe_load((project.begin().folder / "dvc.yaml").read_text("utf-8"))["stages"]
    assert list(stages) == list(daily.STAGES)
    assert stages["select"]["cmd"] == f"python -m r1tailor update colours --day {DAY} --stage select"
    assert all(list(out.values()) == [{"cache": False}] for stage in stages.values() for out in stage["outs"])


def test_dvc_repeats_a_day_to_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "conf").symlink_to(ROOT / "conf")
    project = day_project(tmp_path, "update.select.held_out=0.5")
    for number, what in enumerate(("stone", "wall", "leaf", "door")):
        project.correct(f"the warm {what}", "red", user=f"user{number}")
    day = project.run()
    before = _bytes(project)
    for stage in daily.CHOOSING:
        subprocess.run(["rm", "-r", str(day.stage(stage))], check=True)
    ours = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    repeat = [sys.executable, "-m", "dvc", "repro", "--quiet", "select"]
    subprocess.run(repeat, cwd=day.folder, env=ours, check=True)
    assert _bytes(project) == before
    assert not list((project.places.path / ".dvc").glob("cache/**/*.dir"))


def _bytes(project: DayProject) -> dict[str, str]:
    files = [*(project.places.days).rglob("*.json*"), *(project.places.path / "held_out").rglob("*")]
    return {str(file): store.sha256_file(file) for file in sorted(files) if file.is_file()}
