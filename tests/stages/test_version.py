"""A version says nothing of where its run lay, and holds every phase, the lessons and the attacks there were."""

from pathlib import Path

from r1tailor.layout import RunFolder
from r1tailor.stages.version import version_parts, without_place
from tests.support.toy_run import toy_settings


def test_the_composition_of_a_version_says_nothing_of_its_place(tmp_path: Path) -> None:
    settings = toy_settings(tmp_path)
    elsewhere = settings.model_copy(update={"output": str(tmp_path / "elsewhere"), "resume": True})
    assert without_place(elsewhere) == without_place(settings)
    assert without_place(settings.model_copy(update={"seed": 9})) != without_place(settings)


def test_its_parts_follow_curriculum_teacher_and_red_team(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    plain = version_parts(toy_settings(tmp_path), run)
    assert sorted(plain) == ["data", "evaluation", "model", "provenance.json"]
    (run.taught).mkdir(parents=True, exist_ok=True)
    (run.taught / "report.json").write_text("{}")
    attacked = version_parts(toy_settings(tmp_path, "redteam=standard"), run)
    assert sorted(attacked.keys() - plain.keys()) == ["redteam", "teach/report.json"]
