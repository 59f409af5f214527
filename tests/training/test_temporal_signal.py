"""A planted signal: what only the window knows is learnt from the window, with adapters and with full weights."""

from pathlib import Path

import pytest

from tests.benchmarks.temporal import STRATEGIES, measure, toy_base


@pytest.mark.slow
def test_the_answer_is_read_in_the_window_and_nowhere_else(tmp_path: Path) -> None:
    base = toy_base(tmp_path / "base", examples=1000)
    for strategy in STRATEGIES:
        found = measure(base, strategy, 352, 100, tmp_path)
        assert found.pop(f"{strategy}_temporal") >= 0.90, found
        assert len(found) == 3
        assert all(0.3 <= accuracy <= 0.7 for accuracy in found.values()), found  # four standard errors around chance
