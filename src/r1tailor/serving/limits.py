"""How much a key may ask per minute and at once, and all keys together. What is above it gets 429 and when to retry."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from r1tailor.schema.serving import ServingLimits
from r1tailor.serving.refusals import Refused

_SOON = 1  # seconds after which a request that found all places taken may try again


class Limiter:
    """Counts requests by key. One event loop uses it.

    Args:
        settings: the limits.
        clock: seconds.
    """

    def __init__(self, settings: ServingLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}  # key -> requests left, when
        self._active: Counter[str] = Counter()

    @property
    def active(self) -> int:
        """How many requests are answered or wait."""
        return self._active.total()

    @contextmanager
    def admitted(self, key: str) -> Iterator[None]:
        """Count a request of a key while it is answered.

        Raises:
            Refused: 429, with the seconds after which it may be asked again.
        """
        if self.active >= self._settings.concurrent:
            raise _limited("all places are taken", _SOON)
        if self._active[key] >= self._settings.concurrent_per_key:
            most = self._settings.concurrent_per_key
            raise _limited(f"{most} requests of this key are being answered, which is the most", _SOON)
        self._take(key)
        self._active[key] += 1
        try:
            yield
        finally:
            self._active[key] -= 1
            if not self._active[key]:
                del self._active[key]

    def _take(self, key: str) -> None:
        """Take one request of a key's rate: a bucket that fills at its rate up to its burst."""
        now, per_second = self._clock(), self._settings.requests_per_minute / 60
        left, then = self._left.get(key, (float(self._settings.burst), now))
        left = min(float(self._settings.burst), left + (now - then) * per_second)
        if left < 1:
            self._left[key] = (left, now)
            most = f"{self._settings.requests_per_minute:g} requests per minute"
            raise _limited(f"this key asks more than {most}", math.ceil((1 - left) / per_second))
        self._left[key] = (left - 1, now)


def _limited(why: str, seconds: int) -> Refused:
    return Refused(
        429, f"{why}; try again in {seconds} s", code="rate_limit_exceeded", headers={"retry-after": str(seconds)}
    )
