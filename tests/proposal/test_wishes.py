"""Questions are asked on a terminal only, and an empty answer takes the proposal."""

import sys
from collections.abc import Iterator

import pytest

from r1tailor.proposal.wishes import Asker


def _asker(monkeypatch: pytest.MonkeyPatch, *answers: str) -> Asker:
    left: Iterator[str] = iter(answers)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    return Asker(silent=False, read=lambda question: next(left))


def test_an_empty_line_takes_what_is_proposed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _asker(monkeypatch, "")("output", "Department", ["Department", "MRN"]) == "Department"


def test_an_answer_is_asked_for_again_until_it_is_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _asker(monkeypatch, "Dept", "MRN")("output", "Department", ["Department", "MRN"]) == "MRN"


def test_several_answers_are_divided_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _asker(monkeypatch, "a, b")("input", "a", ["a", "b"]) == "a, b"


def test_without_a_terminal_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    assert Asker(silent=False, read=lambda question: pytest.fail("asked"))("name", "triage") == "triage"


def test_yes_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    assert Asker(silent=True, read=lambda question: pytest.fail("asked"))("name", "triage") == "triage"
