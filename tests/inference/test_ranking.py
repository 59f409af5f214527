"""Labels are ranked by their distinguishing beginnings."""

import math
from dataclasses import replace

import pytest
import torch

from r1tailor.inference.ranking import distinguishing, inner_paths, likeliest, score_labels
from tests.support.windowed import (
    alone,
    composition,
    eager,
    reader,
    tuned,
    windowed,
)


def test_a_label_is_told_from_the_others_by_its_shortest_beginning() -> None:
    assert distinguishing([(1, 2, 3), (1, 2, 4, 5), (6, 7)]) == [(1, 2, 3), (1, 2, 4), (6,)]
    assert distinguishing([(1, 2), (1, 2, 3)]) == [(1, 2), (1, 2, 3)], "one may begin another"
    assert distinguishing([(1, 2)]) == [(1,)]


def test_inner_paths_reach_every_inner_node_of_the_labels_trie() -> None:
    assert inner_paths([(1, 2, 3), (1, 2, 4), (6,)]) == [(1, 2)]
    assert inner_paths([(1,), (2,)]) == [()]
    assert inner_paths([(1, 2), (3, 4)]) == [(1,), (3,)]


def test_ranking_scores_are_the_likelihoods_of_the_labels() -> None:
    settings = composition()
    model, chat = tuned(settings).eval(), reader(settings)
    (example, *_) = windowed()
    labels = ("a", "b")  # one byte each after the closed think block
    with torch.inference_mode():
        ((first, second),) = score_labels(model, chat, [example], [labels], 700, torch.device("cpu"))
    continuation = chat.continuation(chat.prompt_text(example), "a")
    plain = eager(model)
    with torch.no_grad():
        row = alone(plain, replace(chat.prompt(example), response=continuation)).log_softmax(-1)
    begin = len(chat.prompt(example).prompt) - 1
    shared = sum(float(row[begin + k, token]) for k, token in enumerate(continuation[:-1]))
    last = row[begin + len(continuation) - 1]
    assert first == pytest.approx(shared + float(last[continuation[-1]]), abs=1e-4)
    other = chat.continuation(chat.prompt_text(example), "b")[-1]
    assert second == pytest.approx(shared + float(last[other]), abs=1e-4)


def test_a_label_that_begins_another_counts_where_the_answer_does_not_continue_to_it() -> None:
    """Trap 43."""
    settings = composition()
    model, chat = tuned(settings).eval(), reader(settings)
    (example, *_) = windowed()
    with torch.inference_mode():
        ((short, long),) = score_labels(model, chat, [example], [("a", "ab")], 700, torch.device("cpu"))
        ((alone_, _),) = score_labels(model, chat, [example], [("a", "c")], 700, torch.device("cpu"))
    assert math.exp(short) + math.exp(long) == pytest.approx(math.exp(alone_), rel=1e-4), "both share what a has"
    assert short < alone_


def test_the_likeliest_label_is_the_first_of_equals() -> None:
    assert likeliest(("a", "b", "c"), (-2.0, -1.0, -1.0)) == "b"
    assert likeliest((), ()) == ""
