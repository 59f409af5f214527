"""A winner needs a rule of the plan; a study closed early cannot use the final test."""

import numpy as np

from r1tailor.serving.study.verdict import complete_prefix, judge, levels
from tests.benchmarks.study import SCENES, Raters, winners

NAN = float("nan")


def _table(*rows: list[float]) -> np.ndarray:  # type: ignore[type-arg]
    return np.array(rows)


def test_both_rules_share_the_level() -> None:
    assert levels(0.95) == (0.01, 0.04)
    assert sum(levels(0.9)) <= 0.1 + 1e-9


def test_the_sign_test_decides_at_the_planned_n_only() -> None:
    seven = [1.0] * 7 + [0.0] * 3
    assert judge(_table(seven), 0.95, ended=True).rule == "sign test"
    assert judge(_table(seven), 0.95, ended=True).winner == 1
    assert judge(_table([-value for value in seven]), 0.95, ended=True).winner == 0
    open_ = judge(_table(seven), 0.95, ended=False)
    assert (open_.winner, open_.rule) == (None, "none yet")
    early = judge(_table([*seven, NAN]), 0.95, ended=True)
    assert (early.winner, early.rule, early.seen) == (None, "confidence sequence", 10)


def test_the_sequence_decides_while_the_study_is_open() -> None:
    verdict = judge(_table([1.0] * 40 + [NAN] * 60), 0.95, ended=False)
    assert (verdict.winner, verdict.rule, verdict.complete) == (1, "confidence sequence", 40)
    assert verdict.low > 0


def test_the_sequence_takes_complete_items_up_to_the_first_gap() -> None:
    table = _table([1.0, 0.0, 1.0, NAN], [1.0, 1.0, NAN, 1.0])
    assert list(complete_prefix(table)) == [1.0, 0.5]
    assert list(complete_prefix(table[:, :2])) == [1.0, 0.5]


def test_simulated_raters_with_position_bias_and_noise_rarely_name_a_false_winner() -> None:
    """A sample of ``tests/benchmarks/study.py``."""
    for scene in ("strong position bias", "items differ"):
        assert winners(SCENES[scene], 60, 60) <= 0.1
    assert winners(Raters(gain=0.7), 60, 20) >= 0.9
