"""``r1tailor audit``: a sound log, a changed line, a log that was written again."""

from pathlib import Path

import pytest

from r1tailor.__main__ import main
from r1tailor.chained import ChainedLog
from r1tailor.serving.audit import log_file


def _audit(folder: Path, *arguments: str) -> None:
    main(["audit", *arguments, f"serving.folder={folder}"])


@pytest.fixture
def log(tmp_path: Path) -> ChainedLog:
    made = ChainedLog(log_file(tmp_path))
    for number in range(4):
        made.append({"user": "ana", "number": number})
    return made


def test_a_sound_log(log: ChainedLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _audit(tmp_path, "verify")
    said = capsys.readouterr().out
    assert said.startswith(f"{log.path}: 4 lines, each as it was written; 4:")
    kept = said.split("; ")[1].strip()
    log.append({"number": 4})
    _audit(tmp_path, "verify", "--expect", kept)
    _audit(tmp_path, "show")
    assert capsys.readouterr().out.endswith('{"number": 4}\n')


def test_a_changed_line_is_named(log: ChainedLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.path.write_bytes(log.path.read_bytes().replace(b'"number": 1', b'"number": 7'))
    with pytest.raises(SystemExit) as ended:
        _audit(tmp_path, "verify")
    assert ended.value.code == 2
    assert "line 2 was changed after it was written" in capsys.readouterr().err


def test_a_log_that_was_written_again_whole_is_found(
    log: ChainedLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _audit(tmp_path, "verify")
    kept = capsys.readouterr().out.split("; ")[1].strip()
    for path in tmp_path.iterdir():
        path.unlink()
    again = ChainedLog(log_file(tmp_path))
    for number in range(9):
        again.append({"user": "bo", "number": number})
    _audit(tmp_path, "verify")
    for given, said in ((kept, "the log was written again"), ("4", "must be COUNT:HASH")):
        with pytest.raises(SystemExit):
            _audit(tmp_path, "verify", "--expect", given)
        assert said in capsys.readouterr().err
