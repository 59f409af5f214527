"""A stand-in for the Wind terminal: speaks WindPy's published API and gives recorded bars.

It can be told to fail with an error code, to lose the connection, to give revised figures, and which day today is.
"""

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any

from tests.conftest import ROOT

NOT_STARTED, NO_DATA, UNKNOWN_CODE, TOO_MUCH, MIXED = -103, -40520007, -40522005, -40522017, -40522018
NO_BOX, NO_SESSION = -40520009, -40522001
Recorded = dict[str, dict[date, float]]


@dataclass
class WindData:
    """What WindPy returns: ``.ErrorCode``, ``.Codes``, ``.Fields``, ``.Times``, ``.Data``."""

    ErrorCode: int = 0
    Codes: Sequence[str] = ()
    Fields: Sequence[str] = ()
    Times: Sequence[date | datetime] = ()
    Data: Sequence[Sequence[Any]] = ()


class StandIn:
    """WindPy's ``w``.

    Attributes:
        bars: figures by code and day.
        today: the terminal's own date.
        faults: codes that the next calls give, each once; 0 lets one call pass.
        most_cells: of one request; more are refused as too much data.
        calls: the functions that were called, with their first and last date where they have any.
    """

    def __init__(self, bars: Recorded, today: date = date(2022, 12, 28), now: Callable[[], float] = float) -> None:
        self.bars, self.today, self._now = bars, today, now
        self.faults: list[int] = []
        self.login = 0
        self.most_cells = 10**9
        self.calls: list[tuple[str, str, str]] = []
        self.times: list[float] = []
        self._connected = self._session = False

    def start(self, options: str | None = None, waitTime: int = 120) -> WindData:
        self._log("start")
        if not self._connected:  # started twice it does nothing: the published advice is to stop it first
            self._connected = self._session = self.login == 0
        return WindData(self.login, Data=[["OK!" if self._connected else "Please Logon iWind firstly!"]])

    def stop(self) -> WindData:
        self._connected = self._session = False
        return WindData()

    def isconnected(self) -> bool:
        return self._connected

    def wsd(
        self, codes: str | list[str], fields: str | list[str], beginTime: str, endTime: str, options: str = ""
    ) -> WindData:
        self._log("wsd", beginTime, endTime)
        asked, named = _listed(codes), _listed(fields)
        if len(asked) > 1 and len(named) > 1:
            return _failed(MIXED)
        return self._fault() or self._series(asked, beginTime, endTime, "CLOSE")

    def edb(self, codes: str | list[str], beginTime: str, endTime: str, options: str = "") -> WindData:
        self._log("edb", beginTime, endTime)
        return self._fault() or self._series(_listed(codes), beginTime, endTime, "CLOSE")

    def wss(self, codes: str | list[str], fields: str | list[str], options: str = "") -> WindData:
        self._log("wss")
        asked = _listed(codes)
        names = [f"name of {code}" if code in self.bars else None for code in asked]
        return self._fault() or WindData(0, asked, ["SEC_NAME"], [self.today], [names])

    def wsq(self, codes: str | list[str], fields: str | list[str]) -> WindData:
        self._log("wsq")
        asked = _listed(codes)
        latest = [self.bars[code][max(day for day in self.bars[code] if day <= self.today)] for code in asked]
        days = [float(f"{self.today:%Y%m%d}")] * len(asked)
        now = datetime(self.today.year, self.today.month, self.today.day, 14, 30)
        return self._fault() or WindData(0, asked, ["RT_LAST", "RT_DATE"], [now], [latest, days])

    def _series(self, codes: list[str], begin: str, end: str, field: str) -> WindData:
        if len(codes) == 1 and codes[0] not in self.bars:
            return _failed(UNKNOWN_CODE)
        first, last = date.fromisoformat(begin), min(date.fromisoformat(end), self.today)
        days = sorted({day for code in codes for day in self.bars.get(code, {}) if first <= day <= last})
        if not days:
            return _failed(NO_DATA)
        if len(days) * len(codes) > self.most_cells:
            return _failed(TOO_MUCH)
        data = [[self.bars.get(code, {}).get(day) for day in days] for code in codes]
        if len(days) == 1 and len(codes) > 1:  # as WindPy does
            data = [[row[0] for row in data]]
        return WindData(0, codes, [field], days, data)

    def _log(self, function: str, begin: str = "", end: str = "") -> None:
        self.calls.append((function, begin, end))
        self.times.append(self._now())

    def _fault(self) -> WindData | None:
        if not self._connected:
            return _failed(NOT_STARTED)
        if not self._session:
            return _failed(NO_SESSION)
        code = self.faults.pop(0) if self.faults else 0
        if code in (NO_BOX, NO_SESSION):  # it goes on saying that it is connected
            self._session = False
        return _failed(code) if code else None


def _failed(code: int) -> WindData:
    return WindData(code, Data=[[f"CWSDService: failed with {code}."]])


def _listed(names: str | list[str]) -> list[str]:
    return names.split(",") if isinstance(names, str) else names


@dataclass
class FakeClock:
    """Time that passes only when somebody waits."""

    seconds: float = 1000.0
    waits: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds


def recorded(first: date, last: date, codes: dict[str, tuple[str, str]]) -> Recorded:
    """Return bars of the packaged tables between two dates: by code, from (source, column)."""
    return {
        code: {day: value for day, value in _column(source, column).items() if first <= day <= last}
        for code, (source, column) in codes.items()
    }


@cache
def _column(source: str, column: str) -> dict[date, float]:
    (table,) = (ROOT / "data" / "packaged" / source).glob("*.csv.gz")
    with gzip.open(table, "rt", encoding="utf-8") as lines:
        header = next(lines).strip().split(",")
        rows = (line.strip().split(",") for line in lines)
        return {_day(cells[0]): float(cells[header.index(column)]) for cells in rows}


def _day(text: str) -> date:
    return datetime.strptime(text, "%m/%d/%Y").date() if "/" in text else date.fromisoformat(text)
