"""Numbers and dates as people and exports write them: ``1,002.63`` and ``1.002,63``, ``07/14/2009`` and ``14.07.2009``.

A number is read by the settings ``decimal`` and ``thousands``, never guessed: ``1,234`` is one number in Boston and
another one in Berlin. A date is read by the setting ``dates``, a strptime format, or with ``auto`` by its own form.
Only ``07/08/2009`` does not show its order; it is taken from the whole column, and a column that does not show it is
refused.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as time_of_day
from itertools import pairwise

from r1tailor.sources.dates import month_of
from r1tailor.sources.streams import Damage

AUTO = "auto"
FORMATS = (  # that a column may be proposed to be written in, the likeliest first
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日"),
    *("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m/%d/%y", "%d-%b-%Y", "%d %B %Y", "%B %d, %Y"),
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"),
)
_BLANKS = re.compile("[\u00a0\u2009\u202f]")  # stand for the blank between thousands
_MARKED = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ].*)?", re.ASCII | re.DOTALL)
_MIDNIGHT = r"(?:[T ](?:0{1,2}:00(?::00(?:\.0+)?)?))?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_MIDNIGHT}", re.ASCII)
_CHINESE = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}){_MIDNIGHT}", re.ASCII)
_DAY_MONTH = re.compile(r"(\d{1,2})[ -]([A-Za-z]{3,9})\.?,?[ -](\d{4})", re.ASCII)
_MONTH_DAY = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})", re.ASCII)
_DIGITS = 30  # before and behind the decimal mark
_FORMS = "YYYY-MM-DD, YYYYMMDD, D.M.YYYY, M/D/YYYY, D/M/YYYY, 14 Jul 2009 or 2009年7月14日"


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How the numbers of a table are written.

    Attributes:
        decimal: the decimal point, ``.`` or ``,``.
        thousands: what groups of three digits are set apart by; None where they are not.
    """

    decimal: str = "."
    thousands: str | None = None

    def number(self, text: str) -> float | None:
        """Return the number that a text is; None if it is none.

        >>> NumberFormat().number("1002.63"), NumberFormat(",", ".").number("1.002,63"), NumberFormat().number("1,2")
        (1002.63, 1002.63, None)
        """
        plain = self.plain(text)
        return None if plain is None else float(plain)

    def plain(self, text: str) -> str | None:
        """Return a number with a point and no other mark, so that 1.234,5 is 1234.5; None if the text is none.

        >>> NumberFormat(",", ".").plain("1.234,5")
        '1234.5'
        """
        mark, between = re.escape(self.decimal), re.escape(self.thousands or "")
        whole = rf"(?:\d{{1,3}}(?:{between}\d{{3}}){{1,10}}|\d{{1,{_DIGITS}}})" if between else rf"\d{{1,{_DIGITS}}}"
        written = _BLANKS.sub(" ", text.strip()).replace("’", "'").replace("−", "-")
        shape = rf"[+-]?(?:{whole}(?:{mark}\d{{0,{_DIGITS}}})?|{mark}\d{{1,{_DIGITS}}})(?:[eE][+-]?\d{{1,3}})?"
        if not re.fullmatch(shape, written, re.ASCII):
            return None
        return written.replace(self.thousands or "\0", "").replace(self.decimal, ".").removeprefix("+")


_USUAL = tuple(NumberFormat(*marks) for marks in ((".", ","), (",", "."), (",", " "), (".", "'")))


def reads_as_number(text: str) -> bool:
    """Whether a text is a number in one of the usual ways to write them, also with a per cent sign.

    >>> [reads_as_number(text) for text in ("1,002.5", "1.234,5", "12 %", "a1")]
    [True, True, True, False]
    """
    text = text.strip().removesuffix("%")
    return any(form.plain(text) is not None for form in _USUAL)


def moment(text: str, form: str) -> datetime:
    """Return the moment that a text names in a strptime format, or with ``auto`` year, month and day with any marks.

    Raises:
        ValueError: it names none.
    """
    if form != AUTO:
        return datetime.strptime(text, form)
    if found := _MARKED.fullmatch(text):
        year, month, day = map(int, found.groups())
        return datetime(year, month, day)
    return datetime.fromisoformat(text)


def form_of(texts: Sequence[str], share: float) -> str:
    """Return the format that at least a share of texts is written in; empty if there is none.

    Of ``03/04`` both readings fit, so that the one which fits more texts wins.
    """
    fits = {form: sum(known_day(text, form) is not None for text in texts) for form in FORMATS}
    best = max(fits, key=lambda form: fits[form])
    return best if texts and fits[best] >= share * len(texts) else ""


def known_day(text: str, form: str) -> date | None:
    """Return the day that a text names in a format, between 1900 and 2100; None if it names none."""
    try:
        found = moment(text, form)
    except (ValueError, OverflowError):
        return None
    return found.date() if 1900 <= found.year < 2100 else None


@dataclass(frozen=True, slots=True)
class DateFormat:
    """How the dates of a column are written.

    Attributes:
        form: a strptime format, or ``auto``.
        day_first: whether ``07/08/2009`` is the 7th of August; None where nothing has shown it.
    """

    form: str = AUTO
    day_first: bool | None = None

    @classmethod
    def of(cls, form: str, cells: Iterable[object]) -> "DateFormat":
        """Return the format of a column from its cells, in the order of the table.

        Raises:
            Damage: the column is written in both orders, or does not show which one.
        """
        return cls(form, _day_first([str(cell) for cell in cells if isinstance(cell, str)]) if form == AUTO else None)

    def day(self, cell: object) -> date:
        """Return the day that a cell names: a text, a day, or a moment at midnight.

        Raises:
            Damage: it names none, or a time of that day.
        """
        if isinstance(cell, datetime):
            return _midnight(cell)
        if isinstance(cell, date):
            return cell
        text = cell.strip() if isinstance(cell, str) else ""
        if self.form != AUTO:
            return self._by_form(text)
        try:
            found = self._by_shape(text)
        except ValueError:
            raise Damage("its date is no day of the calendar") from None
        if found is None:
            raise Damage(f"its date must be written {_FORMS}, or as the setting dates says")
        return found

    def _by_form(self, text: str) -> date:
        try:
            return _midnight(moment(text, self.form))
        except ValueError:
            raise Damage(f"its date is not written as dates = {self.form} says") from None

    def _by_shape(self, text: str) -> date | None:
        for form in (_YEAR_FIRST, _CHINESE, _COMPACT):
            if found := form.fullmatch(text):
                year, month, day = (int(group) for group in found.groups() if group.isdigit())
                return date(year, month, day)
        if found := _YEAR_LAST.fullmatch(text):
            first, second, year = int(found.group(1)), int(found.group(3)), int(found.group(4))
            day_first = found.group(2) == "." or self.day_first
            return date(year, second, first) if day_first else date(year, first, second)
        if found := _DAY_MONTH.fullmatch(text):
            return date(int(found.group(3)), month_of(found.group(2)), int(found.group(1)))
        if found := _MONTH_DAY.fullmatch(text):
            return date(int(found.group(3)), month_of(found.group(1)), int(found.group(2)))
        return None


def _midnight(moment: datetime) -> date:
    if moment.time() != time_of_day(0):
        raise Damage("its date holds a time of day: figures are read by day")
    return moment.date()


def _day_first(texts: Sequence[str]) -> bool | None:
    """Return which order the dates with slashes or hyphens show; None where there are none.

    One number above 12 shows it, or else the order in which time does not run back and forth.

    Raises:
        Damage: both orders are shown, or none is.
    """
    found = [match.groups() for text in texts if (match := _YEAR_LAST.fullmatch(text.strip()))]
    triples = [(int(year), int(first), int(second)) for first, sign, second, year in found if sign != "."]
    if not triples:
        return None
    day, month = any(first > 12 for _, first, _ in triples), any(second > 12 for _, _, second in triples)
    if day and month:
        raise Damage("some dates are written day first and some month first; the setting dates names one format")
    if day != month:
        return day
    as_day, as_month = _runs([(y, b, a) for y, a, b in triples]), _runs(triples)
    if as_day == as_month:
        raise Damage('no date shows whether its day or its month stands first; set dates: "%d/%m/%Y" or "%m/%d/%Y"')
    return as_day


def _runs(dates: Sequence[tuple[int, int, int]]) -> bool:
    """Whether dates run in one direction, and at least one step of them does."""
    steps = [later > earlier for earlier, later in pairwise(dates) if later != earlier]
    return bool(steps) and len(set(steps)) == 1
