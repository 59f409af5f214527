"""By group and by time, too, nothing near-identical lies on two sides, and what lies on none is listed."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from r1tailor.errors import ConfigError, DataError
from r1tailor.instruction.similarity import trigrams
from r1tailor.instruction.split import split
from r1tailor.layout import PARTS
from r1tailor.records import Example
from r1tailor.schema.domain import Boundaries, Split
from r1tailor.schema.settings import Settings
from tests.support.made_examples import place, text_of

BY_GROUP = Split(validation=0.2, test=0.2, similarity=0.8, by="group")
BY_TIME = BY_GROUP.model_copy(update={"by": "time"})
BOUNDED = BY_TIME.model_copy(
    update={"boundaries": Boundaries(validation="2024-01-01", test="2024-03-01"), "embargo_days": 10}
)
FIRST = date(2023, 12, 1)
Compose = Callable[..., Settings]
_PROPERTY = profile(deadline=None, derandomize=True, database=None, max_examples=40)


def _dated(days: list[int], copies: bool = False) -> list[Example]:
    """Return an example for each day after the first; with ``copies``, every second repeats the one before it."""
    return [
        Example(f"e{i}", "", text_of(i // 2 if copies else i), "b", available_at=str(FIRST + timedelta(day)))
        for i, day in enumerate(days)
    ]


def _near(one: Example, other: Example) -> bool:
    first, second = trigrams(one.input), trigrams(other.input)
    return len(first & second) >= 0.8 * len(first | second)


def _straddles(parts: dict[str, list[Example]]) -> bool:
    return any(_near(a, b) for one, other in combinations(PARTS, 2) for a in parts[one] for b in parts[other])


@_PROPERTY
@given(st.integers(0, 1000), st.lists(st.tuples(st.integers(0, 12), st.integers(0, 25)), max_size=40))
def test_groups_are_whole_and_nothing_near_identical_straddles(seed: int, drawn: list[tuple[int, int]]) -> None:
    examples = [Example(f"e{i}", "", text_of(text), "b", group=f"g{group}") for i, (group, text) in enumerate(drawn)]
    left_out: dict[str, list[str]] = {}
    parts = split(examples, BY_GROUP, seed, left_out)
    placed = place(parts)
    groups = {
        example.group: {placed[e.id] for e in examples if e.group == example.group and e.id in placed}
        for example in examples
    }
    assert all(len(found) <= 1 for found in groups.values())
    assert not _straddles(parts)
    assert sorted([*placed, *left_out.get("near_identical", [])]) == sorted(example.id for example in examples)


@_PROPERTY
@given(st.lists(st.integers(0, 120), max_size=40), st.integers(0, 30))
def test_by_time_train_is_before_validation_before_test_with_an_embargo(days: list[int], embargo: int) -> None:
    settings = BY_TIME.model_copy(update={"embargo_days": embargo})
    left_out: dict[str, list[str]] = {}
    examples = _dated(days, copies=True)
    parts = split(examples, settings, 1, left_out)
    dates = {part: [date.fromisoformat(example.available_at) for example in parts[part]] for part in PARTS}
    for earlier, later in combinations(PARTS, 2):
        if dates[earlier] and dates[later]:
            assert (min(dates[later]) - max(dates[earlier])).days > embargo
    assert not _straddles(parts)
    listed = [id_ for ids in left_out.values() for id_ in ids]
    assert sorted([*place(parts), *listed]) == sorted(example.id for example in examples)
    assert set(left_out) <= {"embargo", "near_identical"}


@pytest.mark.parametrize(
    ("day", "part"),
    [
        ("2023-12-21", "train"),  # 11 days before
        ("2023-12-22", "embargo"),  # 10 days before
        ("2023-12-31", "embargo"),
        ("2024-01-01", "validation"),
        ("2024-02-19", "validation"),
        ("2024-02-20", "embargo"),
        ("2024-02-29", "embargo"),
        ("2024-03-01", "test"),
        ("2030-01-01", "test"),
    ],
)
def test_given_boundaries_hold_to_the_day(day: str, part: str) -> None:
    left_out: dict[str, list[str]] = {}
    parts = split([Example("e", "", "a", "b", available_at=day)], BOUNDED, 1, left_out)
    assert place(parts) | {id_: reason for reason, ids in left_out.items() for id_ in ids} == {"e": part}


@pytest.mark.parametrize(
    ("day", "until", "part"),
    [
        ("2023-12-01", "2023-12-31", "train"),
        ("2023-12-01", "2024-01-01", "embargo"),  # the answer is known on the first day of validation only
        ("2024-01-05", "2024-02-29", "validation"),
        ("2024-01-05", "2024-03-01", "embargo"),
        ("2024-03-01", "2024-05-01", "test"),
    ],
)
def test_an_answer_that_looks_over_a_boundary_is_purged(day: str, until: str, part: str) -> None:
    left_out: dict[str, list[str]] = {}
    ahead = Example("e", "", "a", "b", available_at=day, fields={"label_until": until})
    parts = split([ahead], BOUNDED, 1, left_out)
    assert place(parts) | {id_: reason for reason, ids in left_out.items() for id_ in ids} == {"e": part}


def _windowed(days: list[int], windows: list[float], text: str = "one and the same") -> list[Example]:
    """Return examples of one text and, for each day after the first, a window."""
    return [
        Example(f"e{i}", "", text, "b", available_at=str(FIRST + timedelta(day)), series=((window, 0.0),))
        for i, (day, window) in enumerate(zip(days, windows, strict=True))
    ]


@pytest.mark.parametrize("similarity", [0.8, 1.0])
def test_windows_are_told_apart_by_their_numbers_whatever_the_text(similarity: float) -> None:
    settings = BOUNDED.model_copy(update={"similarity": similarity})
    left_out: dict[str, list[str]] = {}
    examples = _windowed([0, 1, 31, 32, 91, 92], [1.0, 2.0, 3.0, 1.0, 4.0, 3.0])
    parts = split(examples, settings, 1, left_out)
    assert left_out == {"near_identical": ["e0", "e2"]}  # the windows of e3 and e5
    assert {part: {e.id for e in members} for part, members in parts.items()} == {
        "train": {"e1"},
        "validation": {"e3"},
        "test": {"e4", "e5"},
    }


def test_examples_of_one_window_stay_in_one_part_whatever_they_ask() -> None:
    shared = [Example(f"e{i}", "", text_of(i), "b", series=((float(i % 9),),)) for i in range(90)]
    placed = place(split(shared, BY_GROUP.model_copy(update={"by": "similarity"}), 1))
    assert all(len({placed[f"e{i}"] for i in range(window, 90, 9)}) == 1 for window in range(9))
    assert len(set(placed.values())) > 1


def test_without_boundaries_the_shares_say_where_they_lie() -> None:
    parts = split(_dated([*range(100)][::-1]), BY_TIME, 1)
    assert [len(parts[part]) for part in PARTS] == [60, 20, 20]
    assert {e.id for e in parts["test"]} == {f"e{i}" for i in range(20)}
    none = BY_TIME.model_copy(update={"validation": 0.0})
    assert [len(part) for part in split(_dated([*range(100)]), none, 1).values()] == [80, 0, 20]
    assert [len(part) for part in split([], BY_TIME, 1).values()] == [0, 0, 0]


def test_of_two_near_identical_examples_the_one_in_the_later_part_stays() -> None:
    days = [0, 31, 1, 91, 32, 92, 2, 3]  # train-validation, train-test, validation-test, train-train
    left_out: dict[str, list[str]] = {}
    parts = split(_dated(days, copies=True), BOUNDED, 1, left_out)
    assert left_out == {"near_identical": ["e0", "e2", "e4"]}
    assert {part: {e.id for e in members} for part, members in parts.items()} == {
        "train": {"e6", "e7"},
        "validation": {"e1"},
        "test": {"e3", "e5"},
    }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (BY_GROUP, "domain.split.by = group: 2 examples name no group; the first is e1"),
        (BY_TIME, "domain.split.by = time: example e1 has no date (available_at)"),
    ],
)
def test_an_example_that_cannot_be_placed_is_named(settings: Split, message: str) -> None:
    examples = [Example("e0", "", "a", "b", group="g", available_at="2024-01-01")]
    examples += [Example(f"e{i}", "", "a", "b") for i in (1, 2)]
    with pytest.raises(DataError) as refusal:
        split(examples, settings, 1)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("overrides", "fault"),
    [
        (["by=patient"], "domain.split.by = 'patient': must be one of similarity, group, time."),
        (["embargo_days=5"], "domain.split: boundaries and embargo_days are of by: time (domain=generic"),
        (
            ["by=group", "boundaries={validation: '2024-01-01', test: '2024-02-01'}"],
            "domain.split: boundaries and embargo_days are of by: time (domain=generic",
        ),
        (
            ["by=time", "boundaries={validation: '2024-03-01', test: '2024-02-01'}"],
            "domain.split.boundaries: validation must not be later than test (domain=generic",
        ),
        (
            ["by=time", "boundaries={validation: soon, test: '2024-02-01'}"],
            'domain.split.boundaries.validation: must be a date such as "2024-12-31" (domain=generic',
        ),
        (["by=time", "embargo_days=-1"], "domain.split.embargo_days = -1: must be greater than or equal to 0"),
    ],
)
def test_a_faulty_split_is_refused(overrides: list[str], fault: str, settings: Compose) -> None:
    written = [f"++domain.split.{override}" for override in overrides]
    with pytest.raises(ConfigError) as refusal:
        settings("domain=generic", "domain.sources.0.path=x", *written)
    assert [found.startswith(fault) for found in refusal.value.faults] == [True], refusal.value.faults
