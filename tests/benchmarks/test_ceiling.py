"""Which operations the benchmark counts as necessary, and the rate that it compares a run with."""

from itertools import cycle

import pytest

from tests.benchmarks import ceiling
from tests.benchmarks.ceiling import Possible, Sizes, distinct, necessary_flops


class Rates:
    """Known rates in place of measured ones."""

    def __init__(self, *values: float) -> None:
        self._values = cycle(values)

    def sample(self) -> float:
        """Return the next rate."""
        return next(self._values)


def test_each_interval_of_a_run_counts_at_the_mean_rate_of_its_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    # Started at 0; samples are taken from 2 to 3, 5 to 7 and 17 to 20: intervals of 2, 2 and 10 seconds.
    clock = iter([0.0, 2.0, 3.0, 5.0, 7.0, 17.0, 20.0])
    monkeypatch.setattr(ceiling.time, "perf_counter", lambda: next(clock))
    rates: dict[str, ceiling.Rate] = {"bf16": Rates(100.0, 300.0, 50.0), "fp32": Rates(10.0)}  # type: ignore[dict-item]
    possible = Possible(rates)
    for _ in range(3):
        possible.sample()
    assert possible.seconds == 14
    assert possible.operations == {"bf16": 2 * 100 + 2 * 200 + 10 * 175, "fp32": 140}


def test_a_shared_beginning_is_necessary_once_and_frozen_weights_need_no_gradient() -> None:
    assert distinct([[1, 2, 3], [1, 2, 4], [5]]) == (5, 1 + 2 + 3 + 3 + 1)
    full = Sizes(linear=1000, adapters=0, attention=10, vocabulary=20, hidden=5)
    lora = Sizes(linear=1000, adapters=30, attention=10, vocabulary=20, hidden=5)
    assert necessary_flops(full, positions=5, keys=10, supervised=2) == 6 * 1000 * 5 + 3 * 10 * 10 + 6 * 100 * 2
    assert necessary_flops(lora, positions=5, keys=10, supervised=2) == (
        (4 * 1000 + 6 * 30) * 5 + 3 * 10 * 10 + 4 * 100 * 2
    )
