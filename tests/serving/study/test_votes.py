"""A vote is one of what the form offers; the newest word of a page counts."""

import pytest

from r1tailor.errors import UserError
from r1tailor.serving.study.votes import LONGEST_COMMENT, Vote, closed, standing, taken_back, vote_of, voted


def test_a_form_becomes_a_vote() -> None:
    fields = {"choice": "a", "comment": " good ", "satisfaction_a": "5", "satisfaction_b": ""}
    assert vote_of(fields, ["accuracy", "accuracy"]) == Vote("a", ("accuracy",), "good", (5, None))


@pytest.mark.parametrize(
    ("fields", "reasons", "message"),
    [
        ({}, [], "choice: one of a, b, tie, bad"),
        ({"choice": "tuned"}, [], "choice: one of"),
        ({"choice": "a"}, ["<script>"], "reason: 1 unknown"),
        ({"choice": "a", "comment": "x" * (LONGEST_COMMENT + 1)}, [], "comment: 2001 characters; at most 2000"),
        ({"choice": "a", "satisfaction_a": "6"}, [], "satisfaction_a: a whole number from 1 to 5"),
        ({"choice": "a", "satisfaction_b": "1.5"}, [], "satisfaction_b: a whole number from 1 to 5"),
    ],
)
def test_anything_else_is_refused(fields: dict[str, str], reasons: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        vote_of(fields, reasons)


def test_a_vote_that_was_taken_back_does_not_count_but_is_remembered() -> None:
    lines = [{"action": "plan"}, voted(0, 0, Vote("a")), voted(1, 0, Vote("tie")), taken_back(0, 0)]
    now = standing(lines)
    assert now.votes == {(1, 0): Vote("tie")}
    assert now.earlier == {(0, 0): Vote("a")}
    again = standing([*lines, voted(0, 0, Vote("b")), closed("enough")])
    assert again.votes[0, 0] == Vote("b")
    assert again.earlier == {}
    assert (now.closed, again.closed) == (None, "enough")
