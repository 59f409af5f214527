"""Reasoning apart from the answer."""

import pytest

from r1tailor.serving.shown import parts


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("It is I21.4.", ("", "It is I21.4.")),
        ("<think>\nfever\n</think>\n\nIt is A.", ("fever", "It is A.")),
        ("fever\n</think>\nIt is A.", ("fever", "It is A.")),
        ("<think>\nfever, and then", ("fever, and then", "")),
        ("a</think>b</think>c", ("a</think>b", "c")),
        ("", ("", "")),
    ],
)
def test_an_answer_in_parts(written: str, expected: tuple[str, str]) -> None:
    assert parts(written) == expected
