"""glibc is told to keep what is freed; elsewhere nothing happens."""

import ctypes
import sys
from types import SimpleNamespace

import pytest

from r1tailor.training.memory import keep_freed_memory


@pytest.mark.parametrize(("platform", "calls"), [("linux", [(-3, 2**31 - 1), (-1, 2**31 - 1)]), ("darwin", [])])
def test_both_thresholds_are_raised_on_linux_alone(
    platform: str, calls: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[int, int]] = []
    library = SimpleNamespace(mallopt=lambda *arguments: made.append(arguments))
    monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
    monkeypatch.setattr(sys, "platform", platform)
    keep_freed_memory()
    assert made == calls


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
    keep_freed_memory()
