"""``docs/traps.md`` numbers every trap, and names tests that there are."""

import re

from tests.conftest import ROOT

ROW = re.compile(r"^\| (\d+) \|.*\| (.*?) \|$", re.MULTILINE)
WHERE = {int(number): where for number, where in ROW.findall((ROOT / "docs" / "traps.md").read_text("utf-8"))}


def test_traps_are_numbered_without_a_gap() -> None:
    assert list(WHERE) == list(range(1, 69))


def test_a_trap_names_tests_that_exist_or_says_that_there_are_none() -> None:
    for number, where in WHERE.items():
        named = re.findall(r"`(tests/[^`]+)`", where)
        assert named or "not covered yet" in where, number
        assert [name for name in named if not (ROOT / name).is_file()] == [], number


def test_every_trap_that_a_test_cites_is_covered_by_that_file() -> None:
    for file in (ROOT / "tests").rglob("test_*.py"):
        for number in set(map(int, re.findall(r"def test_trap_(\d+)_", file.read_text("utf-8")))):
            assert f"`{file.relative_to(ROOT).as_posix()}`" in WHERE[number], (number, file.name)
