"""The comparison with lm-evaluation-harness finds what differs."""

import pytest

from tests.benchmarks.harness import agreement

OURS = {"a": (-1.0, -2.0, -4.0), "b": (-3.0, -2.5)}


def test_what_is_added_to_all_options_alike_is_no_difference() -> None:
    found = agreement(OURS, {"b": (-13.0, -12.5), "a": (-1.5, -2.5, -4.5)})
    assert found.whole
    assert (found.questions, found.options, found.picked, found.largest, found.raw) == (2, 5, 2, 0.0, 10.0)


@pytest.mark.parametrize("theirs", [(-1.0, -2.01, -4.0), (-2.0, -1.0, -4.0), (-1.0, -2.0, -3.0)])
def test_one_option_that_differs_is_found(theirs: tuple[float, ...]) -> None:
    assert not agreement(OURS, {**OURS, "a": theirs}).whole


def test_other_questions_are_no_agreement() -> None:
    with pytest.raises(AssertionError):
        agreement(OURS, {"a": OURS["a"]})
