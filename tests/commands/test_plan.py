"""``r1tailor plan``: the plan is printed, a faulty request gets one message."""

import re
from collections.abc import Callable

import pytest

from tests.support.commands import Done


def test_the_command_prints_the_plan(run_command: Callable[..., Done]) -> None:
    done = run_command("-m", "r1tailor", "plan", "--positions", "256", "--width", "32", "model=tiny_llama")
    assert done.code == 0, done.err
    assert "micro-batch of 256 positions: examples of 32" in done.out
    assert re.search(r"total +[\d.]+ MiB", done.out)
    assert "It fits: " in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["strategy.rnk=4"], "strategy.rnk is not a setting of strategy=lora"),
        (["model=tiny_llama", "trainer.max_length=5000"], "trainer.max_length = 5,000 is more than model tiny_llama"),
        (["--positions", "many"], "'many' is not a whole number"),
        (["--positions", "10"], "--positions 10: must hold the shared beginning and one example, 0 + 127 positions"),
        (["--gpu", "80"], "'80' is not a size; write it as 80GiB, 24GB or 500MiB"),
        (["--devices", "0"], "'0' is not a whole number of at least 1"),
        (["--devices", "4", "trainer.nodes=3"], "devices = 4 cannot be shared out evenly over nodes = 3"),
    ],
)
def test_a_faulty_request_gets_one_message(run_command: Callable[..., Done], arguments: list[str], said: str) -> None:
    done = run_command("-m", "r1tailor", "plan", *arguments)
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err


def test_the_plan_of_gpus_that_are_not_here(run_command: Callable[..., Done]) -> None:
    done = run_command("-m", "r1tailor", "plan", "--gpu", "80GiB", "--devices", "4", "model=tiny_llama")
    assert done.code == 0, done.err
    assert "ddp over 4 devices" in done.out
    assert "host memory of each machine (4 processes)" in done.out
    assert done.out.rstrip().endswith("It fits: a GPU has 80.0 GiB.")
