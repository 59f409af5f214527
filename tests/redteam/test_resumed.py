"""A target outside this process is not asked again what it answered before an interruption."""

from pathlib import Path

import pytest

from r1tailor.redteam.resumed import Resumed
from tests.support.attacks import Scripted, letters

EXAMPLES = [case.example() for case in letters(70)]


def test_an_interrupted_attack_continues_where_it_was(tmp_path: Path) -> None:
    asked = 0

    def told(example: object) -> str:
        nonlocal asked
        asked += 1
        if asked == 40:
            raise ConnectionError
        return "B"

    with pytest.raises(ConnectionError):
        Resumed(Scripted(told), tmp_path, "server").answer(EXAMPLES)
    second = Scripted(lambda example: "B")
    answers = Resumed(second, tmp_path, "server").answer(EXAMPLES)
    assert len(answers) == 70
    assert [one.id for one in second.asked] == [one.id for one in EXAMPLES[32:]]


def test_another_server_is_asked_all(tmp_path: Path) -> None:
    Resumed(Scripted(lambda example: "B"), tmp_path, "one").answer(EXAMPLES[:3])
    other = Scripted(lambda example: "A")
    assert {one.answer for one in Resumed(other, tmp_path, "two").answer(EXAMPLES[:3])} == {"A"}


def test_labels_are_ranked_by_the_target_itself(tmp_path: Path) -> None:
    assert Resumed(Scripted(str, likeliest="B"), tmp_path, "x").rank(EXAMPLES[:1], ["AB"]) == [(-1.0, 0.0)]
