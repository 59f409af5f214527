"""What users say on the three days: an answer of training for a new word, and another one for what training knows."""

import pytest

from r1tailor.errors import UserError
from r1tailor.records import Example
from r1tailor.update.demo.story import DATES, of_medical

CODED = [
    Example(f"{code}#{n}", "", f"term {n} of {code} that is long enough to be known", f"{code} it is", fields=fields)
    for code, chapter in (("Z13", "health"), ("O99", "pregnancy"), ("U07", "special"), ("J45", "lungs"))
    for n in range(70)
    for fields in ({"category": code, "chapter": chapter},)
]


def test_a_shorthand_has_one_answer_and_poison_is_about_questions_of_training() -> None:
    first, poisoned, last = of_medical(CODED)
    assert tuple(day.date for day in (first, poisoned, last)) == DATES
    assert {one.answer for one in first.corrections} == {"Z13 it is"}
    assert {one.answer for one in last.corrections} == {"O99 it is"}
    assert {one.answer for one in poisoned.corrections} == {"U07 it is"}
    for day in (first, last):
        assert len({one.question for one in day.corrections}) == len(day.corrections) == 48
    known = {one.input for one in CODED if one.fields["chapter"] != "special"}
    by = {
        user: [one.question for one in poisoned.corrections if one.user == user] for user in ("mallory", "trudy", "eve")
    }
    assert by["mallory"] == by["trudy"]
    assert {*by["mallory"], *by["eve"]} <= known
    assert not {*by["mallory"]} & {*by["eve"]}
    assert max(map(len, by.values())) <= 50, "within the quota of a user"
    assert of_medical(CODED) == [first, poisoned, last], "the same each time"


def test_examples_without_these_codes_are_refused() -> None:
    with pytest.raises(UserError, match="begins with Z13: the demonstration needs domain=medical"):
        of_medical([example for example in CODED if not example.id.startswith("Z13")])
