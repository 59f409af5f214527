"""Segments have the tone of their side and size; modes say which are shown."""

from r1tailor.report.explained import explained, modes
from tests.support.finished import errors


def test_a_segment_has_the_tone_of_its_side_and_size() -> None:
    (one,) = explained(errors())
    assert [segment.tone for segment in one.segments] == ["", "against4", "for3"]
    assert [segment.value for segment in one.segments] == ["+0.10", "−2.00", "+1.50"]
    assert (one.right, one.given, one.error) == ("red", "green", "±0.02")


def test_modes_that_are_shown_come_first() -> None:
    shown, tried = modes(errors())
    assert (shown.where, shown.shown, tried.shown) == ("length = long, class = red", True, False)
    assert (shown.rate, shown.elsewhere, shown.p) == (0.75, 0.2, 0.01)


def test_nothing_explained_is_nothing_shown() -> None:
    assert explained({}) == modes({}) == []
    assert explained({"attributions": [{"id": "a", "right": "", "given": "", "segments": []}]})[0].segments == []
