"""English names, and the words of medicine that look like them."""

import pytest

from r1tailor.corpus.privacy import people_en
from tests.corpus.privacy.test_deidentify import redacted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Seen by Dr. Okonkwo on March 5, 2021.", "Seen by Dr. [NAME] on 2021."),
    ],
)
def test_an_identifier_is_redacted_and_nothing_beside_it(text: str, expected: str) -> None:
    assert redacted(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Parkinson's disease, Foley catheter, Crohn disease, Murphy's sign.",
        "She may need surgery; he will return in May.",
    ],
)
def test_what_identifies_nobody_survives(text: str) -> None:
    assert redacted(text) == text


def _names(text: str) -> list[str]:
    return sorted({text[finding.start : finding.end] for finding in people_en.find(text)})


def test_a_name_that_was_found_once_is_found_wherever_it_stands() -> None:
    text = "Dr. Okonkwo came; then we saw Okonkwo leave."
    assert {finding.start for finding in people_en.find(text)} == {4, text.rindex("Okonkwo")}
    assert _names("Okonkwo left.") == [], "alone it is a word like any other"


def test_the_last_name_may_come_first_and_particles_belong_to_it() -> None:
    assert "Okonkwo, James" in _names("Okonkwo, James was seen")
    assert "John van der Berg" in _names("seen by John van der Berg today")
    assert _names("patient in bed, nothing to report") == []
