"""Similar and contained texts are found exactly, in any language, whatever the block."""

from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from r1tailor.instruction import similarity as likeness
from r1tailor.instruction.similarity import contained_pairs, similar_pairs, trigrams


def _jaccard(one: str, other: str) -> tuple[int, int]:
    return len(trigrams(one) & trigrams(other)), len(trigrams(one) | trigrams(other))


@profile(deadline=None, derandomize=True, database=None, max_examples=150)
@given(
    st.lists(st.text("ab ,1高血压", max_size=12), max_size=12),
    st.lists(st.text("ab ,1高血压", max_size=12), max_size=6),
    st.sampled_from([0.2, 0.5, 0.8, 1.0]),
)
def test_similar_pairs_are_exactly_those_of_brute_force(texts: list[str], others: list[str], least: float) -> None:
    def near(one: str, other: str) -> bool:
        shared, union = _jaccard(one, other)
        return shared >= least * union

    within = {(i, j) for i, j in combinations(range(len(texts)), 2) if near(texts[i], texts[j])}
    across = {(i, j) for i, j in product(range(len(texts)), range(len(others))) if near(texts[i], others[j])}
    assert sorted(zip(*similar_pairs(texts, least), strict=True)) == sorted(within)
    assert sorted(zip(*similar_pairs(texts, least, others), strict=True)) == sorted(across)


def test_similar_pairs_do_not_depend_on_the_block_size(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"item {i // 3} of the list" for i in range(20)]
    whole = sorted(zip(*similar_pairs(texts, 0.8), strict=True))
    monkeypatch.setattr(likeness, "_BLOCK", 3)
    assert sorted(zip(*similar_pairs(texts, 0.8), strict=True)) == whole
    assert (0, 1) in whole


def test_trigrams_ignore_case_and_punctuation_and_read_chinese() -> None:
    assert trigrams("A-b, C!") == trigrams(" a b c") == {" a ", "a b", " b ", "b c", " c "}
    assert trigrams("高血压病。") == {" 高血", "高血压", "血压病", "压病 "}
    assert len({*trigrams(""), *trigrams("!")}) == 1


def test_contained_pairs_are_those_of_brute_force_whatever_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["a b c", "高血压", "a b", "x", ""]
    others = ["a b c d e", "原发性高血压病", "b c", "", "x y"]
    expected = {
        (i, j, len(trigrams(a) & trigrams(b)) / len(trigrams(a)))
        for i, a in enumerate(texts)
        for j, b in enumerate(others)
        if len(trigrams(a) & trigrams(b)) >= 0.3 * len(trigrams(a))
    }
    assert set(contained_pairs(texts, others, 0.3)) == expected
    assert len(expected) > 3
    monkeypatch.setattr(likeness, "_BLOCK_ENTRIES", 1)
    assert set(contained_pairs(texts, others, 0.3)) == expected
