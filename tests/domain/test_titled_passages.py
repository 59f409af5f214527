"""Passages of one's own documents: the title answers, and a section stays in one part."""

import pytest

from r1tailor import config
from r1tailor.domain import open_domain
from r1tailor.domain.titled_passages import TitledPassages, title_of
from r1tailor.errors import DataError
from r1tailor.records import Document, Prediction
from r1tailor.schema.domain import DomainSection


def _document(number: int, title: str, text: str, **fields: object) -> Document:
    return Document(
        f"mine-a.txt-{number}", text, "mine", "own", "", "section 1", "2026-01-01", {"title": title, **fields}
    )


def _settings() -> DomainSection:
    task = {"instruction": "Which?", "response": "{title}", "passage_characters": 40}
    values = {
        "kind": "titled_passages",
        "task": task,
        "sources": [
            {
                "kind": "text",
                "name": "mine",
                "path": "x",
                "unit": "section",
                "licence": "own",
                "available_at": "2026-01-01",
                "on_damage": "list",
            }
        ],
    }
    return config.validated(*config.composed_with({"domain": "generic"}, {"domain": values})).domain


_TEXT = "The first sentence is here. The second one follows it. A third one ends it."


def test_each_passage_asks_for_the_title_and_a_section_is_a_group() -> None:
    domain = open_domain(_settings(), [_document(1, "Manual A", _TEXT), _document(2, "Manual B", _TEXT)])
    examples = list(domain.examples())
    assert {example.output for example in examples} == {"Manual A", "Manual B"}
    assert len({example.group for example in examples}) == 2
    assert all(len(example.input) <= 40 for example in examples)
    assert domain.labels() == ("Manual A", "Manual B")


def test_one_title_alone_is_nothing_to_tell_apart() -> None:
    domain = open_domain(_settings(), [_document(1, "Manual A", _TEXT), _document(2, "Manual A", _TEXT)])
    with pytest.raises(DataError, match="nothing to tell apart"):
        list(domain.examples())


def test_a_document_without_title_is_called_by_its_heading_or_its_file() -> None:
    assert title_of(_document(1, "", "x", headings=["Chapter 1", "a"])) == "Chapter 1"
    assert title_of(_document(3, "", "x")) == "mine-a.txt"


def test_answers_are_scored_case_and_space_aside() -> None:
    domain = open_domain(_settings(), [_document(1, "Manual A", _TEXT), _document(2, "Manual B", _TEXT)])
    assert isinstance(domain, TitledPassages)
    first = next(domain.examples())
    told = Prediction("x", "<think>hm</think> manual  a", 0.0, 1, "Manual B")
    assert domain.score(first, told) == {"title_accuracy": 1.0, "title_accuracy_ranked": 0.0}
