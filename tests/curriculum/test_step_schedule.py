"""Which examples each optimizer step is made of: shares, quantiles, pacing, replay; a function of the seed alone."""

import math
import re
from collections.abc import Callable, Sequence
from functools import cache

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from r1tailor import config
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.curriculum import Material, course, phase_selection, shuffled
from r1tailor.curriculum.competence import competence
from r1tailor.curriculum.difficulty import quantiles, quantiles_among, scores
from r1tailor.curriculum.step_schedule import shares_of
from r1tailor.errors import ConfigError, DataError
from r1tailor.records import Example
from r1tailor.schema.curriculum import Difficulty
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


def test_random_order_is_that_of_one_phase() -> None:
    found = material()
    lengths = [len(tokens) for tokens in found.tokens]
    assert course(composed("seed=3"), "1-all", found).steps(1) == shuffled.steps(lengths, 4, 3, 1, pool=16)


# --- competence --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pacing", "expected"),
    [("linear", [0.1, 0.325, 0.55, 0.775, 1.0, 1.0]), ("root", [0.1, 0.507445, 0.710634, 0.867468, 1.0, 1.0])],
)
def test_pacing_is_the_papers_formula(pacing: str, expected: list[float]) -> None:
    found = [competence(step, 8, 0.1, pacing) for step in (0, 2, 4, 6, 8, 9)]  # type: ignore[arg-type]
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("by", ["length", "loss", "level", "disagreement"])
@pytest.mark.parametrize("pacing", ["linear", "root"])
def test_a_step_draws_only_from_what_its_competence_allows(by: str, pacing: str) -> None:
    settings = composed(
        "curriculum=competence", f"curriculum.difficulty.by={by}", f"curriculum.pacing={pacing}", "trainer.max_epochs=4"
    )
    found, difficulty = material(), Difficulty(by=by, tasks=None)  # type: ignore[arg-type]
    places = quantiles(scores(difficulty, found), settings.seed)
    order = whole_order(settings, found)
    over = 0.7 * len(order)
    for number, step in enumerate(order):
        allowed = max(competence(number, over, 0.05, pacing), 4 / 40)  # type: ignore[arg-type]
        assert max(places[index] for index in step) <= allowed + 1e-9
    assert len({index for step in order for index in step}) > 30, "in the end all may be drawn"
    hardest = [max(places[index] for index in step) for step in order]
    assert hardest[0] < 0.2 < 0.7 < max(hardest[-5:])


# --- difficulty --------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.integers(0, 3))
@hypothesis_settings(max_examples=60, deadline=None)
def test_quantiles_are_a_permutation_that_respects_the_order(values: list[int], seed: int) -> None:
    places = quantiles([float(value) for value in values], seed)
    assert sorted(places) == [(n + 1) / len(values) for n in range(len(values))]
    for a, place in zip(values, places, strict=True):
        assert all(place < other for b, other in zip(values, places, strict=True) if a < b)
    middle = quantiles_among([float(value) for value in values], [float(value) for value in values])
    assert all(0 < place < 1 for place in middle) or len(set(values)) == 1


def test_the_scores_are_what_they_are_called() -> None:
    found = material(8)
    said = {by: scores(Difficulty(by=by, tasks=None), found) for by in ("length", "loss", "level", "disagreement")}  # type: ignore[arg-type]
    assert said["length"] == [5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0]
    assert said["loss"] == [8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]
    assert said["level"] == [0.0, 1.0, 2.0, 3.0] * 2
    assert said["disagreement"] == [i / 8 for i in range(8)]
    backwards = Difficulty(by="task", tasks=TASKS[::-1])
    assert scores(backwards, found) == [3.0, 2.0, 1.0, 0.0] * 2


@pytest.mark.parametrize(
    ("difficulty", "fields", "said"),
    [
        ({"by": "level", "tasks": None}, {"task": "x"}, "example e1 has no field level, .*It has: task"),
        ({"by": "disagreement", "tasks": None}, {}, "example e1 has no field disagreement, .*It has: none"),
        ({"by": "level", "tasks": None}, {"level": "high"}, "example e1: its field level = 'high' is no number"),
        ({"by": "level", "tasks": None}, {"level": math.nan}, "example e1: its field level = nan is no number"),
        (
            {"by": "task", "tasks": TASKS},
            {"task": "odd"},
            r"example e1: its task 'odd' is not in difficulty.tasks \(tr",
        ),
    ],
)
def test_a_missing_score_names_the_example_and_the_field(
    difficulty: dict[str, object], fields: dict[str, object], said: str
) -> None:
    tokens = [TokenizedExample("e1", (1,), (2,))]
    found = Material(tokens, {"e1": Example("e1", "", "", "x", fields=fields)})
    with pytest.raises(DataError, match=said):
        scores(Difficulty.model_validate(difficulty), found)


# --- phases ------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("{2-volatility: {after: train/3-risk/model}}", "must be train/1-trend/model, where it starts from"),
        ("{1-trend: {after: elsewhere}}", "must be instruct/train.jsonl, where it starts from"),
        ("{1-trend: {replay: 0.1}}", "phases.1-trend.replay: must be 0: no phase is before it"),
        ("{1-trend: {share: 0.5}}", "the shares of phases add up to 1.3: must be 1"),
        ("{1-trend: {epochs: 1}}", "give share .of the run's steps. or epochs"),
        ("{1-trend: {share: null}}", "give share .of the run's steps. or epochs"),
        ("{5-more: ${curriculum.phases.2-volatility}}", "phases.5-more.after"),
        ("{1-trend: {take: {kind: by_value, field: task, valuez: [x]}}}", "valuez is not a setting of"),
        ("{1-trend: {replai: 0}}", "curriculum.phases.1-trend.replai is not a setting of .*Did you mean"),
        ("{Trend: {replay: 0.0}}", "Trend"),
    ],
)
def test_phases_that_do_not_follow_one_another_are_refused(change: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        composed("curriculum=by_task", f"curriculum.phases={change}")
    assert re.search(said, str(caught.value))


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (("curriculum=by_task", "curriculum.final=1-trend"), "final = '1-trend': must be 4-allocation, the last"),
        (("curriculum=competence", "curriculum.difficulty.by=task"), "tasks must list the tasks from easy to hard"),
        (("curriculum=competence", "curriculum.difficulty.by=loses"), "Did you mean loss?"),
        (("curriculum.phases={2-more: {pool: 1}}",), "curriculum.phases.2-more is not a setting of"),
        (("curriculum.final=2-more",), "must be one of 1-all"),
    ],
)
def test_faults_of_a_curriculum_are_said(overrides: Sequence[str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        composed(*overrides)
    assert said in str(caught.value)


def test_one_setting_of_one_phase_can_be_changed_from_the_command_line(settings: Callable[..., Settings]) -> None:
    changed = settings("curriculum=by_task", "curriculum.phases={3-risk: {replay: 0.5}}").curriculum
    assert [phase.replay for phase in changed.phases.values()] == [0.0, 0.25, 0.5, 0.25]  # type: ignore[union-attr]
    assert changed.keys == ("1-trend", "2-volatility", "3-risk", "4-allocation")
