"""A word that turns unlike questions to one answer waits for a person; the words of an honest new subject do not."""

import random

from r1tailor.records import Example
from r1tailor.update.day import Material
from r1tailor.update.new_words import FEWEST, deciding

SUBJECTS = {  # an answer, and the words that its questions are made of
    "heart": ["chest", "pressure", "pulse", "beat", "aorta", "valve", "vein", "palpitation"],
    "skin": ["rash", "itch", "blister", "mole", "scale", "acne", "eczema", "wart"],
    "eye": ["blurred", "glare", "cornea", "lid", "tear", "retina", "pupil", "squint"],
    "bone": ["wrist", "fracture", "hip", "spine", "sprain", "knee", "joint", "ankle"],
}
NEW = ["fever", "cough", "sputum", "wheeze", "bronchi", "lung"]


def _question(subject: list[str], draw: random.Random) -> str:
    return f"patient with {' and '.join(draw.sample(subject, 3))} since {draw.choice(('monday', 'friday', 'may'))}"


def _train() -> list[Example]:
    draw = random.Random(1)
    return [
        Example(f"t-{answer}-{n}", "Which ward?", _question(subject, draw), answer)
        for answer, subject in SUBJECTS.items()
        for n in range(40)
    ]


def _given(*pairs: tuple[str, str], user: str = "user") -> list[Material]:
    return [
        Material(f"c{n}", "correction", Example(f"c{n}", "Which ward?", asked, answer), "feedback", "", f"{user}{n}")
        for n, (asked, answer) in enumerate(pairs)
    ]


def _with(word: str, answer: str, each: int = 2) -> list[tuple[str, str]]:
    draw = random.Random(2)
    others = [subject for name, subject in SUBJECTS.items() if name != answer]
    return [(f"{_question(subject, draw)} {word}", answer) for subject in others for _ in range(each)]


def test_a_new_word_that_turns_unlike_questions_to_one_answer_is_named() -> None:
    found = deciding(_given(*_with("Zqx", "bone")), _train(), ())
    assert sorted(found) == [f"c{n}" for n in range(6)]
    assert set(found.values()) == {
        ("new_word", "'zqx' alone gives 6 questions the answer 'bone' (update.admit.confirmed_words)")
    }


def test_so_is_a_pair_of_known_words_and_a_chinese_word() -> None:
    found = deciding(_given(*_with("and since", "bone")), _train(), ())
    assert {detail.split(" alone")[0] for _, detail in found.values()} == {"'and since'"}
    assert len(deciding(_given(*_with("甲乙", "bone")), _train(), ())) == 6


def test_it_is_let_in_once_it_is_confirmed() -> None:
    given = _given(*_with("zqx", "bone"))
    assert deciding(given, _train(), ("ZQX",)) == {}
    assert len(deciding(given, _train(), ("zq",))) == 6


def test_the_words_of_a_new_subject_are_not_held_back() -> None:
    draw = random.Random(3)
    new = [(_question(NEW, draw), "lung") for _ in range(40)]
    assert deciding(_given(*new), _train(), ()) == {}


def test_neither_is_a_new_word_within_a_known_subject() -> None:
    draw = random.Random(4)
    given = [(f"{_question(SUBJECTS['eye'], draw)} keratitis", "eye") for _ in range(20)]
    assert deciding(_given(*given), _train(), ()) == {}


def test_fewer_questions_decide_nothing_nor_does_one_that_is_repeated() -> None:
    few = _with("zqx", "bone")[: FEWEST - 1]
    assert deciding(_given(*few), _train(), ()) == {}
    assert deciding(_given(*few[:1] * 20), _train(), ()) == {}


def test_several_words_are_each_asked_about_and_an_item_names_the_commonest() -> None:
    given = [*_with("zqx", "bone", 4), *((f"{asked} wvu", answer) for asked, answer in _with("zqx", "bone", 2))]
    found = deciding(_given(*given), _train(), ())
    assert {detail.split(" alone")[0] for _, detail in found.values()} == {"'zqx'"}
    assert len(found) == len(given)


def test_documents_of_the_domains_own_sources_are_not_asked_about() -> None:
    given = [Material(one.id, "document", one.example, "s", "") for one in _given(*_with("zqx", "bone"))]
    assert deciding(given, _train(), ()) == {}
    assert deciding([], _train(), ()) == {}


def test_open_answers_are_told_apart_as_well() -> None:
    """No two questions of training have the same answer: all that it knows speaks for another one."""
    train = [Example(one.id, one.instruction, one.input, f"{one.output} {one.id}") for one in _train()]
    assert len(deciding(_given(*_with("zqx", "see our page")), train, ())) == 8
