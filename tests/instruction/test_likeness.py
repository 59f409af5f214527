"""Near-identical examples: the same window, or texts with the same trigrams."""

from r1tailor.instruction.likeness import near_identical, repeated
from r1tailor.records import Example


def test_at_full_similarity_texts_are_alike_if_all_their_trigrams_are() -> None:
    texts = ["a b c", "A, b; c", "a b d", "", "?"]
    examples = [Example(str(i), "", text, "x") for i, text in enumerate(texts)]
    assert near_identical(examples[:3], 1.0) == near_identical(examples[:3], 0.9999) == [(0, 1)]
    assert repeated(examples[:1], examples[1:], 1.0) == repeated(examples[:1], examples[1:], 0.9999) == 1
    assert repeated(examples[2:3], examples[:2], 1.0) == 0
