"""An input that takes too long or too much is refused by name, wherever it is stuck, and the others are worked on."""

import faulthandler
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import bounded, sources
from r1tailor.errors import ConfigError, DataError, TailorError
from r1tailor.records import Rejection
from r1tailor.schema.corpus import Limits
from r1tailor.schema.sources import TextSource
from r1tailor.sources import text

SHORT = Limits(seconds=0.3, seconds_per_mb=0, memory_mb=150, memory_mb_per_mb=0)
PATIENT = SHORT.model_copy(update={"seconds": 60.0})  # for what shall reach the limit of memory first


def _loops() -> None:
    while True:
        pass


def _stays_in_c() -> None:
    """Backtracks for ever: where a signal is looked at, the exception comes; a blocked one is met by the kernel."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPROF])
    re.fullmatch("(a|a)*b", "a" * 100)


def _eats() -> None:
    held = []
    while True:
        held.append(bytes(10_000_000))


def _crashes() -> None:
    faulthandler.disable()
    os.kill(os.getpid(), signal.SIGABRT)


HOSTILE: list[tuple[Callable[[], None], str]] = [
    (_loops, "it takes more than 0.3 s of processor time"),
    (_stays_in_c, "it takes more than 0.3 s of processor time"),
    (_eats, "it takes more than 150 MB of memory"),
    (_crashes, "it crashes its parser"),
]


@pytest.mark.parametrize(("hostile", "words"), HOSTILE)
def test_an_input_over_its_limits_is_named(hostile: Callable[[], None], words: str) -> None:
    def work() -> None:
        bounded.entered("odd.pdf", 1)
        hostile()

    with pytest.raises(DataError, match=f"^odd.pdf: {words}"):
        bounded.run(work, PATIENT if hostile is _eats else SHORT)


@pytest.mark.parametrize(("hostile", "words"), HOSTILE)
def test_a_file_over_its_limits_is_rejected_and_the_others_are_read(
    hostile: Callable[[], None], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        (tmp_path / f"{name}.txt").write_text(name)
    whole = text._page
    monkeypatch.setattr(text, "_page", lambda path, *how: hostile() if path.stem == "b" else whole(path, *how))
    values = {"name": "t", "licence": "l", "available_at": "2020-01-01", "on_damage": "list"}
    source = TextSource(kind="text", path=".", unit="file", **values)  # type: ignore[arg-type]

    def work() -> tuple[list[str], list[Rejection]]:
        rejected: list[Rejection] = []
        return [document.text for document in sources.read(source, tmp_path, rejected)], rejected

    texts, (rejection,) = bounded.run(work, PATIENT if hostile is _eats else SHORT, resumes=True)
    assert texts == ["a", "c"]
    assert rejection.file == "b.txt"
    assert rejection.reason.startswith(words)


def test_every_input_has_its_own_time_and_none_counts_between_them() -> None:
    def work() -> int:
        for number in range(3):
            bounded.entered(str(number), 1)
            until = time.process_time() + 0.15
            while time.process_time() < until:
                pass
            bounded.left()
        return 3

    assert bounded.run(work, SHORT) == 3


def test_errors_keep_their_words_and_an_outside_kill_is_told() -> None:
    def faulty() -> None:
        raise ConfigError(["one", "two"])

    with pytest.raises(ConfigError) as refusal:
        bounded.run(faulty, SHORT)
    assert refusal.value.faults == ["one", "two"]

    def killed() -> None:
        bounded.entered("a.csv", 1)
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(TailorError, match=r"worked on a\.csv was ended .signal 9; the machine may be out of memory"):
        bounded.run(killed, SHORT)


def test_a_worker_may_tokenize_after_its_parent_did(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Threads of a library are not forked: a worker that waits for them never ends."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    monkeypatch.delenv("TOKENIZERS_PARALLELISM", raising=False)
    tokenizer = Tokenizer(WordLevel({"a": 0, "?": 1}, "?"))
    tokenizer.pre_tokenizer = Whitespace()
    texts = ["a b a"] * 500

    def work() -> int:
        return sum(len(one.ids) for one in tokenizer.encode_batch(texts))

    assert work() == bounded.run(work, SHORT) == 1500
    assert "TOKENIZERS_PARALLELISM" not in os.environ
    assert capfd.readouterr().err == ""


def test_an_interrupt_right_after_the_fork_ends_the_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    place, fork = tmp_path / "pid", os.fork

    def interrupted() -> int:
        pid = fork()
        if pid:
            place.write_text(str(pid))
            os.kill(os.getpid(), signal.SIGINT)
        return pid

    monkeypatch.setattr(os, "fork", interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            bounded.run(lambda: time.sleep(60), SHORT)
    finally:
        signal.signal(signal.SIGINT, before)
    with pytest.raises(ChildProcessError):
        os.waitpid(int(place.read_text()), os.WNOHANG)


def test_an_interrupt_ends_the_worker_which_removes_what_it_wrote(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started the tests may ignore it
    place, folder = tmp_path / "pid", tmp_path / "output"
    folder.mkdir()

    def work() -> None:
        place.write_text(str(os.getpid()))
        half = folder / "half"
        half.touch()
        try:
            os.kill(os.getppid(), signal.SIGINT)
            time.sleep(60)
        finally:
            half.unlink()

    try:
        with pytest.raises(KeyboardInterrupt):
            bounded.run(work, SHORT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert list(folder.iterdir()) == []
    with pytest.raises(ChildProcessError):
        os.waitpid(int(place.read_text()), os.WNOHANG)
