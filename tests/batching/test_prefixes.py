"""Shared prefixes of a packed row."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from r1tailor.batching.packing import rectangles
from r1tailor.batching.prefixes import prefix_tree
from r1tailor.batching.tokens import TokenizedExample
from tests.batching.test_packing import EXAMPLES


@given(EXAMPLES, st.integers(1, 12))
def test_the_prefix_tree_holds_each_prompt_once_and_keeps_only_what_is_worth_it(
    examples: list[TokenizedExample], worth: int
) -> None:
    prompts = [example.prompt for example in examples]
    tree = prefix_tree(prompts, worth)
    assert sorted(index for group in tree for index in group.members) == list(range(len(prompts)))
    below = [set(group.members) for group in tree]
    for number in range(len(tree) - 1, 0, -1):
        parent = tree[number].parent
        assert parent is not None
        assert parent < number
        assert tree[number].start == tree[parent].end
        below[parent] |= below[number]
    for group, members in zip(tree, below, strict=True):
        assert {prompts[index][group.start : group.end] for index in members} == {group.tokens}
        assert all(len(prompts[index]) > group.end for index in members)
        assert (len(members) - 1) * len(group.tokens) >= worth or group.parent is None


@given(EXAMPLES)
def test_with_nothing_to_lose_every_shared_token_is_found(examples: list[TokenizedExample]) -> None:
    prompts = [example.prompt for example in examples]
    tree = prefix_tree(prompts, worth=1)
    positions = sum(len(group.tokens) for group in tree)
    positions += sum(len(prompts[index]) - group.end for group in tree for index in group.members)
    distinct = {prompt[:k] for prompt in prompts for k in range(1, len(prompt))}
    assert positions == len(distinct) + len(prompts)  # a trie over all but the last tokens


@given(st.lists(st.integers(1, 60), min_size=1, max_size=9), st.integers(0, 40))
def test_rectangles_cost_as_little_as_the_best_of_all_divisions(lengths: list[int], worth: int) -> None:
    def cost(division: list[list[int]]) -> int:
        return sum(len(part) * max(lengths[index] for index in part) + worth for part in division)

    found = rectangles(lengths, worth)
    assert sorted(index for part in found for index in part) == list(range(len(lengths)))
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    cuts = itertools.product((False, True), repeat=len(lengths) - 1)
    assert cost(found) == min(cost(_cut(order, where)) for where in cuts)


def _cut(order: list[int], where: tuple[bool, ...]) -> list[list[int]]:
    ends = [*(k for k, cut in enumerate(where, start=1) if cut), len(order)]
    return [order[a:b] for a, b in zip([0, *ends], ends, strict=False)]
