"""Pairs from a file to a trained model: the reference is asked once, and again only for another question."""

import json
from pathlib import Path

import pytest

from r1tailor import artifact, config, stages, store
from r1tailor.errors import DataError, UserError
from r1tailor.layout import REFERENCES, RunFolder
from r1tailor.teaching import reference
from r1tailor.teaching.lessons import said
from tests.support.taught import instructed, scripted
from tests.support.toy_run import LABELS, toy_settings

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning")
PREFERS = ("objective=preference",)


def pairs(root: Path) -> None:
    """Write the toy domain's records, all but every fourth with a rejected answer."""
    rows = [{"input": f"thing {i} of kind {i * 7919}", "output": LABELS[i % 3]} for i in range(60)]
    rows = [row if i % 4 == 0 else row | {"rejected_output": LABELS[(i + 1) % 3]} for i, row in enumerate(rows)]
    (root / "colours.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_pairs_of_a_file_are_asked_about_once_and_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(config, "ROOT", tmp_path)
    pairs(tmp_path)
    settings, run = instructed(tmp_path, *PREFERS)
    stages.teach(settings, run)
    train = run.parts()["train"]
    count = sum(bool(one.rejected) for one in train)
    assert 0 < count < len(train)
    assert "45 records have a rejected answer; in examples:" in capsys.readouterr().out
    assert f"log-likelihoods of {count} pairs of answers" in said(store.read_json(run.taught / "report.json"))
    before = store.sha256_tree(run.taught)
    with monkeypatch.context() as patched:
        patched.setattr(reference, "_likelihoods", lambda *_: pytest.fail("the reference was asked again"))
        stages.teach(settings, run)
    assert store.sha256_tree(run.taught) == before
    stages.train(settings, run)
    assert f"pairs: {count} of {len(train)} training examples have a rejected answer; the other" in (
        capsys.readouterr().out
    )
    saved = artifact.read(run.phase("1-all") / "model")
    assert saved.run["data"][REFERENCES] == store.sha256_file(run.taught / REFERENCES)
    (run.taught / REFERENCES).unlink()
    scripted(monkeypatch, lambda *_: "")
    with pytest.raises(UserError, match="its weights are not here, so that it gives no likelihoods"):
        stages.teach(settings, run)


def test_without_a_rejected_answer_there_is_nothing_to_prefer(tmp_path: Path) -> None:
    settings, run = instructed(tmp_path, *PREFERS)
    with pytest.raises(DataError, match=r"has a rejected answer: objective\.kind = preference has nothing to prefer"):
        stages.teach(settings, run)
    nobody = toy_settings(tmp_path, *PREFERS, "objective.reference=nobody")
    with pytest.raises(UserError, match="nobody: there is no such version"):
        stages.check(nobody, RunFolder(tmp_path / "run"))
