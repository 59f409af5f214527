"""Shares of common trigrams are exact, whatever the block."""

import pytest

from r1tailor.instruction import similarity
from r1tailor.instruction.similarity import contained_pairs, trigrams


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
    monkeypatch.setattr(similarity, "_BLOCK_ENTRIES", 1)
    assert set(contained_pairs(texts, others, 0.3)) == expected
