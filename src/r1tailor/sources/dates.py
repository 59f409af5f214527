"""Days as publishers write them: year, month and day, the month as a number or by its English name."""

from calendar import month_name
from datetime import date

_SHORTEST = 3  # letters of a month's name


def day_of(year: str | None, month: str | None, day: str | None) -> date | None:
    """Return the day that three texts name (such as ``2021``, ``Sep`` and ``13``); None if they name none."""
    try:
        return date(int(year or ""), month_of(month or ""), int(day or ""))
    except ValueError:
        return None


def month_of(written: str) -> int:
    """Return the number of a month that is written as a number or by its English name, also in short.

    Raises:
        ValueError: it is none.
    """
    name = written.strip().rstrip(".").casefold()
    if len(name) < _SHORTEST:
        return int(name)
    named = [number for number in range(1, 13) if month_name[number].casefold().startswith(name)]
    if not named:
        raise ValueError("no month")
    return named[0]
