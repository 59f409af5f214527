"""The stage between examples and training: passed through, asked, and trained on."""

from pathlib import Path

import pytest

from r1tailor import artifact, config, stages, store
from r1tailor.batching.taught import FILE
from r1tailor.errors import PreflightError, UserError
from r1tailor.layout import ANSWERS, RunFolder
from r1tailor.teaching.lessons import said
from tests.support.taught import SEQUENCES, instructed, scripted, thought
from tests.support.toy_run import toy_settings

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning")
BOTH = (*SEQUENCES, "objective.tokens={weight: 0.5, temperature: 1.0, top_k: 8}")


def test_where_nothing_is_asked_examples_pass_through_and_nothing_is_left(tmp_path: Path) -> None:
    settings, run = instructed(tmp_path)
    run.taught.mkdir()
    for name in (FILE, ANSWERS, "train.jsonl"):
        (run.taught / name).write_text("of another objective", encoding="utf-8")
    stages.teach(settings, run)
    assert sorted(file.name for file in run.taught.iterdir()) == [store.MANIFEST]
    assert run.trained_on()["train"] == run.parts()["train"]
    assert run.hashes().keys() == {"train.jsonl", "validation.jsonl"}
    assert run.lessons is None


def test_texts_and_distributions_over_them_are_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(config, "ROOT", tmp_path)
    settings, run = instructed(tmp_path, *BOTH)
    with monkeypatch.context() as patched:
        from r1tailor.teaching import probabilities
        from r1tailor.teaching.teacher import find_teacher

        local = find_teacher(settings, config.ROOT).opened(config.ROOT)
        patched.setattr(probabilities, "_local", lambda *_: local)
        scripted(patched, lambda example, seed: thought(example.output, f"reasons {seed % 5}"))
        stages.teach(settings, run)
    assert {ANSWERS, FILE, "train.jsonl", "report.json"} < {file.name for file in run.taught.iterdir()}
    assert "texts about" in said(store.read_json(run.taught / "report.json"))
    stages.train(settings, run)
    saved = artifact.read(run.phase("1-all") / "model")
    assert saved.run["data"].keys() == {"train.jsonl", "validation.jsonl", FILE}
    assert saved.run["data"]["train.jsonl"] == store.sha256_file(run.taught / "train.jsonl")
    assert saved.run["composition"]["objective"]["teacher"] == "base"
    stages.evaluate(settings, run)
    files = stages.register(settings, run).files
    assert files["teach/train.jsonl"] == saved.run["data"]["train.jsonl"]
    assert "teach/report.json" in files
    assert "teach: warning: evaluation.max_reasoning_tokens = 8 cuts reasoning" in capsys.readouterr().out
    plain = toy_settings(tmp_path)
    stages.teach(plain, run)
    assert sorted(file.name for file in run.taught.iterdir()) == [store.MANIFEST]


def test_a_teacher_that_cannot_teach_is_refused_before_examples_are_made(tmp_path: Path) -> None:
    settings = toy_settings(tmp_path, "objective=distillation", "objective.teacher=nobody")
    with pytest.raises(UserError, match="nobody: there is no such version"):
        stages.check(settings, RunFolder(tmp_path / "run"))
    long = toy_settings(tmp_path, "objective=distillation", "objective.teacher=base", "model.context_length=512")
    shorter = long.model_copy(update={"trainer": long.trainer.model_copy(update={"max_length": 513})})
    with pytest.raises(PreflightError, match=r"trainer\.max_length = 513"):
        stages.check(shorter, RunFolder(tmp_path / "run"))
