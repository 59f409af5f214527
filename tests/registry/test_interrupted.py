"""Whatever interrupts a writer, the registry holds what it held before, or what it should hold; a seeded sample.

``tests/benchmarks/registry_kills.py`` runs all of it.
"""

import random
from pathlib import Path

import pytest

from tests.support.registry_faults import ACTIONS, at_once, cut, killed, project, seconds


@pytest.mark.parametrize("action", ACTIONS)
def test_a_killed_writer_leaves_before_or_after(action: str, tmp_path: Path) -> None:
    tried, chance = project(tmp_path, action), random.Random(action)
    longest = seconds(tried, tmp_path)
    assert [killed(tried, tmp_path, chance, longest)[0] for _ in range(5)] == [None] * 5


@pytest.mark.parametrize("action", ACTIONS)
def test_a_power_cut_leaves_before_or_after_and_what_was_done_stays(action: str, tmp_path: Path) -> None:
    faults, _ = cut(project(tmp_path, action), tmp_path, random.Random(action), most=12)
    assert faults == []


def test_writers_at_once_lose_nothing_and_readers_meet_no_gap(tmp_path: Path) -> None:
    found = at_once(tmp_path, writers=4, each=4)
    assert (found.lost, found.duplicates, found.gaps) == (0, 0, 0)
    assert found.reads > 0
