"""``r1tailor feedback``: counts, export with the settings that read it, retention, verification."""

from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import config
from r1tailor.__main__ import main
from r1tailor.schema.settings import Settings
from r1tailor.serving.feedback.log import FeedbackLog, Texts


@pytest.fixture
def feedback(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: Callable[..., Settings],
) -> Callable[..., str]:
    composed = settings("serving.feedback.retention_days=1")
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.setattr(config, "load_params", lambda: composed)

    def run(*arguments: str) -> str:
        main(["feedback", *arguments])
        return capsys.readouterr().out

    return run


@pytest.fixture
def log(tmp_path: Path) -> FeedbackLog:
    made = FeedbackLog(tmp_path / "outputs" / "serving" / "feedback" / "medical")
    first = made.add(Texts("Which code?", "I21.4", "", "I21.9"), "ann", "medical-1", "down")
    made.add(Texts("Which code?", "I21.4"), "ann", "medical-1", "up")
    made.decide(first, "bob", "accept", 0)
    return made


def test_counts_by_status_and_of_ratings(feedback: Callable[..., str], log: FeedbackLog) -> None:
    assert feedback("list") == (
        "0 open, 0 second, 1 accepted, 0 rejected, 1 rating\nmedical-1: 1 helpful, 1 not helpful\n"
    )


def test_an_export_says_which_settings_read_it(feedback: Callable[..., str], log: FeedbackLog) -> None:
    said = feedback("export", "medical")
    assert said.startswith(
        "1 corrections: outputs/serving/feedback/medical/export/corrections.jsonl, "
        "outputs/serving/feedback/medical/export/annotations.jsonl\n"
    )
    assert "left out: 0 wait for a reviewer, 0 rejected, 1 ratings only, 0 whose text was removed" in said
    assert "kind: jsonl, name: feedback, path: outputs/serving/feedback/medical/export/corrections.jsonl" in said


def test_retention_and_verification(feedback: Callable[..., str], log: FeedbackLog) -> None:
    assert feedback("expire") == "0 texts older than 1 days removed\n"
    assert feedback("verify") == "2 records: nothing was changed\n"
    next((log.folder / "texts").iterdir()).unlink()
    with pytest.raises(SystemExit) as stopped:
        feedback("verify")
    assert stopped.value.code == 1


def test_a_domain_without_feedback_is_one_message(
    feedback: Callable[..., str], log: FeedbackLog, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        feedback("list", "medica")
    assert stopped.value.code == 2
    assert "there is no feedback of 'medica'. Domains with feedback: medical" in capsys.readouterr().err
