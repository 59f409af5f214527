"""What is said of processes that ended; that they are started, and end, ``test_parallel.py`` shows."""

import threading
from pathlib import Path

import pytest
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure

from r1tailor import config
from r1tailor.errors import Interrupted, TrainingError
from r1tailor.training.launch import _explained, joined, meeting

TWO = config.load(["trainer.parallel=ddp", "trainer.devices=2", "trainer.nodes=2"])


def failed(*codes: int) -> ChildFailedError:
    failures = {number: ProcessFailure(number, 100 + number, code, "none") for number, code in enumerate(codes)}
    return ChildFailedError("r1tailor", failures)


def said(folder: Path, attempt: int, process: int, text: str) -> None:
    place = folder / "phase-1_x" / f"attempt_{attempt}" / str(process)
    place.mkdir(parents=True)
    (place / "stderr.log").write_text(text, encoding="utf-8")


def test_what_each_process_said_last_is_told_of_the_last_attempt(tmp_path: Path) -> None:
    said(tmp_path, 9, 0, "error: long ago\n")
    said(tmp_path, 10, 0, "Epoch 0\nerror: another process of this run ended\n")
    said(tmp_path, 10, 1, "a hint\n[rank1]: Traceback (most recent call last):\n[rank1]: ValueError: why\n")
    found = _explained(failed(1, -9), tmp_path, 2)
    assert isinstance(found, TrainingError)
    assert str(found).splitlines() == [
        f"a process of 2 ended with code -9; all it said is in {tmp_path}",
        "process 0: error: another process of this run ended",
        "process 1: [rank1]: Traceback (most recent call last):",
        "[rank1]: ValueError: why",
    ]


def test_processes_that_a_signal_ended_were_interrupted(tmp_path: Path) -> None:
    found = _explained(failed(143, 1), tmp_path, 2)
    assert isinstance(found, Interrupted)
    assert found.exit_code == 143


def test_nodes_meet_by_a_file_and_part_when_the_first_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_ADDR", "127.0.0.1")
    (tmp_path / "nodes.json").write_text('["127.0.0.1", 9]', encoding="utf-8")  # left behind
    followed: list[str] = []

    def follow() -> None:
        joined(TWO, tmp_path).follow()
        followed.append("left")

    other = threading.Thread(target=follow, daemon=True)
    other.start()
    with meeting(TWO, tmp_path):
        pass
    other.join(60)
    assert followed == ["left"]
    assert not (tmp_path / "nodes.json").exists()
