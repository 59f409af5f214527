"""A planted mode is found and confirmed on the other half; where there is none, none is claimed."""

import numpy as np
import pytest

from r1tailor.evaluation.error_modes.modes import Mode, Table, halves, modes, slices

WARDS, SEXES, SOURCES = ("icu", "er", "surgery", "home"), ("f", "m"), ("a", "b", "c")


def table(number: int, seed: int, rate: float = 0.2, *, planted: bool = False, clusters: int = 0) -> Table:
    """Return items whose errors are drawn at one rate, or that are all wrong on one ward."""
    draw = np.random.default_rng(seed)
    rows = [
        {
            "field ward": WARDS[draw.integers(4)],
            "field sex": SEXES[draw.integers(2)],
            "source": SOURCES[draw.integers(3)],
            "length": ("short", "middle", "long")[draw.integers(3)],
            "negation": ("yes", "no")[draw.integers(2)],
            "disagreement": None,
        }
        for _ in range(number)
    ]
    of_cluster = draw.random(clusters or 1) < rate
    names = [f"c{draw.integers(clusters)}" if clusters else f"i{seed}-{n}" for n in range(number)]
    hits = [bool(of_cluster[int(name[1:])]) if clusters else bool(draw.random() < rate) for name in names]
    if clusters:  # all items of a cluster share a ward, too: what looks like many errors is few
        rows = [row | {"field ward": WARDS[int(name[1:]) % 4]} for row, name in zip(rows, names, strict=True)]
    wrong = [hit or (planted and row["field ward"] == "icu") for hit, row in zip(hits, rows, strict=True)]
    return Table(rows, wrong, [f"i{seed}-{n}" for n in range(number)], names)


def shown(found: list[Mode]) -> list[Mode]:
    return [mode for mode in found if mode.p_holm < 0.05]


def test_a_planted_mode_is_found_and_confirmed() -> None:
    found = modes(table(100, 1, planted=True), table(100, 2, planted=True))
    worst = shown(found)[0]
    assert worst.where == {"field ward": "icu"}
    assert (worst.rate, worst.found) == (1.0, 1.0)
    assert worst.errors == worst.n
    assert worst.rate_elsewhere < 0.35
    assert 1 <= len(worst.examples) <= 5
    assert worst.as_dict()["where"] == {"field ward": "icu"}


def test_a_planted_mode_is_found_in_nearly_every_draw() -> None:
    found = [modes(table(100, seed, planted=True), table(100, 1000 + seed, planted=True)) for seed in range(20)]
    assert sum({"field ward": "icu"} in [dict(mode.where) for mode in shown(one)] for one in found) >= 19


def test_where_no_mode_is_planted_none_is_claimed() -> None:
    found = [modes(table(100, seed), table(100, 1000 + seed)) for seed in range(100, 160)]
    assert all(len(one) > 0 for one in found), "slices are tested, so that this test could fail"
    assert sum(bool(shown(one)) for one in found) <= 3


def test_what_is_found_is_not_confirmed_by_the_items_that_it_was_found_on() -> None:
    """Trap 58: tested on the same items, slices of noise pass."""
    same = [modes(half, half) for half in (table(100, seed) for seed in range(100, 120))]
    assert sum(bool(shown(one)) for one in same) > 1


def test_clusters_are_no_independent_items() -> None:
    """Four clusters a ward, each right or wrong as a whole."""
    found = [modes(table(120, seed, 0.4, clusters=16), table(120, 1000 + seed, 0.4, clusters=16)) for seed in range(30)]
    assert sum(bool(shown(one)) for one in found) <= 3


def test_holm_corrects_for_the_slices_that_were_tested() -> None:
    found = modes(table(100, 3), table(100, 4))
    assert len(found) > 1
    assert all(0 <= mode.p_holm <= 1 for mode in found)
    assert [mode.excess for mode in found] == sorted((mode.excess for mode in found), reverse=True)


@pytest.mark.parametrize("items", [table(10, 1), table(0, 1), table(100, 1, rate=0.0), table(100, 1, rate=1.0)])
def test_too_few_items_or_errors_have_no_modes(items: Table) -> None:
    assert slices(items) == []
    assert modes(items, items) == []


def test_slices_that_share_most_items_are_one() -> None:
    found = table(200, 5, planted=True)
    members = [found.inside(where) for where in slices(found)]
    for place, one in enumerate(members):
        for other in members[:place]:
            assert (one & other).sum() / (one | other).sum() < 0.5


def test_a_cluster_lies_in_one_half() -> None:
    clusters = [f"c{number % 30}" for number in range(100)]
    first, second = halves(clusters, seed=1)
    assert sorted(first + second) == list(range(100))
    assert not {clusters[place] for place in first} & {clusters[place] for place in second}
    assert abs(len(first) - len(second)) <= 4
    assert halves(clusters, seed=1) == (first, second)
    assert halves(clusters, seed=2) != (first, second)
