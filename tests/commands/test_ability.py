"""``r1tailor ability``: what is written, and what is refused."""

from pathlib import Path

import pytest

from r1tailor import config
from r1tailor.__main__ import main
from r1tailor.commands import ability
from tests.support.general import general


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(config, "ROOT", tmp_path)
    small = general(tmp_path, monkeypatch)
    monkeypatch.setattr(ability.config, "load", lambda overrides: small)
    return tmp_path


def test_tasks_are_written_again_over_an_earlier_export(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        main(["ability", "export", str(project / "tasks")])
    said = capsys.readouterr().out
    assert "20 questions in 2 tasks: tasks" in said
    assert "cd tasks && lm_eval --model hf" in said
    assert "--tasks r1tailor_ability --apply_chat_template" in said
    assert len(list((project / "tasks").iterdir())) == 5


def test_a_folder_with_other_files_is_left_alone(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "mine").mkdir()
    (project / "mine" / "notes.txt").write_text("mine", "utf-8")
    with pytest.raises(SystemExit) as stopped:
        main(["ability", "export", str(project / "mine")])
    assert stopped.value.code == 2
    assert "it holds other files; choose a new or an empty folder" in capsys.readouterr().err
    assert [path.name for path in (project / "mine").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["export", "tasks", "ability=none"], "nothing is asked by this composition; choose ability=full"),
        (["measure", "nonesuch"], "nonesuch: there is no such version, domain or folder"),
        (["export", "tasks", "--model", "nonesuch"], "nonesuch: there is no such version, domain or folder"),
    ],
)
def test_what_cannot_be_asked_is_refused(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["ability", *arguments])
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err
