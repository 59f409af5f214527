"""Offsets in code points and in UTF-16 units."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor.annotation.offsets import fitting

_PROPERTY = settings(deadline=None, derandomize=True, database=None, max_examples=60)


@_PROPERTY
@given(st.text(st.sampled_from("aé发𠮷😀 \n"), min_size=1, max_size=12), st.data())
def test_every_span_survives_both_units(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    units = [len(text[:offset].encode("utf-16-le")) // 2 for offset in (start, end)]
    for places in ((start, end), units):
        found = fitting((text, *places, text[start:end]))
        assert (start, end) in found.values()


@pytest.mark.parametrize(
    ("text", "place", "carried", "expected"),
    [
        ("a high  fever today", (2, 13), "high fever", (2, 13)),  # the browser folds spaces
        ("a high\nfever today", (2, 12), "high fever", (2, 12)),
        ("a high\u00a0fever today", (2, 12), "high fever", (2, 12)),
        ("a fever today", (1, 8), "fever", (2, 7)),  # and cuts them off
        ("a fever today", (1, 8), " fever ", (1, 8)),
        ("a fever\n\ntoday", (2, 9), "fever\\n\\n", (2, 9)),
    ],
)
def test_white_space_does_not_decide(
    text: str, place: tuple[int, int], carried: str, expected: tuple[int, int]
) -> None:
    assert fitting((text, *place, carried))["code points"] == expected


@pytest.mark.parametrize("carried", ["fevers", "ever", "f ever", ""])
def test_another_text_is_refused(carried: str) -> None:
    assert fitting(("a fever today", 2, 7, carried)) == {}
