"""Windows that say nothing: shuffled among examples, or zeroed."""

from dataclasses import replace

import pytest

from r1tailor.errors import DataError
from r1tailor.evaluation.market.ablation import shuffled, zeroed
from tests.support.windowed import CHANNELS, STEPS, windowed


def test_shuffled_windows_are_others_and_stay_together() -> None:
    examples = windowed(13)
    mixed = shuffled(examples, 5)
    assert mixed == shuffled(examples, 5) != shuffled(examples, 6)
    assert [replace(e, series=()) for e in mixed] == [replace(e, series=()) for e in examples]
    moved = {(a.series, b.series) for a, b in zip(examples, mixed, strict=True) if a.series}
    assert all(before != after for before, after in moved)
    assert {before for before, _ in moved} == {after for _, after in moved}
    assert len(moved) == 4, "examples that shared a window share one again"
    assert mixed[-1] == examples[-1], "an example without a window stays without"
    with pytest.raises(DataError, match="the windows of 3 examples cannot be shuffled: they are all the same"):
        shuffled(windowed()[:3], 1)


def test_zeroed_windows_keep_their_shape() -> None:
    examples = windowed()
    emptied = zeroed(examples)
    assert [replace(e, series=()) for e in emptied] == [replace(e, series=()) for e in examples]
    assert {e.series for e in emptied} == {((0.0,) * CHANNELS,) * STEPS, ()}
