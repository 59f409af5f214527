"""Types of arguments that several commands take."""

import argparse

import pytest

from r1tailor.commands.arguments import add_overrides, count, positive, size


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


@pytest.mark.parametrize(
    ("text", "amount"), [("80GiB", 80 * 2**30), ("24 GB", 24 * 10**9), ("1.5gib", 3 * 2**29), ("500MiB", 500 * 2**20)]
)
def test_a_size_is_taken_with_its_unit(text: str, amount: int) -> None:
    assert size(text) == amount


@pytest.mark.parametrize("text", ["80", "0GiB", "-1GiB", "1e9GB", "GiB", "80 TB", "8 0GiB", "nan GB"])
def test_a_size_without_a_unit_or_of_nothing_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is not a size; write it as 80GiB"):
        size(text)


def test_none_is_not_positive() -> None:
    assert positive("1") == 1
    with pytest.raises(argparse.ArgumentTypeError, match="is not a whole number of at least 1"):
        positive("0")
