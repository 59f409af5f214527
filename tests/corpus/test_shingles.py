"""Words and shingles."""

from r1tailor.corpus.shingles import jaccard, shingles, words


def test_words_and_shingles_of_both_languages() -> None:
    assert words("HbA1c ≥7.0% 高血压（-）") == ["hba1c", "≥", "7", "0", "%", "高", "血", "压"]
    assert words("（-） (-) -2 e-mail Ｅ") == ["-", "-", "2", "e", "mail", "ｅ"]
    sizes = [found.size for found in shingles(["", "...", "a", "a b", "a b c", "a b c d", "高血压病", "a a a a"])]
    assert sizes == [0, 0, 1, 1, 1, 2, 2, 1]
    one, other = shingles(["a b c d", "b c d e"])
    assert jaccard(one, other) == 1 / 3
    assert jaccard(one, shingles([""])[0]) == 0.0
