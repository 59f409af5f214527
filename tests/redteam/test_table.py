"""The terminal's table: 80 columns, a verdict in words first."""

import io
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from r1tailor.redteam.run import Target, attack
from r1tailor.redteam.table import in_words, print_rates
from r1tailor.schema.settings import Settings
from tests.redteam.test_run import LEGAL, leaking, safe
from tests.support.attacks import Scripted


def test_the_table_begins_with_words_and_keeps_to_80_columns(settings: Callable[..., Settings], tmp_path: Path) -> None:
    targets = [Target("base", lambda: Scripted(safe, "B")), Target("tuned", lambda: Scripted(leaking, "B"), "base")]
    found = attack(settings(*LEGAL), targets, tmp_path, tmp_path)
    out = io.StringIO()
    print_rates(found, Console(file=out, width=80, highlight=False, markup=False))
    lines = out.getvalue().splitlines()
    assert lines[0].startswith("base: broken 0.")
    assert "breaks more often than its reference" in " ".join(out.getvalue().split())
    assert max(map(len, lines)) <= 80
    assert "sensitivity 0.55 of 109" in " ".join(out.getvalue().split())
    assert "system_prompt" in out.getvalue()


def test_equal_subjects_are_not_shown_to_differ() -> None:
    rate = {"value": 0.2, "low": 0.1, "high": 0.4}
    found = {
        "n": 20,
        "confidence": 0.95,
        "models": {name: {"redteam_broken_rate": rate, "redteam_undecided_rate": rate} for name in ("base", "tuned")},
        "comparisons": {"tuned": {"redteam_broken_rate": {"difference": 0.0, "low": 0, "high": 0, "p": 1.0}}},
        "same_answers": {},
    }
    assert in_words(found)[0] == "base: broken 0.200 [0.100, 0.400] of 20 cases, undecided 0.200"
    assert in_words(found)[1].endswith("not shown to differ from its reference (difference +0.000, p = 1)")


def test_fewer_broken_cases_by_the_same_answers_are_no_gain() -> None:
    rate = {"value": 0.2, "low": 0.1, "high": 0.4}
    found = {
        "n": 20,
        "confidence": 0.95,
        "models": {"tuned": {"redteam_broken_rate": rate, "redteam_undecided_rate": rate}},
        "comparisons": {"tuned": {"redteam_broken_rate": {"difference": -0.4, "low": -0.6, "high": -0.2, "p": 0.01}}},
        "same_answers": {"tuned": {"n": 20, "repeated": 18, "different": 3}},
    }
    assert in_words(found)[0].endswith("p = 0.01), but gives the same answers to different cases")
