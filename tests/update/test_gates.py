"""Gates: what passes, what fails, and what a failure means."""

import numpy as np
import pytest
from scipy.stats import fisher_exact

from r1tailor.records import Example
from r1tailor.update.gates import better, none_harmed, not_worse, told, verdict
from r1tailor.update.paired import Paired, paired

ITEMS = [Example(f"e{n}", "", "", "") for n in range(200)]


def _found(n: int, won: int, lost: int) -> Paired:
    champion, candidate = np.ones(n), np.ones(n)
    champion[:won], candidate[won : won + lost] = 0, 0
    return paired(ITEMS[:n], champion.tolist(), candidate.tolist())


def test_better_needs_the_level_and_items() -> None:
    assert better("day", "m", _found(50, 12, 0), 0.001, 1).passed
    assert not better("day", "m", _found(50, 8, 0), 0.001, 1).passed
    nothing = better("day", "m", _found(0, 0, 0), 0.001, 1)
    assert (nothing.passed, nothing.harmed) == (False, False)
    assert not better("day", "m", _found(50, 2, 1), 0.001, 1).harmed, "more items could show it"
    assert better("day", "m", _found(50, 0, 0), 0.001, 1).harmed, "nothing of the day was learnt"
    assert not better("day", "m", _found(4, 0, 0), 0.001, 1).harmed, "four items tell nothing"


def test_corrections_are_learnt_where_more_of_them_are_mended_than_any_change_mends() -> None:
    def corrected(right: int) -> Paired:
        return paired(ITEMS[:60], [0.0] * 60, [1.0] * right + [0.0] * (60 - right))

    by_chance = better("day", "m", corrected(20), 0.001, 1, _found(200, 40, 40))  # of 40 mistakes elsewhere
    assert (by_chance.passed, by_chance.p) == (False, 1.0), "the candidate turns a third right, and all others too"
    churn = paired(ITEMS, [0.0] * 60 + [1.0] * 140, [1.0] * 18 + [0.0] * 42 + [1.0] * 122 + [0.0] * 18)
    lucky = better("day", "m", corrected(20), 0.001, 1, churn)
    assert not lucky.passed
    assert lucky.p == pytest.approx(fisher_exact([[20, 40], [18, 42]], "greater").pvalue)
    assert lucky.why == "20 of 60 mistakes mended, 18 of 60 on held-out items"
    assert better("day", "m", corrected(50), 0.001, 1, churn).passed
    few = better("day", "m", corrected(20), 0.001, 1, _found(100, 2, 0))
    assert few.passed
    assert few.why.endswith("2 of 2 on held-out items: too few to tell how many any change mends")


def test_a_lucky_candidate_on_corrections_is_promoted_no_more_often_than_the_level() -> None:
    """2,000 days of a model that changes 10 % of its answers at random, for no reason."""
    chance, shown = np.random.default_rng(1), []
    for _ in range(2000):
        here, there = chance.random(80) < 0.1, chance.random(100) < 0.1
        elsewhere = paired(ITEMS[:100], [0.0] * 100, there.astype(float).tolist())
        found = paired(ITEMS[:80], [0.0] * 80, here.astype(float).tolist())
        shown.append([better("day", "m", found, 0.05, 1, other).passed for other in (None, elsewhere)])
    alone, both = np.mean(shown, axis=0)
    assert alone > 0.9, "none of these items was right before, so the test of signs alone takes chance for learning"
    assert both <= 0.05


def test_not_worse_excludes_more_harm_than_the_margin() -> None:
    assert not_worse("held_out", "m", _found(200, 0, 0), 0.03, 1).passed
    unsure = not_worse("held_out", "m", _found(200, 3, 5), 0.03, 1)
    assert (unsure.passed, unsure.harmed) == (False, False), "more items could exclude it"
    harmed = not_worse("held_out", "m", _found(200, 0, 20), 0.03, 1)
    assert (harmed.passed, harmed.harmed) == (False, True)


def test_a_small_set_passes_where_it_shows_no_harm_unless_it_decides_strictly() -> None:
    small = _found(20, 0, 0)
    loose = not_worse("earlier", "m", small, 0.03, 1)
    assert (loose.rule, loose.passed, loose.why) == ("no harm", True, "20 items cannot exclude a margin of 0.03")
    assert not_worse("earlier", "m", _found(20, 0, 6), 0.03, 1).passed is False
    assert not_worse("held_out", "m", small, 0.03, 1, strict=True).passed is False
    assert not_worse("earlier", "m", _found(0, 0, 0), 0.03, 1).passed is None
    assert not_worse("held_out", "m", _found(0, 0, 0), 0.03, 1, strict=True).passed is False


def test_harm_on_one_of_many_sets_is_found_and_chance_is_corrected_for() -> None:
    sets = {f"d{n}": _found(30, 1, 1) for n in range(20)}
    assert none_harmed("earlier, each day", "m", sets, 1).passed
    by_chance = sets | {"d3": _found(30, 0, 6)}
    assert none_harmed("earlier, each day", "m", by_chance, 1).passed, "p = 1/64, of twenty sets"
    gate = none_harmed("earlier, each day", "m", sets | {"d3": _found(30, 0, 20)}, 1)
    assert (gate.passed, gate.why) == (False, "harm on d3")
    assert none_harmed("earlier, each day", "m", {}, 1).passed is None


def test_a_candidate_passes_where_no_gate_fails() -> None:
    fine = told("canaries", "none", passed=True)
    assert verdict([fine, told("thinking", "neither model reasons")]) == (True, [], True)
    unsure = better("day", "m", _found(10, 2, 0), 0.001, 1)
    assert verdict([fine, unsure]) == (False, ["day"], True)
    assert verdict([told("canaries", "spoilt", passed=False), unsure]) == (False, ["canaries", "day"], False)
    assert str(told("canaries", "2 of 3", passed=False)) == "canaries: FAILED: 2 of 3"
