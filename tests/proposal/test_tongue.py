"""Two languages, one sentence."""

from r1tailor.proposal.tongue import Decision, Tongue


def test_the_wording_follows_the_language() -> None:
    assert Tongue("en")("labels", "标签") == "labels"
    assert Tongue("zh")("labels", "标签") == "标签"


def test_a_decision_is_a_line_with_its_reason() -> None:
    assert str(Decision("goal", "accuracy", "short")) == "  goal             accuracy (short)"
    assert str(Decision("goal", "accuracy")) == "  goal             accuracy"
