"""What every section of the configuration is: strict, frozen, without keys that nobody knows."""

from typing import Annotated

import pytest
from pydantic import Field, ValidationError

from r1tailor.schema.base import Section, SourceSection, declared

SOURCE = {"name": "mine", "licence": "own", "available_at": "2020-01-01", "on_damage": "stop"}


class _Room(Section):
    size: float = Field(description="Its size.")
    word: Annotated[str, declared("colours")] = Field(default="red", description="Its colour.")


@pytest.mark.parametrize("values", [{}, {"size": "1"}, {"size": float("nan")}, {"size": 1.0, "sise": 2.0}])
def test_a_section_takes_what_it_declares_and_nothing_else(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        _Room.model_validate(values)


def test_a_section_does_not_change() -> None:
    room = _Room(size=1.0)
    with pytest.raises(ValidationError, match="frozen"):
        room.size = 2.0  # type: ignore[misc]


def test_a_word_is_one_of_those_that_the_kind_of_domain_declares() -> None:
    assert _Room.model_validate({"size": 1.0, "word": "blue"}).word == "blue", "without a context every word passes"
    context = {"colours": ("red", "green")}
    assert _Room.model_validate({"size": 1.0, "word": "green"}, context=context).word == "green"
    with pytest.raises(ValidationError, match="Input should be 'red', 'green'"):
        _Room.model_validate({"size": 1.0, "word": "blue"}, context=context)


@pytest.mark.parametrize("key", SOURCE)
def test_a_source_states_every_fact_about_itself(key: str) -> None:
    assert SourceSection.model_validate(SOURCE).name == "mine"
    with pytest.raises(ValidationError, match=key):
        SourceSection.model_validate({name: value for name, value in SOURCE.items() if name != key})
