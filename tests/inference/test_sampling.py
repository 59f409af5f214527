"""How an answer is drawn: values out of range are refused."""

from typing import Any

import pytest

from r1tailor.errors import UserError
from r1tailor.inference.sampling import GREEDY, Sampling


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"temperature": -0.1}, r"temperature = -0.1: must be from 0 \(greedy\) to 10"),
        ({"temperature": float("nan")}, "temperature = nan"),
        ({"top_p": 0.0}, "top_p = 0: must be above 0, and 1 at most"),
        ({"max_answer_tokens": 0}, "max_answer_tokens = 0: must be 1 or more"),
        ({"seed": -1}, "seed = -1"),
    ],
)
def test_sampling_out_of_range_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Sampling(**values)


def test_the_default_takes_the_likeliest_token() -> None:
    assert Sampling() == GREEDY
    assert (GREEDY.greedy, GREEDY.max_answer_tokens) == (True, None)
    assert not Sampling(temperature=0.6, top_p=0.95, seed=2**32 - 1).greedy
