"""Numbers that identify by their shape; the checksum is told apart."""

import pytest

from r1tailor.corpus.privacy import find, numbers
from tests.corpus.privacy.test_deidentify import redacted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SSN 523-41-8867", "SSN [SSN]"),
        ("SSN 523-4l-8867", "SSN [SSN]"),
        ("VIN 1HGCM82633A004352", "VIN [VIN]"),
        ("手机：１３８１２３４５６７８", "手机：[PHONE]"),
        ("京A12345追尾", "[PLATE]追尾"),
    ],
)
def test_an_identifier_is_redacted_and_nothing_beside_it(text: str, expected: str) -> None:
    assert redacted(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Temp 38.5 C, BP 120/80, HbA1c<7.0%, pain 5/10, CYP2C19 *1/*2, 500 mg BID x 10 days",
    ],
)
def test_what_identifies_nobody_survives(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.parametrize(
    ("text", "kind", "held"),
    [
        ("身份证号：11010519491231002X", "resident_id", True),
        ("身份证号：110105194912310021", "resident_id", False),
        ("Card number 4111 1111 1111 1111", "bank_card", True),
        ("Card number 4111 1111 1111 1112", "bank_card", False),
        ("VIN: 1HGCM82633A004352", "vin", True),
        ("VIN: 1HGCM82633A004353", "vin", False),
        ("SSN: 000-12-3456", "ssn", False),
        ("统一社会信用代码：91350100M000100Y43", "social_credit", True),
    ],
)
def test_a_mistyped_number_is_found_and_told_apart(text: str, kind: str, held: bool | None) -> None:
    (finding,) = find(text)
    assert (finding.kind, finding.checksum) == (kind, held)


def test_years_quantities_and_public_numbers_are_no_identifiers() -> None:
    assert not list(numbers.find("2019 2020 2021 2022"))
    assert not list(numbers.find("a load of 12000000 copies"))
    assert not list(numbers.find("NCT01234567"))
    (code,) = numbers.find("AB1234567")
    assert code.kind == "code"


def test_only_a_kind_with_a_checksum_can_hold_one() -> None:
    assert numbers.holds("bank_card", "4111 1111 1111 1111") is True
    assert numbers.holds("vin", "1HGCM82633A004353") is False
    assert numbers.holds("mrn", "4482910") is None
