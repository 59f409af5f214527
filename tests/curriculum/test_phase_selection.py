"""Which examples a phase takes."""

from collections.abc import Sequence

import pytest

from r1tailor.curriculum import course, phase_selection
from r1tailor.errors import ConfigError, DataError
from tests.curriculum.test_step_schedule import composed, material


@pytest.mark.parametrize("share", ["0.0", "0.25", "1.0"])
def test_a_phase_holds_its_own_examples_and_a_share_of_the_earlier(share: str) -> None:
    settings, found = composed("curriculum=by_task", f"curriculum.replay={share}"), material()
    for number, key in enumerate(settings.curriculum.keys):
        members = phase_selection.members(settings.curriculum, key, found, settings.seed)  # type: ignore[arg-type]
        own = [index for index in members if index % 4 == number]
        again = [index for index in members if index % 4 < number]
        assert len(own) == 10
        assert len(again) == round(float(share) * 10 * number)
        assert len(own) + len(again) == len(members), "and nothing of the phases that follow"
        steps = course(settings, key, found).steps(0)
        assert sorted(index for step in steps for index in step) == members


def test_what_comes_back_depends_on_seed_phase_and_index_alone() -> None:
    earlier = list(range(0, 80, 2))
    some = phase_selection.replayed(earlier, 0.3, 1, "2-x")
    assert len(some) == 12
    assert some == phase_selection.replayed(earlier[::-1], 0.3, 1, "2-x")
    assert set(some) < set(phase_selection.replayed(earlier, 0.5, 1, "2-x")), "a larger share holds the smaller"
    assert set(some) != set(phase_selection.replayed(earlier, 0.3, 2, "2-x"))
    assert set(some) != set(phase_selection.replayed(earlier, 0.3, 1, "3-x"))
    kept = set(phase_selection.replayed([index for index in earlier if index != some[0]], 1.0, 1, "2-x"))
    assert kept == set(earlier) - {some[0]}


def test_quantile_phases_divide_the_examples_exactly_even_with_equals() -> None:
    settings, found = composed("curriculum=by_difficulty", "curriculum.difficulty.by=level"), material()
    curriculum = settings.curriculum
    taken = [phase_selection.taken(curriculum.phases[key], found, 1) for key in curriculum.keys]  # type: ignore[union-attr,index]
    assert sorted(index for part in taken for index in part) == list(range(40))
    assert [len(part) for part in taken] == [13, 13, 14]
    levels = [sorted(index % 4 for index in part) for part in taken]
    assert levels[0][-1] <= levels[1][0]
    assert levels[1][-1] <= levels[2][0]


@pytest.mark.parametrize(
    ("overrides", "error", "said"),
    [
        (("trainer.max_steps=2",), ConfigError, "phases.1-trend.share: none of 2 steps falls to it"),
        (("curriculum.phases={1-trend: {take: {values: [mood]}}}",), DataError, "1-trend.take takes none of 40"),
        (("curriculum.phases={1-trend: {take: {field: mood}}}",), DataError, "example e0 has no field mood"),
    ],
)
def test_a_phase_of_nothing_is_refused(overrides: Sequence[str], error: type[Exception], said: str) -> None:
    settings = composed("curriculum=by_task", *overrides)
    with pytest.raises(error, match=said):
        course(settings, "1-trend", material())
