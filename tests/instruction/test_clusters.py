"""Near-identical items never end up in two parts of a split."""

from collections import Counter
from itertools import combinations

from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from r1tailor.instruction.build import leaks
from r1tailor.instruction.similarity import trigrams
from r1tailor.instruction.split import cluster, split
from r1tailor.layout import PARTS
from r1tailor.records import Example
from r1tailor.schema.domain import Split
from tests.support.made_examples import examples_of, place, text_of

SHARES = Split(validation=0.1, test=0.2, similarity=0.8)


def _jaccard(one: str, other: str) -> tuple[int, int]:
    return len(trigrams(one) & trigrams(other)), len(trigrams(one) | trigrams(other))


@profile(deadline=None, derandomize=True, database=None, max_examples=25)
@given(st.integers(0, 10_000), st.lists(st.sampled_from(["{}", "{}!", "{}.", "{} x", " {}", "a{}"]), max_size=4))
def test_copies_and_light_edits_never_straddle_two_parts(seed: int, edits: list[str]) -> None:
    examples = examples_of(40)
    examples += [
        Example(f"{example.id}/{number}", "", edit.format(example.input), "b")
        for example in examples[:20]
        for number, edit in enumerate(["{}", *edits])
    ]
    parts = split(examples, SHARES, seed)
    placed = place(parts)
    assert all(placed[example.id] == placed[example.id.partition("/")[0]] for example in examples)
    assert leaks(parts, SHARES.similarity) == {"validation": 0, "test": 0}
    for one, other in combinations(examples, 2):
        shared, union = _jaccard(one.input, other.input)
        assert placed[one.id] == placed[other.id] or shared < SHARES.similarity * union


def test_examples_of_one_group_stay_in_one_part() -> None:
    examples = [Example(f"e{i}", "", text_of(i), "b", group=f"g{i % 50}" if i < 300 else "") for i in range(400)]
    placed = place(split(examples, SHARES, 1))
    parts_of = {group: {placed[e.id] for e in examples if e.group == group} for group in {e.group for e in examples}}
    assert all(len(parts) == 1 for group, parts in parts_of.items() if group)
    assert parts_of[""] == set(PARTS)


def test_what_is_linked_through_a_third_is_one_cluster() -> None:
    examples = [Example("a", "", text_of(1), "", group="g"), Example("b", "", text_of(2), "", group="g")]
    examples += [Example("c", "", f"{text_of(2)}.", ""), Example("d", "", text_of(3), "")]
    numbers = cluster(examples, 0.8)
    assert numbers[0] == numbers[1] == numbers[2] != numbers[3]
    assert cluster([], 0.8) == []


def test_a_part_depends_on_seed_and_cluster_only() -> None:
    examples = [*examples_of(150), *(Example(f"copy{i}", "", text_of(i), "b") for i in range(60))]
    placed = place(split(examples, SHARES, 1))
    assert place(split(examples, SHARES, 1)) == placed
    assert place(split(examples, SHARES, 2)) != placed
    fewer = [example for index, example in enumerate(examples) if index % 150 % 2]
    assert place(split(fewer, SHARES, 1)).items() <= placed.items()
    assert place(split(examples[::-1], SHARES, 1)) == placed


def test_shares_are_about_right_and_parts_are_in_no_given_order() -> None:
    parts = split(examples_of(2000), SHARES, 1)
    counts = Counter({name: len(members) for name, members in parts.items()})
    assert abs(counts["test"] - 400) < 4 * (2000 * 0.2 * 0.8) ** 0.5
    assert abs(counts["validation"] - 200) < 4 * (2000 * 0.1 * 0.9) ** 0.5
    assert counts.total() == 2000
    ids = [int(example.id[1:]) for example in parts["train"]]
    assert ids != sorted(ids)
