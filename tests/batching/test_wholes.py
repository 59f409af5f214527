"""A conversation stands in one row where one holds it; examples that stand alone are packed as before."""

from r1tailor.batching.packing import pack
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.batching.wholes import bins


def turns(name: str, count: int, width: int = 20) -> list[TokenizedExample]:
    """Return turns that share all of the prompt before them; each adds some tokens of its own."""
    start = sum(map(ord, name))
    return [
        TokenizedExample(f"{name}{turn}", tuple(range(start, start + width * (turn + 1))), (1, 2, 3), conversation=name)
        for turn in range(count)
    ]


def test_examples_that_stand_alone_are_one_bin() -> None:
    alone = [TokenizedExample(str(n), (n, n + 1), (3,)) for n in range(5)]
    assert bins(alone, 10) == [[0, 1, 2, 3, 4]]


def test_conversations_are_wholes_and_the_longest_goes_first() -> None:
    examples = [*turns("a", 3), *turns("b", 5), *turns("c", 3), TokenizedExample("x", (1, 2), (3,))]
    assert bins(examples, 160) == [[11], [3, 4, 5, 6, 7], [0, 1, 2, 8, 9, 10]]


def test_a_row_holds_whole_conversations_and_its_members_are_those_of_the_sequence() -> None:
    examples = [one for pair in zip(turns("a", 3), turns("b", 3), strict=True) for one in pair]
    rows = list(pack(examples, 90, 0))
    assert [sorted(row.members) for row in rows] == [[0, 2, 4], [1, 3, 5]]
    assert sorted(member for row in rows for member in row.members) == list(range(6))
