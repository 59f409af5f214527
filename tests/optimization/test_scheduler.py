"""Learning rates over a run."""

import math

import pytest

from r1tailor import config
from r1tailor.optimization.scheduler import factor


def test_warm_up_scales_with_the_run_and_each_schedule_ends_where_it_should() -> None:
    cosine = config.load(["scheduler.warmup_steps=200", "scheduler.reference_steps=10000"]).scheduler
    assert [factor(cosine, step, 500) for step in (0, 4, 9)] == pytest.approx([0.1, 0.5, 1.0])
    assert [factor(cosine, step, 500) for step in (10, 255, 500, 900)] == pytest.approx([1.0, 0.5, 0.0, 0.0])
    assert factor(cosine, 0, 3) == 1.0, "a short run warms up for one step"
    ending = config.load(["scheduler.final=0.25", "scheduler.warmup_steps=0"]).scheduler
    quarter = 0.25 + 0.75 * 0.5 * (1 + math.cos(math.pi / 4))
    assert [factor(ending, step, 100) for step in (0, 25, 100)] == pytest.approx([1.0, quarter, 0.25])
    constant = config.load(["scheduler=constant"]).scheduler
    assert [factor(constant, step, 1000) for step in (0, 20, 999)] == pytest.approx([1 / 20, 1.0, 1.0])
