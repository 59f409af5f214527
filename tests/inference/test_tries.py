"""The beginnings by which labels are told apart; ``test_ranking.py`` uses them on models."""

import math

import pytest

from r1tailor.inference.tries import continued, distinguishing, inner_paths, none_of


def test_a_sequence_that_begins_another_is_taken_whole() -> None:
    assert distinguishing([(1, 2), (1, 2, 3), (4, 5)]) == [(1, 2), (1, 2, 3), (4,)]


def test_every_inner_node_lies_on_a_path() -> None:
    assert inner_paths([(1, 2), (1, 3, 4), (5,)]) == [(1, 3)]


def test_what_continues_a_sequence_is_one_token_longer() -> None:
    assert continued((1, 2), [(1, 2), (1, 2, 3), (1, 2, 3, 4), (1, 2, 5), (1, 4)]) == {(1, 2, 3), (1, 2, 5)}
    assert continued((1,), [(1,), (2,)]) == set()


def test_none_of_several_events_has_what_is_left() -> None:
    assert math.exp(none_of([math.log(0.5), math.log(0.25)])) == pytest.approx(0.25)
    assert none_of([]) == 0.0
    assert math.isfinite(none_of([0.0])), "a certain event leaves a finite score"
