"""Parts that experts wrote: whole, searched for leaks against everything else, and never trained on."""

import pytest

from r1tailor.domain import Domain
from r1tailor.errors import ConfigError, DataError
from r1tailor.instruction.build import build
from r1tailor.records import Document
from tests.support.made_examples import generic_domain, place, record, text_of

TEST = "++domain.split.test_from=experts.jsonl"


def _expert(number: int, text: str, source: str = "test_from", **fields: object) -> Document:
    made = record(number, text, **fields)
    return Document(
        f"{source}-{number}", text, source, made.licence, made.sha256, made.position, made.available_at, made.fields
    )


def _records(*, group: str = "") -> list[Document]:
    return [record(number, text_of(number), group=group and f"{group}{number}") for number in range(40)]


def _domain(experts: list[Document], *overrides: str, group: str = "") -> Domain:
    return generic_domain([*experts, *_records(group=group)], TEST, "domain.split.validation=0.2", *overrides)


def test_a_given_test_is_the_test_and_nothing_else_is() -> None:
    built = build(_domain([_expert(number, text_of(100 + number)) for number in range(5)]), seed=1)
    assert sorted(example.id for example in built.parts["test"]) == [f"test_from-{number}" for number in range(5)]
    assert len(built.parts["train"]) + len(built.parts["validation"]) == 40
    assert built.parts["validation"]
    assert built.report["removed"] == []


def test_what_repeats_a_given_item_is_in_no_other_part() -> None:
    same, asked_alike = _expert(0, text_of(3)), _expert(1, f"{text_of(4)}!", output="c")
    of_one_patient = _expert(2, text_of(102), group="p5")
    built = build(_domain([same, asked_alike, of_one_patient], group="p"), seed=1)
    where = place(built.parts)
    assert {where[f"test_from-{number}"] for number in range(3)} == {"test"}
    assert not {"mine-3", "mine-4", "mine-5"} & where.keys()
    assert [(row["reason"], row["examples"], row["ids"]) for row in built.report["removed"]] == [
        ("near-identical to an example of a later part", 2, ["mine-3", "mine-4"]),
        ("of the same group as an example of a given part", 1, ["mine-5"]),
    ]


def test_both_parts_can_be_given_and_an_item_in_both_is_tested_on() -> None:
    experts = [_expert(0, text_of(100)), _expert(1, text_of(101))]
    checked = [_expert(0, text_of(100), "validation_from"), _expert(2, text_of(102), "validation_from")]
    domain = _domain([*experts, *checked], "++domain.split.validation_from=checked.jsonl")
    parts = build(domain, seed=1).parts
    assert len(parts["train"]) == 40
    assert [example.id for example in parts["validation"]] == ["validation_from-2"]
    assert sorted(example.id for example in parts["test"]) == ["test_from-0", "test_from-1"]


def test_a_split_in_time_divides_the_others() -> None:
    built = build(_domain([_expert(0, text_of(100))], "domain.split.by=time"), seed=1)
    assert [example.id for example in built.parts["test"]] == ["test_from-0"]
    assert len(built.parts["validation"]) == 40  # all of one date: none of them is before it


def test_a_file_that_gives_no_example_is_named() -> None:
    with pytest.raises(DataError, match=r"no example was made of domain.split.test_from = experts.jsonl"):
        build(_domain([]), seed=1)


def test_a_given_file_is_read_as_a_source_of_the_domain() -> None:
    section = _domain([]).settings
    assert [(source.name, source.kind) for source in section.every_source] == [
        ("test_from", "jsonl"),
        ("examples", "jsonl"),
    ]
    assert getattr(section.every_source[0], "path") == "experts.jsonl"  # noqa: B009


@pytest.mark.parametrize(
    ("overrides", "fault"),
    [
        (("domain=medical", TEST), r"split.test_from needs a source that reads files of your own"),
        (("domain=generic", "domain.sources.0.path=x", "domain.sources.0.name=test_from", TEST), "call it otherwise"),
    ],
)
def test_a_domain_that_reads_no_files_says_so(overrides: tuple[str, ...], fault: str) -> None:
    from r1tailor import config

    with pytest.raises(ConfigError, match=fault):
        config.load([*overrides])
