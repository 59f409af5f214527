"""Rates and places: what is above them is told when to come again."""

import pytest

from r1tailor import config
from r1tailor.serving.limits import Limiter
from r1tailor.serving.refusals import Refused


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def _limiter(*overrides: str) -> tuple[Limiter, Clock]:
    limits = [f"serving.limits.{override}" for override in overrides]
    clock = Clock()
    return Limiter(config.load(limits).serving.limits, clock), clock


def _refusal(limiter: Limiter, key: str) -> Refused:
    with pytest.raises(Refused) as caught, limiter.admitted(key):
        pass
    return caught.value


def test_a_rate_fills_again_with_time() -> None:
    limiter, clock = _limiter("requests_per_minute=6", "burst=2")
    for _ in range(2):
        with limiter.admitted("a"):
            pass
    refused = _refusal(limiter, "a")
    assert (refused.status, refused.headers["retry-after"]) == (429, "10")
    assert refused.message == "this key asks more than 6 requests per minute; try again in 10 s"
    with limiter.admitted("b"):
        pass
    clock.now = 10
    with limiter.admitted("a"):
        pass
    clock.now = 1e6
    for _ in range(2):
        with limiter.admitted("a"):
            pass
    assert _refusal(limiter, "a").status == 429, "no more than the burst is saved up"


def test_places_of_a_key_and_of_all_are_given_back() -> None:
    limiter, _ = _limiter("concurrent_per_key=1", "concurrent=2")
    with limiter.admitted("a"):
        assert "requests of this key" in _refusal(limiter, "a").message
        with limiter.admitted("b"):
            assert limiter.active == 2
            assert _refusal(limiter, "c").message == "all places are taken; try again in 1 s"
    assert limiter.active == 0
    with pytest.raises(RuntimeError), limiter.admitted("a"):
        raise RuntimeError
    assert limiter.active == 0
