"""Article numbers are read in Chinese and in digits."""

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from r1tailor.domain.chinese_numerals import article_numbers, chinese_number, chinese_numeral

_PROPERTY = profile(deadline=None, derandomize=True, database=None, max_examples=200)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("第一百二十三条", [(123, 0)]),
        ("第十条、第十二条和第二十条", [(10, 0), (12, 0), (20, 0)]),
        ("第一千二百六十条", [(1260, 0)]),
        ("第一千零五条", [(1005, 0)]),
        ("第一百二十条之一", [(120, 1)]),
        ("第123条", [(123, 0)]),
        ("第三章 第一款 条", []),
    ],
)
def test_article_numbers_are_read_in_chinese_and_in_digits(text: str, found: list[tuple[int, int]]) -> None:
    assert article_numbers(text) == found


def _numeral(number: int) -> str:
    """Write a number below 10,000 as Chinese laws do."""
    digits, units, text = "零一二三四五六七八九", ("千", "百", "十", ""), ""
    for digit, unit in zip(f"{number:04d}", units, strict=True):
        if digit != "0":
            text += digits[int(digit)] + unit
        elif text and not text.endswith("零"):
            text += "零"
    text = text.rstrip("零")
    return text.removeprefix("一") if text.startswith("一十") else text


@_PROPERTY
@given(st.integers(1, 9999))
def test_every_numeral_below_ten_thousand_is_read_back(number: int) -> None:
    assert chinese_number(_numeral(number)) == number == chinese_number(str(number))
    assert article_numbers(f"依照第{_numeral(number)}条") == [(number, 0)]


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (1, "一"),
        (10, "十"),
        (19, "十九"),
        (110, "一百一十"),
        (203, "二百零三"),
        (1001, "一千零一"),
        (1260, "一千二百六十"),
    ],
)
def test_a_number_is_written_as_laws_write_it(number: int, written: str) -> None:
    assert chinese_numeral(number) == written


def test_every_number_is_written_as_read() -> None:
    assert all(chinese_numeral(number) == _numeral(number) for number in range(1, 10_000))
