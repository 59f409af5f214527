"""Shapley values against their definition, written out, and against captum."""

import itertools
from collections.abc import Callable, Sequence
from math import factorial

import numpy as np
import pytest
import torch
from captum.attr import ShapleyValues

from r1tailor.evaluation.error_modes.shapley import EXACT, shapley


def game(members: int, seed: int) -> Callable[[Sequence[int]], list[float]]:
    """Return a function of sets with interactions of every order."""
    worth = np.random.default_rng(seed).normal(size=2**members)
    return lambda sets: [float(worth[one]) for one in sets]


def by_definition(members: int, worth: Callable[[Sequence[int]], list[float]]) -> list[float]:
    """Return the mean gain of each member over all orders."""
    values = [0.0] * members
    for order in itertools.permutations(range(members)):
        there = 0
        for member in order:
            with_it = there | 1 << member
            values[member] += (worth([with_it])[0] - worth([there])[0]) / factorial(members)
            there = with_it
    return values


@pytest.mark.parametrize("members", [1, 2, 5, 6])
def test_exact_values_are_those_of_the_definition(members: int) -> None:
    worth = game(members, seed=members)
    found = shapley(members, worth, seed=0)
    assert found.values == pytest.approx(by_definition(members, worth), abs=1e-9)
    assert found.errors == (0.0,) * members
    assert (found.full, found.empty) == (worth([2**members - 1])[0], worth([0])[0])


def test_exact_values_are_those_of_captum() -> None:
    worth = game(5, seed=3)

    def forward(rows: torch.Tensor) -> torch.Tensor:
        return torch.tensor(worth([sum(1 << place for place, bit in enumerate(row) if bit > 0.5) for row in rows]))

    oracle = ShapleyValues(forward).attribute(torch.ones(1, 5), baselines=torch.zeros(1, 5))
    assert shapley(5, worth, seed=0).values == pytest.approx(oracle[0].tolist(), abs=1e-5)


@pytest.mark.parametrize("members", [3, EXACT, EXACT + 1, 12])
def test_values_sum_to_what_the_full_set_has_more_than_the_empty_one(members: int) -> None:
    found = shapley(members, game(members, seed=7), seed=1)
    assert sum(found.values) == pytest.approx(found.full - found.empty, abs=1e-9)


def test_every_set_is_asked_for_once_and_in_one_call() -> None:
    calls: list[list[int]] = []

    def worth(sets: Sequence[int]) -> list[float]:
        calls.append(list(sets))
        return [0.0] * len(sets)

    shapley(4, worth, seed=0)
    shapley(12, worth, seed=0)
    exact, drawn = calls
    assert exact == list(range(16))
    assert len(set(drawn)) == len(drawn) < 2**12


def test_drawn_values_lie_within_their_errors_of_the_exact_ones() -> None:
    """Twelve members whose exact values are known: a sum of pairs."""
    draw = np.random.default_rng(5)
    alone, pairs = draw.normal(size=12), np.triu(draw.normal(size=(12, 12)), 1)
    triple = draw.normal()

    def worth(sets: Sequence[int]) -> list[float]:
        bits = [(one >> np.arange(12)) & 1 for one in sets]
        return [float(alone @ bit + bit @ pairs @ bit + triple * bit[0] * bit[1] * bit[2]) for bit in bits]

    exact = alone + (pairs + pairs.T).sum(axis=1) / 2
    exact[:3] += triple / 3
    found = [shapley(12, worth, seed=seed) for seed in range(20)]
    off = np.array([np.abs(np.array(one.values) - exact) for one in found])
    errors = np.array([one.errors for one in found])
    assert errors.max() > 0
    assert off[:, 3:].max() < 1e-9, "a pair of an order and its reverse is exact for interactions of two"
    assert (off[:, :3] <= 3 * errors[:, :3]).mean() >= 0.9
    assert shapley(12, worth, seed=3) == found[3], "the seed decides what is drawn"
