"""Feedback at rest: its user's alone, without identifiers, changed by nobody, removed by retention alone."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from r1tailor.errors import DataError, UserError
from r1tailor.serving.feedback.log import LONGEST, FeedbackLog, Texts, accepted_text

ASKED = Texts("Mr Smith has a fever", "I21.4", "thinking", "I21.9", "since Smith")


def _log(folder: Path, days: int | None = None, at: datetime | None = None) -> FeedbackLog:
    now = at or datetime.now(UTC)
    return FeedbackLog(folder / "toy", lambda text: text.replace("Smith", "[NAME]"), days, lambda: now)


def test_texts_are_treated_before_they_reach_the_disk(tmp_path: Path) -> None:
    log = _log(tmp_path)
    id_ = log.add(ASKED, "ann", "toy-1", "down")
    log.decide(id_, "rev", "accept", 0, "I21.9 for Smith", "ask Smith")
    everything = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(everything) >= 4
    assert not [file for file in everything if b"Smith" in file.read_bytes()]
    record = log.record(id_)
    assert record.texts is not None
    assert record.texts.prompt == "Mr [NAME] has a fever"
    assert (record.decisions[0].edit, record.decisions[0].note) == ("I21.9 for [NAME]", "ask [NAME]")


def test_files_and_folders_are_their_users_alone(tmp_path: Path) -> None:
    log = _log(tmp_path)
    log.add(ASKED, "ann", "toy-1", "")
    modes = {oct(place.stat().st_mode & 0o777) for place in log.folder.rglob("*") if place.is_file()}
    assert modes <= {"0o600"}
    assert {oct(place.stat().st_mode & 0o777) for place in (log.folder, log.folder / "texts")} == {"0o700"}


def test_the_log_holds_no_text_and_its_hashes_cannot_be_guessed(tmp_path: Path) -> None:
    log = _log(tmp_path)
    for _ in range(2):
        log.add(Texts("yes or no?", "yes", "", "no"), "ann", "toy-1", "")
    lines = [json.loads(line) for line in (log.folder / "log.jsonl").read_text("utf-8").splitlines()]
    assert "yes" not in json.dumps(lines)
    assert lines[0]["texts"] != lines[1]["texts"]


@pytest.mark.parametrize(
    ("texts", "thumb", "message"),
    [
        (Texts("a", "b"), "", "corrects the answer or rates it"),
        (Texts("a", "b", "", " b "), "up", "the answer as it was given"),
        (Texts("a", "b", "", "c" * (LONGEST + 1)), "", "corrected: longer than 20000"),
        (Texts("a", "b"), "sideways", "thumb: up, down or nothing"),
    ],
)
def test_what_says_nothing_is_refused(tmp_path: Path, texts: Texts, thumb: str, message: str) -> None:
    log = _log(tmp_path)
    with pytest.raises(UserError, match=message):
        log.add(texts, "ann", "toy-1", thumb)  # type: ignore[arg-type]
    assert not (tmp_path / "toy").exists()


def test_a_reviewer_decides_once_they_saw_the_newest(tmp_path: Path) -> None:
    log = _log(tmp_path)
    id_ = log.add(ASKED, "ann", "toy-1", "")
    with pytest.raises(UserError, match="by somebody else than who made it"):
        log.decide(id_, "ann", "accept", 0)
    log.decide(id_, "rev", "edit", 0, "I21.9")  # unchanged: no edit
    with pytest.raises(UserError, match="somebody decided in the meantime"):
        log.decide(id_, "other", "reject", 0)
    log.decide(id_, "other", "accept", 1, "I22.0")
    assert [decision.said for decision in log.record(id_).decisions] == ["accept", "edit"]
    assert accepted_text(log.record(id_)) == "I22.0"
    rated = log.add(Texts("a", "b"), "ann", "toy-1", "up")
    with pytest.raises(UserError, match="nothing to review"):
        log.decide(rated, "rev", "accept", 0)
    with pytest.raises(UserError, match="no feedback of this id"):
        log.decide("../texts", "rev", "accept", 0)


def test_retention_removes_texts_and_leaves_a_log_that_verifies(tmp_path: Path) -> None:
    old = _log(tmp_path, at=datetime.now(UTC) - timedelta(days=40))
    id_ = old.add(ASKED, "ann", "toy-1", "")
    old.decide(id_, "rev", "accept", 0, "another", "note")
    log = _log(tmp_path, days=30)
    fresh = log.add(ASKED, "ann", "toy-1", "")
    log.keep_retention()
    assert [file.name for file in (log.folder / "texts").iterdir()] == [f"{fresh}.json"]
    gone, kept = log.records()
    assert (gone.texts, gone.decisions[0].edit) == (None, "")
    assert kept.texts is not None
    assert log.verify() == []
    with pytest.raises(UserError, match="removed after its retention period"):
        log.decide(id_, "other", "accept", 1)


def test_retention_is_looked_at_once_a_day(tmp_path: Path) -> None:
    _log(tmp_path, at=datetime.now(UTC) - timedelta(days=40)).add(ASKED, "ann", "toy-1", "")
    log = _log(tmp_path, days=30)
    log.keep_retention()
    _log(tmp_path, at=datetime.now(UTC) - timedelta(days=40)).add(ASKED, "ann", "toy-1", "")
    log.keep_retention()
    assert len(list((log.folder / "texts").iterdir())) == 1


def test_what_a_crash_left_before_its_line_is_nobodys_and_goes(tmp_path: Path) -> None:
    log = _log(tmp_path)
    id_ = log.add(ASKED, "ann", "toy-1", "")
    (log.folder / "texts" / "orphan.json").write_text("{}", "utf-8")
    (log.folder / "texts" / f"{id_}.0.json").write_text("{}", "utf-8")  # of a decision that nobody was told of
    log.decide(id_, "rev", "accept", 0)
    assert log.expire(1000) == []
    assert sorted(file.name for file in (log.folder / "texts").iterdir()) == [f"{id_}.0.json", f"{id_}.json"]


@pytest.mark.parametrize("change", ["text", "missing", "line"])
def test_any_change_is_found(tmp_path: Path, change: str) -> None:
    log = _log(tmp_path)
    id_ = log.add(ASKED, "ann", "toy-1", "")
    log.add(ASKED, "bob", "toy-1", "")
    file = log.folder / "texts" / f"{id_}.json"
    match change:
        case "text":
            file.write_text(file.read_text("utf-8").replace("I21.9", "I21.0"), "utf-8")
        case "missing":
            file.unlink()
        case "line":
            lines = log.folder / "log.jsonl"
            lines.write_text(lines.read_text("utf-8").replace('"ann"', '"eve"'), "utf-8")
    assert log.verify()
    with pytest.raises(DataError):
        log.records()


def test_a_copy_of_the_folder_is_a_backup(tmp_path: Path) -> None:
    log = _log(tmp_path / "one")
    id_ = log.add(ASKED, "ann", "toy-1", "")
    (tmp_path / "two").mkdir()
    log.folder.rename(tmp_path / "two" / "toy")
    restored = _log(tmp_path / "two")
    assert restored.verify() == []
    restored.decide(id_, "rev", "accept", 0)
    assert restored.record(id_).decisions[0].said == "accept"
