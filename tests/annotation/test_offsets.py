"""Offsets in code points and in UTF-16 units."""

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
