"""Diseases in an answer."""

import pytest

from r1tailor.domain.entity_names import Named, named_in

NAMES = ("胃炎", "急性胃炎", "肺炎")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("肺炎", [("肺炎", "")]),
        ("1. 肺炎 J18.9 2. 急性胃炎 3. 胃炎 K29.7", [("肺炎", "J18.9"), ("急性胃炎", ""), ("胃炎", "K29.7")]),
        ("肺炎（J18）；肺炎 J18.9", [("肺炎", "J18")]),  # once, where it is named first
        ("J18.9 肺炎", [("肺炎", "")]),  # a code before the first name belongs to none
        ("感冒 J00", []),
    ],
)
def test_names_come_in_order_with_the_code_after_each(answer: str, found: list[tuple[str, str]]) -> None:
    assert named_in(answer, NAMES) == [Named(*one) for one in found]
