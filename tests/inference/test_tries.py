"""The beginnings by which labels are told apart; ``test_ranking.py`` uses them on models."""

from r1tailor.inference.tries import distinguishing, inner_paths


def test_a_sequence_that_begins_another_is_taken_whole() -> None:
    assert distinguishing([(1, 2), (1, 2, 3), (4, 5)]) == [(1, 2), (1, 2, 3), (4,)]


def test_every_inner_node_lies_on_a_path() -> None:
    assert inner_paths([(1, 2), (1, 3, 4), (5,)]) == [(1, 3)]
