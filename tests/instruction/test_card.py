"""The data card: counts, balance, lengths, sources and dates, as plain JSON in the report of a build."""

import json
import math
from collections.abc import Callable

import pytest

from r1tailor.domain import open_domain
from r1tailor.instruction.build import build
from r1tailor.instruction.card import balance, card, statistics
from r1tailor.records import Document, Example
from r1tailor.schema.settings import Settings
from tests.support.made_examples import FACTS, text_of

LABELS = ("red", "reddish", "green", "blue")


def _answered(*outputs: str) -> list[Example]:
    return [Example(f"e{i}", "", "x", output) for i, output in enumerate(outputs)]


def test_an_even_set_has_entropy_one_and_a_single_class_zero() -> None:
    even = balance(_answered(*LABELS * 12), LABELS)
    assert (even["entropy"], even["majority_share"], even["below_minimum"]) == (1.0, 0.25, 0)
    single = balance(_answered(*["blue"] * 20), LABELS)
    assert (single["entropy"], single["majority_share"], single["below_minimum"]) == (0.0, 1.0, 3)
    assert balance([], LABELS) == {
        "classes": 4, "outside": 0, "entropy": 0.0, "majority_share": 0.0, "below_minimum": 4, "counts": {}
    }  # fmt: skip
    assert balance(_answered("only"), ("only",))["entropy"] == 0.0


def test_a_class_is_the_longest_label_that_an_answer_begins_with() -> None:
    found = balance(_answered("red | A00", "reddish", "reddish | B", "purple", "green"), LABELS)
    assert found["counts"] == {"reddish": 2, "red": 1, "green": 1}
    assert (found["outside"], found["majority_share"]) == (1, 0.5)
    assert found["entropy"] == round((0.5 * math.log(2) + 0.5 * math.log(4)) / math.log(4), 4)


def test_lengths_are_counted_over_texts_that_are_there() -> None:
    examples = [
        Example("a", "", "xx", "高血压"),
        Example("b", "", "x" * 10, "y", "because"),
        Example("c", "", "", "zz"),
    ]
    found = card({"train": examples[:2], "validation": [], "test": examples[2:]}, [], ())
    assert found["characters"] == {
        "input": {"texts": 2, "min": 2, "mean": 6.0, "median": 6.0, "p95": pytest.approx(9.6), "max": 10},
        "output": {"texts": 3, "min": 1, "mean": 2.0, "median": 2.0, "p95": pytest.approx(2.9), "max": 3},
        "reasoning": {"texts": 1, "min": 7, "mean": 7.0, "median": 7.0, "p95": 7.0, "max": 7},
    }
    assert (found["with_reasoning"], found["classes"]) == (1, None)
    assert found["examples"] == {"train": 2, "validation": 0, "test": 1}


def test_lengths_are_told_without_empty_texts() -> None:
    assert statistics([3, 0, 1]) == {"texts": 2, "min": 1, "mean": 2.0, "median": 2.0, "p95": 2.9, "max": 3}
    assert statistics([0]) == {"texts": 0}


def test_sources_groups_and_dates() -> None:
    documents = [Document(str(i), "t", f"s{i % 2}", f"l{i % 2}", "0", "1", "2020-01-01") for i in range(5)]
    examples = [
        Example("a", "", "x", "y", group="g", available_at="2021-05-01"),
        Example("b", "", "x", "y", group="g", available_at="2020-01-01"),
        Example("c", "", "x", "y", group="h"),
    ]
    found = card({"train": examples, "validation": [], "test": []}, documents, ())
    assert found["sources"] == [
        {"name": "s0", "licence": "l0", "documents": 3},
        {"name": "s1", "licence": "l1", "documents": 2},
    ]
    assert found["groups"] == 2
    assert found["available_at"] == {"first": "2020-01-01", "last": "2021-05-01", "undated": 1}
    assert card({"train": []}, [], ())["available_at"] == {"undated": 0}


def test_a_build_reports_its_card_as_plain_json(settings: Callable[..., Settings]) -> None:
    fields = {"instruction": "", "reasoning": "", "group": "", "entities": []}
    documents = [
        Document(f"d{i}", text_of(i), position="1", fields=fields | {"output": LABELS[i % 4]}, **FACTS)
        for i in range(80)
    ]
    overrides = ["domain.split.test=0.3", "domain.split.validation=0.3", f"domain.task.labels=[{','.join(LABELS)}]"]
    report = build(
        open_domain(settings("domain=generic", "domain.sources.0.path=x", *overrides).domain, documents), 1
    ).report
    assert json.loads(json.dumps(report["card"])) == report["card"]
    assert report["card"]["examples"] == report["examples"]
    assert sum(part["counts"]["blue"] for part in report["card"]["classes"].values()) == 20
    assert report["card"]["sources"] == [{"name": "s", "licence": "l", "documents": 80}]
    assert report["card"]["available_at"] == {"first": "2020-01-01", "last": "2020-01-01", "undated": 0}
    assert report["contamination"]["removed_from_train"] == []
