"""Verdicts of one family of tests: Holm's correction, opponents without a p-value, differences in words."""

from typing import Any

import pytest

from r1tailor.planning.shown import LEARNT, NOT_SHOWN, holm, judged, told


def _difference(value: float | None, p: float | None) -> dict[str, Any]:
    ends = {"low": None, "high": None} if value is None else {"low": value - 0.1, "high": value + 0.1}
    return {"difference": value, "p": p, **ends}


def test_holm_corrects_a_family() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_a_test_without_a_p_value_is_of_no_family() -> None:
    assert holm([None, 0.03, None]) == [None, 0.03, None], "corrected as one test, not as three"


def test_what_is_not_defined_shows_nothing() -> None:
    plain = {"accuracy": {"baseline": "a coin", **_difference(None, None)}}
    found = judged(["accuracy"], {"accuracy": _difference(0.5, 1e-9)}, plain, 0.95)["accuracy"]
    assert found["verdict"] == NOT_SHOWN
    assert [one["p_holm"] for one in found["against"]] == [None, 1e-9]
    without = judged(["accuracy"], {}, {"accuracy": {"baseline": "a coin", **_difference(0.5, 1e-9)}}, 0.95)
    assert without["accuracy"]["verdict"] == LEARNT


def test_differences_in_words() -> None:
    assert told(_difference(0.2, 0.1)) == "+0.200 [+0.100, +0.300]"
    assert told(_difference(None, None)) == "no difference is defined"
    assert told({"difference": 0.1, "low": None, "high": None}) == "+0.100"
