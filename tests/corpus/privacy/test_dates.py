"""Dates that say more than a year, birth dates, ages over 89."""

import pytest

from r1tailor.corpus.privacy import dates
from tests.corpus.privacy.test_deidentify import redacted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DOB: 03/04/1931, a 93-year-old", "DOB: [DATE], a 90+-year-old"),
    ],
)
def test_an_identifier_is_redacted_and_nothing_beside_it(text: str, expected: str) -> None:
    assert redacted(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a 64-year-old man",
    ],
)
def test_what_identifies_nobody_survives(text: str) -> None:
    assert redacted(text) == text


def _found(text: str) -> list[str]:
    return [text[finding.start : finding.end] for finding in dates.find(text)]


def test_a_date_needs_its_year_or_the_name_of_its_month() -> None:
    assert {"March 5", "2021-03-05", "5 May 2020"} <= set(_found("on March 5, then 2021-03-05 and 5 May 2020"))
    assert {"2021年3月5日", "3月7日"} <= set(_found("2021年3月5日入院，3月7日出院"))
    assert _found("pain 5/10, BP 120/80, version 45.60.2021") == []
    assert _found("seen on 5/10") == ["5/10"], "a word before it asks for a date"


def test_a_birth_date_goes_with_its_label_and_year() -> None:
    text = "Born in 1931 in Ohio"
    (birth,) = dates.find_births(text)
    assert (birth.kind, text[birth.start : birth.end]) == ("date", "Born in 1931")
    assert not list(dates.find_births("Born in Ohio"))


def test_an_age_counts_from_90() -> None:
    ages = [(f.start, f.end) for text in ("a 90-year-old", "an 89-year-old", "aged 104") for f in dates.find_ages(text)]
    assert ages == [(2, 4), (5, 8)]
