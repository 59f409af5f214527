"""``r1tailor errors``: the table, ``errors.json``, the next tasks, and a model that is asked."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.progress import Progress

from r1tailor import config
from r1tailor.__main__ import main
from r1tailor.commands import errors as command
from r1tailor.document_files import write_documents
from r1tailor.inference.local import LocalAnswerer
from r1tailor.record_files import read_predictions, write_records
from r1tailor.records import Document
from tests.support.errant import errors_json, items_of, write_errant
from tests.support.toy_run import toy_run


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def errors(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    main(["errors", *arguments])
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        main(["errors", *arguments])
    assert stopped.value.code == 2
    return capsys.readouterr().err


def test_modes_are_written_and_printed_without_a_model(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_errant(project / "outputs" / "runs" / "first")
    out = errors(capsys, "outputs/runs/first", "--limit", "0")
    assert "field ward = icu" in out
    assert "tasks: none; outputs/runs/first/annotate/documents.parquet does not exist\n" in out
    assert out.endswith("errors: outputs/runs/first/errors/errors.json\n")
    found = errors_json(run)
    assert found["modes"][0]["where"] == {"field ward": "icu"}
    before = (run / "errors" / "errors.json").read_bytes()
    errors(capsys, "toy", "--limit", "0")
    assert (run / "errors" / "errors.json").read_bytes() == before, "the domain means its newest run"


def test_the_next_round_is_written_from_the_modes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_errant(project / "outputs" / "runs" / "first")
    (run / "annotate").mkdir()
    items = items_of(300, seed=1)  # the first 240 are held out
    documents = [Document(one.id, one.input, "notes", "own", "", "", "") for one in items]
    write_documents(run / "annotate" / "documents.parquet", iter(documents))
    out = errors(capsys, "outputs/runs/first", "--limit", "0", "--tasks", "5")
    assert "tasks: 5 documents: outputs/runs/first/errors/tasks/label_studio.json" in " ".join(out.split())
    tasks = json.loads((run / "errors" / "tasks" / "label_studio.json").read_text("utf-8"))
    chosen = {task["data"]["document"] for task in tasks}
    assert chosen <= {one.id for one in items[240:] if "ward: icu" in one.input}
    assert "field ward = icu" in tasks[0]["meta"]["reason"]
    write_errant(project / "outputs" / "runs" / "second", planted=False)
    errors(capsys, "outputs/runs/first", "--limit", "0", "--tasks", "0")
    assert not (run / "errors" / "tasks").exists(), "tasks of an earlier call do not stay"


def test_a_domain_without_annotation_has_no_tasks(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_errant(project / "outputs" / "runs" / "first", "domain.annotation=null")
    assert "tasks: none; domain.annotation is null\n" in errors(capsys, "toy", "--limit", "0")


def test_errors_of_a_trained_model_are_explained(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = toy_run(project)
    path = run.evaluation / "predictions-tuned.jsonl"
    wrong = [replace(one, generated="<think>\n\n</think>black", truncated="") for one in read_predictions(path)]
    write_records(path, [replace(one, scores=one.scores | {"label_accuracy": 0.0}) for one in wrong])
    out = errors(capsys, "outputs/runs/first", "--limit", "2")
    found = errors_json(run.path)
    assert len(found["attributions"]) == 2
    for one in found["attributions"]:
        gained = sum(segment["value"] for segment in one["segments"])
        assert gained == pytest.approx(one["full"] - one["empty"], abs=1e-3)
        assert one["error"] == 0.0
    assert f"explained: {len(found['attributions'])} items in" in out
    again = (run.path / "errors" / "errors.json").read_bytes()
    monkeypatch.setattr(LocalAnswerer, "score", None)  # what was scored before is not scored again
    errors(capsys, "outputs/runs/first", "--limit", "2")
    assert (run.path / "errors" / "errors.json").read_bytes() == again
    record = run.evaluation / "evaluated.json"
    record.write_text(record.read_text("utf-8").replace('"model": "', '"model": "0'), "utf-8")
    assert "is not the model that outputs/runs/first evaluated" in refused(capsys, "outputs/runs/first")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nonesuch"], "nonesuch"),
        (["outputs/runs/first", "--limit", "0", "--metric", "bleu"], "not scored by item; scored are label_accuracy"),
        (["outputs/runs/first", "--limit", "-1"], "is not a whole number"),
    ],
)
def test_what_cannot_be_explained_is_refused(
    arguments: list[str], expected: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_errant(project / "outputs" / "runs" / "first", number=12)
    assert expected in refused(capsys, *arguments)
    assert not (project / "outputs" / "runs" / "first" / "errors").exists()


def test_predictions_of_an_earlier_release_are_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_errant(project / "outputs" / "runs" / "first", number=12)
    path = run / "evaluation" / "predictions-tuned.jsonl"
    write_records(path, [replace(one, scores={}) for one in read_predictions(path)])
    assert "its predictions hold no scores; evaluate again" in refused(capsys, "outputs/runs/first", "--limit", "0")


def test_what_takes_minutes_is_said_once_and_beforehand(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    tell = command._told(Progress(disable=True, get_time=lambda: now[0]))
    for done in range(4):
        now[0] = 100.0 + 50 * done  # the model is open after 100 seconds, then 50 an item
        tell(done, 30)
    said = capsys.readouterr().err
    assert said.startswith("explaining 30 errors: about 23 min more. --limit explains fewer"), "28 items of 50 seconds"
    assert said.count("\n") == 1


def test_what_takes_seconds_is_not_announced(capsys: pytest.CaptureFixture[str]) -> None:
    tell = command._told(Progress(disable=True))
    for done in range(31):
        tell(done, 30)
    assert capsys.readouterr().err == ""
