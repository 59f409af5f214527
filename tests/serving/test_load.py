"""A small sample of the load benchmark: nothing lost, nothing mixed, nothing acknowledged missing after a kill."""

import asyncio
from pathlib import Path

from tests.benchmarks import serving_load
from tests.support.served_process import FIRST, SECOND


def test_no_answer_is_lost_or_mixed_while_versions_switch(tmp_path: Path) -> None:
    found, _, switches = asyncio.run(serving_load.load(tmp_path, 150, 12, seed=3, every=0.2))
    assert (found.lost, found.mixed) == ([], [])
    assert sum(found.kinds.values()) == 150
    assert set(found.versions) <= {FIRST, SECOND}
    assert switches > 0


def test_nothing_that_was_acknowledged_is_lost_by_a_kill(tmp_path: Path) -> None:
    assert serving_load.killed(tmp_path, seed=5, longest=0.3) == []
