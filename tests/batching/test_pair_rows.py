"""Rows of pairs: every example once, both of its answers in one row, the prompt once."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1tailor.batching.pair_rows import pack_pairs
from r1tailor.batching.tokens import TokenizedExample

IDS = st.lists(st.integers(1, 3), min_size=1, max_size=20).map(tuple)


@st.composite
def examples(draw: st.DrawFn) -> list[TokenizedExample]:
    made = []
    for number in range(draw(st.integers(1, 9))):
        prompt, response = draw(IDS), draw(IDS)
        other = TokenizedExample(str(number), prompt, draw(IDS)) if draw(st.booleans()) else None
        made.append(TokenizedExample(str(number), prompt, response, rejected=other))
    return made


@given(examples(), st.integers(1, 120))
def test_every_example_is_packed_once_with_its_rejected_answer(told: list[TokenizedExample], budget: int) -> None:
    rows, seen = list(pack_pairs(told, budget, 0)), []
    for row in rows:
        length = sum(segment.examples * segment.width for segment in row.segments)
        assert length <= budget or len(set(row.members)) == 1
        answers = [tuple(row.labels[row.owners == number].tolist()) for number in range(len(row.members))]
        rejected = [] if row.pairs is None else row.pairs.rejected.tolist()
        for number, member in enumerate(row.members):
            if number not in rejected:
                assert answers[number] == told[member].response
                seen.append(member)
        pairs = [] if row.pairs is None else list(zip(row.pairs.chosen.tolist(), rejected, strict=True))
        for chosen, other in pairs:
            assert row.members[chosen] == row.members[other]
            assert answers[other] == told[row.members[other]].rejected.response
        assert row.counts == (sum(len(told[i].response) for i in set(row.members)), len(pairs))
    assert sorted(seen) == list(range(len(told)))
    assert sum(row.counts[1] for row in rows) == sum(one.rejected is not None for one in told)


def test_a_long_prompt_stands_in_the_row_once() -> None:
    one = TokenizedExample("a", tuple(range(1, 101)), (7, 8))
    (row,) = pack_pairs([replace(one, rejected=replace(one, response=(9, 10, 11)))], 1, 0)
    assert row.input_ids.shape[1] < 120
    assert row.members == (0, 0)


@pytest.mark.parametrize("rejected", [None, TokenizedExample("a", (1, 2), (3,) * 9)])
def test_an_example_is_as_long_as_the_longer_of_its_answers(rejected: TokenizedExample | None) -> None:
    assert len(TokenizedExample("a", (1, 2), (3, 4), rejected=rejected)) == (11 if rejected else 4)
