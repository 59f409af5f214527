"""Tasks of lm-evaluation-harness: their files, and prompts that are those that a model is asked here."""

import json
from pathlib import Path

import pytest
import yaml

from r1tailor import config
from r1tailor.evaluation.ability import export as tasks
from r1tailor.evaluation.ability.questions import draw
from r1tailor.model import load
from tests.support.general import general


def test_each_set_is_a_task_and_one_group_holds_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = draw(general(tmp_path, monkeypatch).ability)
    folder = tmp_path / "tasks"
    folder.mkdir()
    files = tasks.export(drawn, folder, tasks.plain)
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in files)
    group = yaml.safe_load((folder / "r1tailor_ability.yaml").read_text("utf-8"))
    assert group["task"] == ["r1tailor_letters", "r1tailor_riddles"]
    assert group["metadata"]["questions"] == drawn.sha256
    task = yaml.safe_load((folder / "r1tailor_letters.yaml").read_text("utf-8"))
    assert (task["output_type"], task["target_delimiter"]) == ("multiple_choice", "")
    lines = (folder / task["dataset_kwargs"]["data_files"]["test"]).read_text("utf-8").splitlines()
    rows, items = [json.loads(line) for line in lines], [item for item in drawn.items if item.set == "letters"]
    assert [row["id"] for row in rows] == [item.id for item in items]
    for row, item in zip(rows, items, strict=True):
        assert row[task["doc_to_text"]] == f"{item.example.instruction}\n\n{item.example.input}"
        assert row[task["doc_to_choice"]][row[task["doc_to_target"]]] == item.example.output


def test_a_prompt_is_rendered_as_the_model_is_asked_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy's template opens a block of reasoning: letters stand behind an empty one."""
    settings = general(tmp_path, monkeypatch)
    tokenizer = load.load_tokenizer(settings.model, config.ROOT)
    for item in draw(settings.ability).items:
        text = tasks.rendered(tokenizer)(item)
        assert text.endswith("</think>\n\n")
        own = tokenizer.prompt_text(item.example)
        ids = tokenizer.ids(own) + tokenizer.continuation(own, item.letters[1])
        assert tokenizer.ids(text + item.letters[1]) == ids
