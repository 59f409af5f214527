"""A toy that thinks half of the time: what each choice of ``task.reasoning`` makes of it, in a small sample."""

import pytest
from torch import nn

from tests.benchmarks import thinking
from tests.benchmarks.thinking import CASES, Case

SEED, SAMPLES = 1, 60


@pytest.fixture(scope="module")
def before() -> nn.Module:
    return thinking.base(SEED)


def test_the_toy_thinks_half_of_the_time(before: nn.Module) -> None:
    assert 0.3 < thinking.think_rate(before, SAMPLES, SEED).share < 0.7


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_is_said_before_training_comes_true(case: Case, before: nn.Module) -> None:
    """Trap 36: nothing untrains a model from thinking without a word."""
    share = thinking.measured(case, before, SAMPLES, SEED).share
    if "stops thinking" in case.said:
        assert share < 0.05
    elif case.reasoned == 1:
        assert share > 0.85
    else:
        assert 0.3 < share < 0.8


def test_only_a_closed_block_that_holds_something_counts() -> None:
    answers = ["why\n</think>\n\nred", "\n</think>\n\nred", "why, and so on", "</think>red"]
    assert (thinking.rate(answers).thought, thinking.rate(answers).answers) == (1, 4)
