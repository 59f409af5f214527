"""Which examples each optimizer step is made of: shares, quantiles, pacing, replay; a function of the seed alone."""

from functools import cache

import pytest

from r1tailor import config
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.curriculum import Material, course
from r1tailor.curriculum.step_schedule import shares_of
from r1tailor.errors import ConfigError
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from r1tailor.training.data import Steps

TASKS = ("trend", "volatility", "risk", "allocation")
KINDS = ("shuffled", "by_length", "competence", "by_task", "by_level", "by_difficulty")


def material(count: int = 40) -> Material:
    """Four tasks and four levels in turns, lengths that grow, losses that fall."""
    tokens = [TokenizedExample(f"e{i}", (7,) * (3 + i), (9, 2)) for i in range(count)]
    fields = [{"task": TASKS[i % 4], "level": i % 4, "disagreement": i / count} for i in range(count)]
    records = {f"e{i}": Example(f"e{i}", "", "", "x", fields=fields[i]) for i in range(count)}
    return Material(tokens, records, {f"e{i}": float(count - i) for i in range(count)})


@cache
def composed(*overrides: str) -> Settings:
    return config.load(["trainer.batch_size=4", "trainer.max_steps=null", *overrides])


def whole_order(settings: Settings, found: Material) -> list[list[int]]:
    """All optimizer steps of a run, phase after phase."""
    steps: list[list[int]] = []
    for key in settings.curriculum.keys:
        planned = course(settings, key, found)
        passes = [step for epoch in range(-(-planned.total // planned.per_epoch)) for step in planned.steps(epoch)]
        steps += passes[: planned.total]
    return steps


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("epochs", "limit"), [(1, "null"), (3, "null"), (3, "17")])
def test_every_curriculum_takes_as_many_steps_as_random_order(kind: str, epochs: int, limit: str) -> None:
    options = (f"curriculum={kind}", f"trainer.max_epochs={epochs}", f"trainer.max_steps={limit}")
    steps = whole_order(composed(*options), material())
    assert len(steps) == min(10 * epochs, 10**9 if limit == "null" else int(limit))
    assert all(1 <= len(step) <= 4 and len(set(step)) == len(step) for step in steps)


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_is_a_function_of_the_seed(kind: str) -> None:
    settings = composed(f"curriculum={kind}", "trainer.max_epochs=2")
    assert whole_order(settings, material()) == whole_order(settings, material())
    other = whole_order(settings.model_copy(update={"seed": 9}), material())
    assert (other == whole_order(settings, material())) == (kind == "by_length")


@pytest.mark.parametrize("kind", KINDS)
def test_steps_resumed_anywhere_are_the_rest(kind: str) -> None:
    settings = composed(f"curriculum={kind}", "trainer.max_epochs=3")
    found, key = material(), settings.curriculum.final

    def ids(steps: Steps) -> list[list[list[int]]]:
        return [[micro.input_ids.tolist() for micro in step] for step in steps]

    whole = ids(Steps(found.tokens, settings, 0, course(settings, key, found)))
    for begun in (1, len(whole) // 2, len(whole) - 1):
        resumed = Steps(found.tokens, settings, 0, course(settings, key, found))
        resumed.load_state_dict({"next": begun})
        assert ids(resumed) == whole[begun:]


# --- competence --------------------------------------------------------------------------------------------------


# --- difficulty --------------------------------------------------------------------------------------------------


# --- phases ------------------------------------------------------------------------------------------------------


def test_the_held_out_examples_are_shared_out_by_what_the_phases_so_far_are_about() -> None:
    settings, found = composed("curriculum=by_task"), material(8)
    assert shares_of(settings, "2-volatility", found, material()) == {
        "1-trend": frozenset({0, 4}),
        "2-volatility": frozenset({1, 5}),
    }
    by_length = composed("curriculum=by_difficulty")
    shares = shares_of(by_length, "3-hard", Material(material().tokens[::10]), Material(material().tokens))
    assert shares == {"1-easy": frozenset({0, 1}), "2-middle": frozenset({2}), "3-hard": frozenset({3})}
    assert shares_of(composed(), "1-all", found, material()) == {}


def test_a_phase_of_epochs_lasts_so_many_passes() -> None:
    changed = "curriculum.phases={4-allocation: {share: null, epochs: 2}}"
    settings = composed("curriculum=by_task", "curriculum.replay=0.0", changed)
    assert course(settings, "4-allocation", material()).total == 2 * 3


@pytest.mark.parametrize("kind", ["by_task", "by_level", "by_difficulty"])
def test_a_rate_over_the_run_goes_on_where_the_phase_before_ended(kind: str) -> None:
    options = (f"curriculum={kind}", "trainer.max_epochs=3")
    settings, found = composed(*options, "scheduler.over=run"), material()
    planned = [course(settings, key, found) for key in settings.curriculum.keys]
    assert [one.begin for one in planned] == [sum(p.total for p in planned[:n]) for n in range(len(planned))]
    assert {one.scheduled for one in planned} == {sum(one.total for one in planned)} == {30}
    alone = [course(composed(*options), key, found) for key in settings.curriculum.keys]
    assert {(one.begin, one.scheduled) for one in alone} == {(0, 0)}
    assert [one.total for one in alone] == [one.total for one in planned]


def test_a_rate_over_the_run_needs_the_share_of_each_phase() -> None:
    phase = "'curriculum.phases={2-longer: {share: null, epochs: 2}}'"
    with pytest.raises(
        ConfigError, match=r"scheduler\.over = run needs the share of each phase .* 2-longer counts epochs"
    ):
        composed("curriculum=by_level", "scheduler.over=run", phase.strip("'"))
