"""A log of chained lines: what was acknowledged is there, whoever writes; whatever was changed is named."""

import os
import random
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import chained
from r1tailor.chained import ChainedLog, verify
from r1tailor.errors import DataError
from tests.support.killed import ended, forked
from tests.support.power_cut import watched


@pytest.fixture
def log(tmp_path: Path) -> ChainedLog:
    return ChainedLog(tmp_path / "log" / "audit.jsonl")


def _filled(log: ChainedLog, count: int = 6) -> list[bytes]:
    for number in range(count):
        log.append({"value": number, "text": "名\ud800" if number == 2 else "x"})
    return log.path.read_bytes().splitlines(keepends=True)


def test_entries_come_back_in_order_and_only_their_owner_may_read_them(log: ChainedLog) -> None:
    _filled(log)
    assert [entry["value"] for entry in log.entries()] == [0, 1, 2, 3, 4, 5]
    assert log.append({"value": 6}) == 7
    assert verify(log.path).head.count == 7
    assert verify(log.path).damage == []
    files = (log.path, chained.head_file(log.path))
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600, 0o600]


def test_a_log_that_is_opened_again_continues(log: ChainedLog) -> None:
    _filled(log)
    again = ChainedLog(log.path)
    assert again.append({"value": 6}) == 7
    assert log.append({"value": 7}) == 8, "the first one learns what the second one added"
    log.close()
    assert log.append({"value": 8}) == 9
    assert [entry["value"] for entry in log.entries()] == list(range(9))


def test_an_entry_must_be_json_and_leave_the_keys_of_the_log_alone(log: ChainedLog) -> None:
    for entry in ({"line": 1}, {"before": ""}, {"value": float("nan")}, {"value": object()}):
        with pytest.raises(ValueError, match=r"keys of the log|JSON"):
            log.append(entry)
    assert list(log.entries()) == []


def _changed(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], lines[2].replace(b'"value": 2', b'"value": 9'), *lines[3:]]


TAMPERED: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "changed": (_changed, "line 3 was changed after it was written"),
    "last changed": (lambda lines: [*lines[:5], lines[5].replace(b"5,", b"9,")], "line 6 is not the one that the head"),
    "removed": (lambda lines: lines[:2] + lines[4:], "lines 3 to 4 are missing"),
    "first removed": (lambda lines: lines[1:], "line 1 is missing"),
    "cut": (lambda lines: lines[:4], "lines 5 to 6 are missing from the end"),
    "emptied": (lambda _: [], "lines 1 to 6 are missing from the end"),
    "half of a line cut": (lambda lines: [*lines[:5], lines[5][:20]], "line 6 was changed: it does not end"),
    "reordered": (lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]], "line 3 stands after line 4"),
    "twice": (lambda lines: [*lines[:3], lines[2], *lines[3:]], "line 3 stands after line 3"),
    "no json": (lambda lines: [*lines[:3], b"{\n", *lines[4:]], "line 4 is not a line of this log"),
    "zeros": (lambda lines: [*lines[:3], b"\0" * (len(lines[3]) - 1) + b"\n", *lines[4:]], "line 4 is not a line"),
    "no mapping": (lambda lines: [*lines[:3], b"[1]\n", *lines[4:]], "line 4 is not a line of this log"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_what_was_done_to_a_line_is_named(name: str, log: ChainedLog) -> None:
    tamper, found = TAMPERED[name]
    lines = _filled(log)
    log.path.write_bytes(b"".join(tamper(lines)))
    assert any(found in damage for damage in verify(log.path).damage), verify(log.path).damage
    with pytest.raises(DataError, match="line"):
        list(log.entries())


def test_a_line_rewritten_with_new_hashes_is_found_by_the_head(log: ChainedLog) -> None:
    _filled(log)
    head = chained.head_file(log.path).read_bytes()
    forged = ChainedLog(log.path.with_name("forged"))
    for number in range(6):
        forged.append({"value": number * 2})
    log.path.write_bytes(forged.path.read_bytes())
    assert chained.head_file(log.path).read_bytes() == head
    assert verify(log.path).damage


def test_a_head_that_is_missing_or_damaged_is_found_and_nothing_is_added(log: ChainedLog) -> None:
    _filled(log)
    log.close()
    head = chained.head_file(log.path)
    before = log.path.read_bytes()
    head.write_bytes(b"x" * 512)
    assert verify(log.path).damage == [f"{head.name} was changed: it records no end of a log"]
    with pytest.raises(DataError, match="is damaged; nothing was added"):
        log.append({"value": 6})
    log.close()
    head.unlink()
    assert "is missing" in verify(log.path).damage[0]
    with pytest.raises(DataError, match="is missing"):
        log.append({"value": 6})
    assert log.path.read_bytes() == before


def test_a_torn_head_loses_nothing(log: ChainedLog) -> None:
    _filled(log)
    head = chained.head_file(log.path)
    newest = chained._slot_of(head.read_bytes())
    data = bytearray(head.read_bytes())
    data[newest * 256 : newest * 256 + 40] = b"\0" * 40
    head.write_bytes(bytes(data))
    assert verify(log.path).damage == []
    assert ChainedLog(log.path).append({"value": 6}) == 7


@pytest.mark.parametrize(
    "torn", [b'{"line": 7, "va', b"\0" * 30, b"\0" * 30 + b"\n"], ids=["half", "zeros", "zero line"]
)
def test_a_torn_last_line_is_reported_and_cut_off(torn: bytes, log: ChainedLog) -> None:
    whole = b"".join(_filled(log))
    log.path.write_bytes(whole + torn)
    assert verify(log.path).damage == []
    assert "line 7" in str(verify(log.path).unfinished)
    assert len(list(log.entries())) == 6
    assert log.append({"value": 6}) == 7
    assert log.notes == [f"{log.path}: line 7 was not written to its end and was cut off"]
    assert verify(log.path).unfinished is None
    assert log.path.read_bytes().startswith(whole)


def test_a_line_that_somebody_else_wrote_is_not_built_upon(log: ChainedLog) -> None:
    _filled(log)
    with log.path.open("ab") as file:
        file.write(b'{"line": 7, "value": 6, "before": "0"}\n')
    assert verify(log.path).damage
    with pytest.raises(DataError, match="line 7 was not written here"):
        log.append({"value": 7})


def test_lines_written_but_not_yet_in_the_head_are_kept(log: ChainedLog) -> None:
    _filled(log, 5)
    head = chained.head_file(log.path).read_bytes()
    log.append({"value": 5})
    log.close()
    chained.head_file(log.path).write_bytes(head)  # as a kill between the two syncs leaves it
    assert verify(log.path).damage == []
    assert log.append({"value": 6}) == 7


def test_writers_at_once_share_syncs_and_each_has_a_line(log: ChainedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    sync = os.fsync

    def slow(descriptor: int) -> None:
        synced.append(descriptor)
        time.sleep(0.002)
        sync(descriptor)

    log.append({"value": -1})
    monkeypatch.setattr(os, "fsync", slow)
    numbers: list[int] = []
    threads = [
        threading.Thread(target=lambda n=n: numbers.extend(log.append({"value": n}) for _ in range(10)))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(2, 82))
    assert verify(log.path).damage == []
    assert len(synced) < 2 * 80, "two syncs a line would be no group commit"


def test_appending_does_not_read_what_is_there(log: ChainedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    _filled(log, 50)
    read, pread = [], os.pread
    monkeypatch.setattr(os, "pread", lambda fd, n, at: read.append(n) or pread(fd, n, at))
    log.append({"value": 50})
    assert sum(read) <= 4 * 512


def test_processes_share_a_log(log: ChainedLog) -> None:
    log.append({"value": -1})
    log.close()
    children = [forked(lambda n=n: [ChainedLog(log.path).append({"value": n}) for _ in range(20)]) for n in range(3)]
    assert [ended(child) for child in children] == [0, 0, 0]
    assert verify(log.path).damage == []
    assert verify(log.path).head.count == 61


def test_a_full_disk_loses_nothing_and_keeps_no_half(log: ChainedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    _filled(log)
    write = os.pwrite

    def full(descriptor: int, data: bytes, offset: int) -> int:
        write(descriptor, data[:10], offset)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space"):
        log.append({"value": 6})
    monkeypatch.undo()
    assert verify(log.path) == chained.Checked(verify(log.path).head, [], None)
    assert log.append({"value": 6}) == 7


@pytest.mark.parametrize("seed", range(5))
def test_a_killed_writer_loses_nothing_that_was_acknowledged(seed: int, log: ChainedLog) -> None:
    told = log.path.parent / "told"
    told.parent.mkdir()

    def write() -> None:
        descriptor = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for number in range(100_000):
            os.write(descriptor, b"%d\n" % log.append({"value": number, "text": "x" * 200}))

    child = forked(write)
    while not told.exists() or not told.stat().st_size:
        time.sleep(0.001)
    time.sleep(random.Random(seed).uniform(0, 0.05))
    child.kill()
    acknowledged = int(told.read_bytes().split()[-1])
    assert verify(log.path).damage == []
    assert ChainedLog(log.path).append({"value": "after"}) > acknowledged
    assert [e["value"] for e in log.entries()][:acknowledged] == list(range(acknowledged))


def test_a_power_cut_at_any_step_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    place, chance = tmp_path / "disk", random.Random(1)
    place.mkdir()
    log = ChainedLog(place / "log.jsonl")
    told: list[int] = []  # number of steps when each line was acknowledged
    with watched(place) as disk:
        for number in range(4):
            log.append({"value": number})
            told.append(len(disk.steps) - 1)
        images = [
            (n, disk.after(n, chance, kind))
            for n in range(len(disk.steps))
            for kind in ("least", "names", *["mixed"] * 4)
        ]
    for number, (step, image) in enumerate(images):
        left = tmp_path / f"cut{number}"
        image.write(left)
        acknowledged = sum(done <= step for done in told)
        assert verify(left / "log.jsonl").damage == [], step
        again = ChainedLog(left / "log.jsonl")
        again.append({"value": "after"})
        values = [entry["value"] for entry in again.entries()]
        assert values[:acknowledged] == list(range(acknowledged)), step
        assert values[-1] == "after"
