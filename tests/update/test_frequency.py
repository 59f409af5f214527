"""How often training has seen what an item is about."""

from collections.abc import Callable

import pytest

from r1tailor.errors import ConfigError
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from r1tailor.update.frequency import frequencies
from r1tailor.update.voter import Voter


@pytest.fixture
def voter(settings: Callable[..., Settings]) -> Voter:
    return Voter(settings("domain=generic", "domain.sources.0.path=x").domain)


def _example(number: int, asked: str, output: str, code: str = "") -> Example:
    return Example(f"e{number}", "Which?", asked, output, fields={"code": code} if code else {})


TRAIN = [_example(n, f"the grey stone number {'i' * n}", ("red", "blue")[n % 2], f"A0{n % 3}") for n in range(8)]
NEW = [_example(20, "the grey stone number one", "Blue", "A00"), _example(21, "an apple", "green", "B00")]


@pytest.mark.parametrize(
    ("by", "expected"),
    [("auto", ("output", [4, 0])), ("output", ("output", [4, 0])), ("code", ("code", [3, 0]))],
)
def test_counts(by: str, expected: tuple[str, list[int]], voter: Voter) -> None:
    assert frequencies(NEW, TRAIN, by, 0.5, voter) == expected


def test_a_cluster_counts_similar_questions(voter: Voter) -> None:
    by, counts = frequencies(NEW, TRAIN, "cluster", 0.5, voter)
    assert by == "cluster"
    assert counts[0] >= 6
    assert counts[1] == 0


def test_outputs_that_do_not_repeat_are_counted_by_cluster_and_labels_by_label(voter: Voter) -> None:
    own = [_example(n, f"thing {n}", f"a sentence of its own {n}") for n in range(8)]
    assert frequencies(NEW, own, "auto", 0.5, voter)[0] == "cluster"


def test_labels_of_a_closed_set_are_counted(settings: Callable[..., Settings]) -> None:
    closed = Voter(settings("domain=generic", "domain.sources.0.path=x", "domain.task.labels=[red,blue]").domain)
    told = [_example(n, f"thing {n}", f"It is {('red', 'blue')[n % 2]}, says {n}.") for n in range(8)]
    assert frequencies([_example(20, "a", "red!")], told, "auto", 0.5, closed) == ("label", [4])


def test_a_field_that_no_example_has_is_one_message(voter: Voter) -> None:
    with pytest.raises(
        ConfigError, match=r"count_by = 'kode': must be one of auto, label, output, cluster, code\. Did you"
    ):
        frequencies(NEW, TRAIN, "kode", 0.5, voter)
