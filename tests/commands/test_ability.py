"""``r1tailor ability``: what is written, and what is refused."""

from pathlib import Path

import pytest
import torch

from r1tailor import config, store
from r1tailor.__main__ import main
from r1tailor.commands import ability
from r1tailor.model import load
from tests.support.general import general
from tests.support.saved_models import saved


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


def test_a_saved_model_and_its_base_are_asked_and_prompts_rendered_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = general(tmp_path, monkeypatch, "strategy=full", "trainer.precision=fp32", "ability.most_of_a_set=2")
    run = tmp_path / "outputs" / "runs" / "one"
    model = load.load_model(small.model, tmp_path, torch.float32, seed=5)
    saved(model, small, run / "train" / "1-all" / "model")
    store.write_text(run / "config.yaml", config.as_yaml(small))
    store.write_json(run / "run.json", {"status": "done", "domain": small.domain.name})
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    own = "ability.margin=0.5"  # an override keeps the run's own sets
    main(["ability", "measure", "outputs/runs/one", own])
    said = capsys.readouterr().out
    assert "general ability: " in said
    assert "result: outputs/ability/outputs-runs-one/ability.json" in said
    told = store.read_json(tmp_path / "outputs" / "ability" / "outputs-runs-one" / "ability.json")
    assert (told["n"], told["verdict"]["margin"]) == (4, 0.5)
    main(["ability", "export", str(tmp_path / "tasks"), "--model", "outputs/runs/one", own])
    assert "--apply_chat_template" not in capsys.readouterr().out
    assert "</think>" in (tmp_path / "tasks" / "r1tailor_letters.jsonl").read_text("utf-8")
