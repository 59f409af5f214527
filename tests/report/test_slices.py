"""Slices: by length and by fields of few values; small ones and those of all items are left out."""

from r1tailor.report.slices import slices
from tests.support.finished import items


def test_items_are_sliced_by_length_and_by_fields() -> None:
    found = slices(items(), "label_accuracy", 0.95, 1)
    assert [one.by for one in found].count("length") >= 1
    wards = {one.value: one for one in found if one.by == "ward"}
    assert wards.keys() == {"north", "south"}
    north = [(base, tuned) for item, base, tuned in items() if item.fields["ward"] == "north"]
    assert wards["north"].n == len(north) == 15
    assert wards["north"].tuned == sum(tuned.scores["label_accuracy"] for _, tuned in north) / 15
    one = wards["north"]
    assert one.compared["low"] <= one.compared["difference"] <= one.compared["high"]
    assert abs(one.compared["difference"] - (one.tuned - one.base)) < 1e-9


def test_lengths_stand_in_their_order() -> None:
    shown = [one.value[0] for one in slices(items(90), "label_accuracy", 0.95, 1) if one.by == "length"]
    assert shown == sorted(shown, key=lambda sign: {"<": 0, ">": 2}.get(sign, 1))


def test_what_is_too_small_or_not_scored_is_no_slice() -> None:
    assert slices(items(12), "label_accuracy", 0.95, 1) == []
    assert slices(items(), "never", 0.95, 1) == []
    assert slices([], "label_accuracy", 0.95, 1) == []
