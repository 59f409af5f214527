"""A table of daily figures becomes a domain of kind finance: its index, and how its dates and numbers are written."""

import re
from collections.abc import Mapping
from typing import Any

from r1tailor.proposal.cells import Column
from r1tailor.sources.written import known_day

_CLOSES = ("adj close", "adjusted close", "close", "closing price", "price", "last", "level", "收盘价", "收盘", "价格")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_MANY_DAYS = 2000  # of which a tenth is months longer than the embargo
_FEWEST_DAYS = 120  # a window, its horizon, and something to divide


def closes(columns: Mapping[str, Column]) -> str:
    """Return the column of closing prices of a table that is one date and figures; empty if it is none."""
    dated = [column for column in columns.values() if column.dates]
    others = [column for column in columns.values() if not column.dates and column.filled]
    if len(dated) != 1 or not others or not all(column.numeric for column in others):
        return ""
    by_fold = {column.name.strip().casefold(): column.name for column in others}
    found = next((by_fold[name] for name in _CLOSES if name in by_fold), "")
    return found if len(dated[0].values) >= _FEWEST_DAYS else ""


def source(columns: Mapping[str, Column], name: str, close: str) -> dict[str, Any]:
    """Return the settings of the source that follow from its columns."""
    (dated,) = (column for column in columns.values() if column.dates)
    days = sorted(day for text in dated.values if (day := known_day(text, dated.dates)))
    grouped = any(_THOUSANDS.fullmatch(text) for column in columns.values() for text in list(column.values)[:500])
    return {
        "store": f"market/{name}",
        "columns": {"date": dated.name},
        "symbols": {"INDEX": close},
        "since": days[0].isoformat(),
        "revisit_days": 10,
        **({"thousands": ","} if grouped else {}),
        "bars": {"values": "price", "period": "day", "lag_days": 0},
    }


def task() -> dict[str, Any]:
    """Return the settings of a task over one index alone: without members no breadth, without yields no spread."""
    return {
        "market": {"index": {"source": "prices", "series": ["INDEX"]}, "stocks": None, "credit": None, "factors": None},
        "channels": ["path", "return", "volatility", "drawdown"],
    }


def split(columns: Mapping[str, Column]) -> dict[str, Any]:
    """Return shares that leave something of validation and test beside the embargo before each."""
    (dated,) = (column for column in columns.values() if column.dates)
    validation, test = (0.1, 0.3) if len(dated.values) >= _MANY_DAYS else (0.25, 0.3)
    return {"validation": validation, "test": test, "boundaries": None}


def permissions() -> dict[str, Any]:
    """Return what the owner of the figures is taken to permit: training, and no redistribution."""
    return {"use": "train", "redistribution": False, "embargo_until": None, "inside_information": False}
