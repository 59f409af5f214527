"""Surrogates and shifted dates."""

from datetime import date

from r1tailor.corpus.privacy import Deidentifier
from r1tailor.corpus.privacy.surrogates import offset, surrogate
from tests.corpus.privacy.test_deidentify import KEY, SURROGATE, _privacy


def test_surrogates_are_consistent_within_a_key_marked_and_not_found_again() -> None:
    treat = Deidentifier(SURROGATE, KEY).apply
    first, _ = treat("Mr. John Okonkwo, SSN 523-41-8867, a@b.org", "")
    second, _ = treat("Dr. OKONKWO, SSN 523 41 8867", "")
    assert first.split("SSN ")[1][:12] == second.split("SSN ")[1][:12] == surrogate("ssn", "523-41-8867", KEY)
    assert first.split()[2].rstrip(",") == second.split()[1].rstrip(",")
    assert first != Deidentifier(SURROGATE, KEY[::-1]).apply("Mr. John Okonkwo, SSN 523-41-8867, a@b.org", "")[0]
    assert treat(first, "") == (first, [])


def test_dates_of_a_group_move_together_and_keep_their_writing() -> None:
    shift = Deidentifier(_privacy(date="shift_dates"), KEY).apply
    by = offset("p1", KEY)
    assert 1 <= abs(by.days) <= 365
    assert offset("p2", KEY) != by
    moved, _ = shift("2020-03-01, 2020-03-31, March 5", "p1")
    first, second, yearless = moved.split(", ")
    assert yearless == "[DATE]"
    assert (_day(second) - _day(first), _day(first) - _day("2020-03-01")) == (30, by.days)
    assert shift("2020年3月1日", "p1")[0].replace("年", "-").replace("月", "-").rstrip("日").split("-")[0] == first[:4]


def _day(written: str) -> int:
    return date.fromisoformat(written).toordinal()
