"""Types of arguments that several commands take."""

import argparse

import pytest

from r1tailor.commands.arguments import add_overrides, count


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("12", 12), ("007", 7)])
def test_a_whole_number_is_taken(text: str, number: int) -> None:
    assert count(text) == number


@pytest.mark.parametrize("text", ["", "-1", "1.5", "many", " 1"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is not a whole number"):
        count(text)


def test_a_command_takes_any_number_of_overrides() -> None:
    parser = argparse.ArgumentParser()
    add_overrides(parser)
    assert parser.parse_args([]).overrides == []
    assert parser.parse_args(["seed=1", "~domain.goals"]).overrides == ["seed=1", "~domain.goals"]
