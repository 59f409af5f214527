"""From the shortest example to the longest."""

from r1tailor.curriculum.by_length import steps


def test_steps_go_from_short_to_long_and_equals_stay_in_file_order() -> None:
    assert steps([5, 2, 9, 2, 1], 2) == [[4, 1], [3, 0], [2]]
    assert steps([3, 3, 3], 5) == [[0, 1, 2]]
    assert steps([], 4) == []


def test_every_example_is_in_one_step() -> None:
    lengths = [(7 * i) % 11 for i in range(23)]
    found = steps(lengths, 4)
    assert sorted(place for step in found for place in step) == list(range(23))
    assert [len(step) for step in found] == [4, 4, 4, 4, 4, 3]
    flat = [lengths[place] for step in found for place in step]
    assert flat == sorted(lengths)
