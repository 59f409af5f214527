"""The fixed draw: the same questions anywhere, and refused where they would be others."""

import hashlib
from importlib.metadata import version
from pathlib import Path

import pytest

from r1tailor import config, store
from r1tailor.errors import DataError
from r1tailor.evaluation.ability.questions import draw
from tests.support.general import general

FULL = config.load(["ability=full"]).ability
KEPT = all((store.cache_folder() / "redteam" / one.sha256[:16]).is_dir() for one in FULL.sets)


def test_the_draw_is_the_same_each_time_and_follows_its_own_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = draw(general(tmp_path, monkeypatch).ability)
    assert first == draw(general(tmp_path, monkeypatch, "seed=77").ability), "the run's seed asks the same questions"
    assert first.sha256 != draw(general(tmp_path, monkeypatch, "ability.seed=2").ability).sha256
    assert [facts["n"] for facts in first.sets] == [12, 8]
    ids = hashlib.sha256(" ".join(item.id for item in first.items).encode()).hexdigest()
    assert ids == "9d09d0dab25f01bbb3314bede164b6b2241cf105c98dcf9e5575c4a039aba81d"
    assert first.sha256 == "e355ff6ea0c2b86f0921ce36f7fa3f3ac47f37d9e95a9ee9b713d30f2c12f1c4"


def test_other_questions_than_the_pinned_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = draw(general(tmp_path, monkeypatch).ability).sha256
    pin = f"ability.questions_sha256='{own}'"
    assert draw(general(tmp_path, monkeypatch, pin).ability).sha256 == own
    with pytest.raises(DataError, match=r"are not those of ability\.questions_sha256 = .*set it to null"):
        draw(general(tmp_path, monkeypatch, pin, "ability.seed=2").ability)


def test_fewer_of_a_set_are_a_part_of_it_and_are_pinned_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = draw(general(tmp_path, monkeypatch).ability)
    pin = f"ability.questions_sha256='{whole.sha256}'"
    few = draw(general(tmp_path, monkeypatch, pin, "ability.most_of_a_set=3").ability)
    assert [facts["n"] for facts in few.sets] == [3, 3]
    assert len(few.items) == 6
    assert set(few.items) < set(whole.items)


def test_an_open_question_offers_its_answer_once_among_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    riddles = [item for item in draw(general(tmp_path, monkeypatch).ability).items if item.language == "zh"]
    answers = dict(enumerate("喜因默田出职尘林厉鲜", start=1))
    for item in riddles:
        assert item.options[item.right] == answers[int(item.id.removeprefix("riddles-"))]
        assert len(set(item.options)) == 4
    assert len({item.right for item in riddles}) > 1


def test_a_question_is_asked_by_its_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    item = draw(general(tmp_path, monkeypatch).ability).items[0]
    asked = item.example
    assert asked.instruction == "Answer the question with the letter of the right option only."
    number = asked.input.removeprefix("Which is ").partition("?")[0]
    assert asked.input == f"Which is {number}?\nA. {int(number) + 1}\nB. {number}\nC. {int(number) + 2}"
    assert (asked.output, item.letters) == ("B", ("A", "B", "C"))


def test_a_set_that_is_too_small_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="ability: riddles has 10 questions, items = 11 are to be drawn"):
        draw(general(tmp_path, monkeypatch, items=11).ability)


@pytest.mark.skipif(not KEPT, reason="the sets are not in the cache: r1tailor ability export FOLDER downloads them")
def test_the_shipped_draw_has_500_questions_in_each_language_and_its_pinned_hash() -> None:
    assert version("reasoning-gym") == FULL.generated[0].version
    shipped = draw(FULL)
    languages = [item.language for item in shipped.items]
    assert (languages.count("en"), languages.count("zh")) == (500, 500)
    assert shipped.sha256 == FULL.questions_sha256
    assert all(len(set(item.options)) == len(item.options) for item in shipped.items)
    assert len({item.example.input for item in shipped.items}) == 1000
