"""Learning rates over a run."""

import math
from collections.abc import Callable

import pytest
import torch
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import LambdaLR
from transformers import get_cosine_schedule_with_warmup, get_linear_schedule_with_warmup, get_wsd_schedule

from r1tailor import config
from r1tailor.errors import ConfigError
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


@pytest.mark.parametrize(
    ("overrides", "theirs"),
    [
        (("scheduler=linear",), lambda to: get_linear_schedule_with_warmup(to, 20, 1000)),
        (("scheduler=cosine",), lambda to: get_cosine_schedule_with_warmup(to, 20, 1000)),
        *(
            (
                ("scheduler=wsd", "scheduler.decay=0.3", f"scheduler.shape={shape}", "scheduler.final=0.1"),
                lambda to, shape=shape: get_wsd_schedule(to, 20, 300, 1000, decay_type=shape, min_lr_ratio=0.1),
            )
            for shape in ("linear", "cosine", "1-sqrt")
        ),
    ],
)
def test_rates_after_warm_up_are_those_of_transformers(
    overrides: tuple[str, ...], theirs: Callable[[Optimizer], LambdaLR]
) -> None:
    settings = config.load([*overrides, "scheduler.warmup_steps=200"]).scheduler
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule, rates = theirs(optimizer), []
    for _ in range(1010):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    ours = [factor(settings, step, 1000) for step in range(1010)]
    past = 1010 if overrides != ("scheduler=cosine",) else 1000  # theirs rises again behind its end
    assert ours[20:past] == pytest.approx(rates[20:past], abs=1e-9)
    assert ours[:20] == pytest.approx([(step + 1) / 20 for step in range(20)])


def test_a_decay_begins_after_the_warm_up_and_takes_a_step_at_least() -> None:
    settings = config.load(["scheduler=wsd", "scheduler.decay=1.0", "scheduler.shape=linear"]).scheduler
    assert [factor(settings, step, 100) for step in (0, 1, 2, 51, 100)] == pytest.approx([0.5, 1.0, 1.0, 0.5, 0.0])
    short = config.load(["scheduler=wsd", "scheduler.decay=0.01"]).scheduler
    assert [factor(short, step, 3) for step in range(4)] == pytest.approx([1.0, 1.0, 1.0, 0.0])


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("scheduler.decay=0", "scheduler.decay"),
        ("scheduler.decay=1.5", "scheduler.decay"),
        ("scheduler.shape=steps", "scheduler.shape"),
        ("scheduler.warmup_steps=10000", "warmup_steps must be below reference_steps"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(override: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        config.load(["scheduler=wsd", override])
