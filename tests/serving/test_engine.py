"""An ask says all that an engine needs to know."""

from dataclasses import FrozenInstanceError

import pytest

from r1tailor.serving.engine import Ask, Piece, Turn


def test_an_ask_cannot_be_changed_by_an_engine() -> None:
    ask = Ask(turns=(Turn("user", "a"),))
    with pytest.raises(FrozenInstanceError):
        ask.text = "b"  # type: ignore[misc]
    assert (ask.sampling.greedy, ask.top_logprobs, Piece().finish) == (True, None, None)
