"""Numbers and dates as exports write them are read by settings, and what shows no order is refused."""

from datetime import date, datetime

import pytest

from r1tailor.sources.streams import Damage
from r1tailor.sources.written import DateFormat, NumberFormat, form_of, known_day, reads_as_number


@pytest.mark.parametrize(
    ("decimal", "thousands", "text", "expected"),
    [
        (".", None, "1002.63", 1002.63),
        (".", None, " -1.5e3 ", -1500.0),
        (".", None, "1,002.63", None),
        (".", ",", "1,002.63", 1002.63),
        (".", ",", "7,229,970", 7229970.0),
        (".", ",", "987.48", 987.48),
        (".", ",", "1,02.63", None),  # no group of three
        (".", ",", "1,0026", None),
        (".", ",", "1.002,63", None),
        (",", ".", "1.002,63", 1002.63),
        (",", None, "1002,63", 1002.63),
        (",", ".", "1.002", 1002.0),
        (",", " ", "1\u00a0002,63", 1002.63),
        (",", " ", "1\u202f002,63", 1002.63),
        (".", "'", "1'002.63", 1002.63),
        (".", None, "٣", None),
        (".", None, "", None),
    ],
)
def test_a_number_is_read_by_its_settings(decimal: str, thousands: str | None, text: str, expected: float) -> None:
    assert NumberFormat(decimal, thousands).number(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "2009-07-14",
            "2009/7/14",
            "2009.07.14",
            "20090714",
            "2009年7月14日",
            "14.07.2009",
            "14 Jul 2009",
            "14-July-2009",
        ),
        *("Jul 14, 2009", "July 14 2009", "2009-07-14 00:00:00", "2009-07-14T00:00", "07/14/2009", "14/07/2009"),
    ],
)
def test_the_usual_forms_of_a_date_are_read(text: str) -> None:
    assert DateFormat.of("auto", [text]).day(text) == date(2009, 7, 14)


def test_a_day_and_a_midnight_are_dates_and_a_time_of_day_is_none() -> None:
    assert DateFormat().day(date(2009, 7, 14)) == DateFormat().day(datetime(2009, 7, 14)) == date(2009, 7, 14)
    with pytest.raises(Damage, match="a time of day"):
        DateFormat().day(datetime(2009, 7, 14, 16))


@pytest.mark.parametrize(
    ("column", "first"),
    [
        (["07/08/2009", "13/08/2009"], date(2009, 8, 7)),  # 13 is no month
        (["07/08/2009", "07/13/2009"], date(2009, 7, 8)),
        (["05/01/2009", "06/01/2009", "07/01/2009", "01/02/2009"], date(2009, 1, 5)),  # month first runs back
        (["03/02/2009", "01/02/2009", "12/01/2009"], date(2009, 2, 3)),  # newest first
    ],
)
def test_a_column_shows_the_order_of_its_days_and_months(column: list[str], first: date) -> None:
    assert DateFormat.of("auto", column).day(column[0]) == first


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (["13/08/2009", "08/14/2009"], "some dates are written day first and some month first"),
        (["01/02/2009", "02/03/2009"], "no date shows whether its day or its month stands first; set dates: "),
        (["01/02/2009"], "no date shows whether"),
    ],
)
def test_a_column_without_an_order_is_refused(column: list[str], reason: str) -> None:
    with pytest.raises(Damage, match=reason):
        DateFormat.of("auto", column)
    assert DateFormat.of("%d/%m/%Y", ["01/02/2009"]).day("01/02/2009") == date(2009, 2, 1)


@pytest.mark.parametrize(
    ("form", "text", "reason"),
    [
        ("auto", "yesterday", "its date must be written YYYY-MM-DD"),
        ("auto", "2009-02-30", "its date is no day of the calendar"),
        ("auto", "14 Foo 2009", "its date is no day of the calendar"),
        ("%d/%m/%Y", "2009-02-01", "its date is not written as dates = %d/%m/%Y says"),
    ],
)
def test_what_is_no_date_is_said(form: str, text: str, reason: str) -> None:
    with pytest.raises(Damage, match=reason):
        DateFormat.of(form, [text]).day(text)


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["2024-03-14", "2024-12-01"], "%Y-%m-%d"),
        (["03/14/2024", "12/01/2024"], "%m/%d/%Y"),
        (["14/03/2024", "01/12/2024"], "%d/%m/%Y"),
        (["a", "b"], ""),
        ([], ""),
    ],
)
def test_the_format_that_most_texts_have(texts: list[str], form: str) -> None:
    assert form_of(texts, 0.9) == form


@pytest.mark.parametrize(
    ("text", "form", "day"),
    [
        ("2024年3月14日", "auto", date(2024, 3, 14)),
        ("2024/3/14 10:30", "auto", date(2024, 3, 14)),
        ("14.03.2024", "%d.%m.%Y", date(2024, 3, 14)),
        ("2024-02-30", "auto", None),
        ("0024-03-14", "auto", None),
    ],
)
def test_known_days(text: str, form: str, day: date | None) -> None:
    assert known_day(text, form) == day


@pytest.mark.parametrize("text", ["1,002.5", "1.234,5", "1 234,5", "1'234.5", "12 %", "−3", ".5"])
def test_usual_ways_to_write_a_number(text: str) -> None:
    assert reads_as_number(text)


@pytest.mark.parametrize("text", ["", "a1", "nan", "inf", "1_000", "12,34,5", "1.2.3"])
def test_what_is_no_number(text: str) -> None:
    assert not reads_as_number(text)
