"""Beginnings are kept from their first reader to the last."""

from r1tailor.inference.sharing import Sharing

COMMON = tuple(range(600))
PROMPTS = [(*COMMON, 700 + n) for n in range(3)] + [(*COMMON[:300], 650, 650), (901, 902)]


def test_what_many_share_is_kept_once_while_they_need_it() -> None:
    sharing = Sharing(PROMPTS)
    assert [sharing.shared(member) for member in range(5)] == [600, 600, 600, 300, 0]
    (outer,), (inner,) = sharing.missing([0, 1, 2, 3, 4])
    assert (outer[1], inner[1]) == (COMMON[:300], COMMON[300:])
    assert inner[2] == (outer[3],), "the inner one is read in the context of the outer one"
    assert sharing.context(0) == (outer[3], inner[3])
    assert sharing.context(3) == (outer[3],)
    assert sharing.context(4) == ()
    assert not list(sharing.missing([1])), "both are kept already"
    for member in (0, 1, 2):
        sharing.left(member)
    assert sharing._kept.keys() == {1}, "nobody reads the inner one any more"
    sharing.left(3)
    assert not sharing._kept


def test_what_is_forgotten_is_missing_again() -> None:
    sharing = Sharing(PROMPTS)
    assert len(list(sharing.missing([0]))) == 2
    sharing.forget()
    assert len(list(sharing.missing([0]))) == 2


def test_short_beginnings_are_not_worth_their_products() -> None:
    sharing = Sharing([(1, 2, 3, n) for n in range(9)])
    assert sharing.shared(0) == 0
    assert sharing.mean == 0
    assert not list(sharing.missing(range(9)))


def test_neighbours_share_most() -> None:
    sharing = Sharing([PROMPTS[n] for n in (4, 0, 3, 1, 2)])
    assert {frozenset(sharing.order[k : k + 3]) for k in range(3)} & {frozenset({1, 3, 4})}
