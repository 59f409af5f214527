"""One Wind terminal: connected, asked at a bounded rate, and asked again where a fault may pass.

``WindPy`` comes with the terminal and is on no package index; what is used of it is written down here as a protocol.
Time is given from outside, so that whoever tests it waits for nothing.
"""

import importlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from r1tailor.errors import FeedUnavailableError
from r1tailor.schema.market import WindSource
from r1tailor.sources.market import wind_codes

_LONGEST_SAID = 200  # characters of the terminal's own words that a message repeats


class WindData(Protocol):
    """What every function of WindPy returns; ``Data`` is [fields or codes][times or codes]."""

    ErrorCode: int
    Codes: Sequence[str]
    Fields: Sequence[str]
    Times: Sequence[date | datetime]
    Data: Sequence[Sequence[Any]]


class Wind(Protocol):
    """The part of ``WindPy.w`` that is used, with the names it has there."""

    def start(self, options: str | None = None, waitTime: int = 120) -> WindData:
        """Connect; ``waitTime`` in seconds holds for every later call."""
        ...

    def stop(self) -> object:
        """End the connection."""
        ...

    def isconnected(self) -> bool:
        """Whether somebody is logged in."""
        ...

    def wsd(self, codes: str, fields: str, beginTime: str, endTime: str, options: str = "") -> WindData:
        """Return series by day: one field of several codes, [codes][times]."""
        ...

    def wss(self, codes: str, fields: str, options: str = "") -> WindData:
        """Return facts of several codes: [fields][codes]."""
        ...

    def wsq(self, codes: str, fields: str) -> WindData:
        """Return the latest quotes of several codes: [fields][codes]."""
        ...

    def edb(self, codes: str, beginTime: str, endTime: str, options: str = "") -> WindData:
        """Return economic series: [codes][times]."""
        ...


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds that pass, and waiting for them."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def installed(source: WindSource) -> Wind:
    """Return WindPy's ``w``.

    Raises:
        FeedUnavailableError: WindPy is not installed.
    """
    try:
        found: Wind = importlib.import_module("WindPy").w
    except (ImportError, OSError, AttributeError) as error:
        raise FeedUnavailableError(
            "kind: wind needs WindPy, which the Wind terminal installs: start the terminal and repair its Python "
            f"plug-in for this interpreter (domain.sources, name: {source.name})"
        ) from error
    return found


class Terminal:
    """Asks the terminal of one source."""

    def __init__(self, source: WindSource, wind: Wind, clock: Clock) -> None:
        self._source, self._wind, self._clock = source, wind, clock
        self._next_call = clock.now()

    def ask(self, request: str, call: Callable[[Wind], WindData]) -> WindData | None:
        """Return what the terminal answers; None where it has no data.

        Args:
            request: how messages call it.
            call: the request itself.

        Raises:
            FeedError: the terminal refuses, or fails in every attempt; names its code and what to do.
        """
        retries, code, said = self._source.retries, 0, ""
        for attempt in range(retries.attempts):
            if attempt:
                self._clock.sleep(retries.backoff_seconds * 2 ** (attempt - 1))
            code, answer = self._connected()
            if not code:
                code, answer = self._called(call)
            if code in (0, wind_codes.NO_DATA):
                return answer if code == 0 else None
            said = _said(answer)
            if code not in wind_codes.PASSING:
                break
            if code in wind_codes.LOST:
                self._wind.stop()
        tries = f", {retries.attempts} attempts" if code in wind_codes.PASSING else ""
        raise wind_codes.error(code, f"{request}{tries} (domain.sources, name: {self._source.name})", said)

    def _connected(self) -> tuple[int, WindData | None]:
        """Connect where that is needed; return the terminal's code and its answer."""
        if self._wind.isconnected():
            return 0, None
        return self._called(lambda wind: wind.start(waitTime=self._source.wait_seconds))

    def _called(self, call: Callable[[Wind], WindData]) -> tuple[int, WindData]:
        """Call once it is time; return the terminal's code and its answer."""
        wait = self._next_call - self._clock.now()
        if wait > 0:
            self._clock.sleep(wait)
        self._next_call = self._clock.now() + 1 / self._source.retries.calls_per_second
        answer = call(self._wind)
        return int(answer.ErrorCode), answer


def _said(answer: WindData | None) -> str:
    """Return the terminal's own words, which stand in the data of a failed request."""
    if answer is None or not answer.Data:
        return ""
    first = answer.Data[0]
    text = first if isinstance(first, str) else first[0] if len(first) else ""
    return " ".join(text.split())[:_LONGEST_SAID] if isinstance(text, str) else ""
