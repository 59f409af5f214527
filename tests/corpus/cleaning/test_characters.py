"""Single characters: each rule mends the width and the spelling that it is for, and nothing else."""

import pytest

from r1tailor.corpus.cleaning.characters import (
    collapse_punctuation,
    narrow_full_width,
    remove_control_characters,
    unify_units,
    widen_chinese_punctuation,
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("5\x0c10\x0b3\x8512\u200b0", "5\n10\n3\n120"),
    ],
)
def test_a_control_character_goes_and_one_that_parts_lines_becomes_a_line_end(before: str, after: str) -> None:
    assert remove_control_characters(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("血压：１２０／８０，ＨｂＡ１ｃ＜７％。", "血压：120/80，HbA1c<7%。"),
        ("１，２００ 与 1，200", "1,200 与 1，200"),
        ("征（－） a（－）b （Ｓｍｉｔｈ　２０１９）", "征（-） a(-)b (Smith　2019)"),
        ("10⁹ m² Ⅳ ½", "10⁹ m² Ⅳ ½"),
    ],
)
def test_full_width_characters_become_ascii_but_not_chinese_punctuation(before: str, after: str) -> None:
    assert narrow_full_width(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("患者,男(高血压),否认:无;12:30 (-)", "患者，男（高血压），否认：无;12:30 (-)"),
        ("约翰.史密斯 型(2型)", "约翰.史密斯 型(2型)"),
        ("病(高(血)压),无", "病（高（血）压），无"),
    ],
)
def test_ascii_punctuation_between_chinese_characters_becomes_chinese(before: str, after: str) -> None:
    assert widen_chinese_punctuation(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("5㎎/㎗ 3㎡ 38.5℃ 4µg ≧3 ５％ 38ºC左右", "5mg/dl 3m² 38.5°C 4μg ≥3 ５% 38°C左右"),
        ("a㎎ ㎎L ㎡2 nº 5", "a㎎ ㎎L ㎡2 nº 5"),
    ],
)
def test_units_and_comparators_get_one_spelling(before: str, after: str) -> None:
    assert unify_units(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("好！！！ why??? 5!! (--) +++ ... 。。", "好！ why? 5!! (--) +++ ... 。"),
    ],
)
def test_repeated_marks_become_one_and_notation_stays(before: str, after: str) -> None:
    assert collapse_punctuation(before) == after
