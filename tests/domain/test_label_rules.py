"""A closed set of answers: what is folded onto it, and what lies outside it."""

import csv
import io
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

from r1tailor.domain import open_domain
from r1tailor.domain.generic import GenericDomain
from r1tailor.domain.label_rules import ClosedSet
from r1tailor.errors import DataError
from r1tailor.instruction.build import build
from r1tailor.records import Rejection
from r1tailor.schema.domain import Task
from r1tailor.sources import read
from tests.support.made_examples import generic_domain, record

TASK = {"instruction": "", "response": "{output}", "reasoning": False, "labels": ["Cardiology", "Neurology"]}


def _task(**rules: object) -> Task:
    return Task.model_validate(TASK | {"label_rules": rules})


@pytest.mark.parametrize("written", ["Cardiology", " Cardiology\t", "CARDIOLOGY", "cardio", "Cardio "])
def test_odd_spellings_are_folded_onto_the_set(written: str) -> None:
    assert ClosedSet(_task(map={"cardio": "Cardiology"})).label(written, "a") == "Cardiology"


@pytest.mark.parametrize(
    ("rules", "written"), [({"strip": False}, "Cardiology "), ({"fold_case": False}, "CARDIOLOGY")]
)
def test_a_rule_that_is_off_folds_nothing(rules: dict[str, object], written: str) -> None:
    assert ClosedSet(_task(**rules)).label(written, "a") is None


def test_several_labels_that_people_chose_are_inside() -> None:
    closed = ClosedSet(_task())
    assert closed.label("neurology, Cardiology", "a", several=True) == "Neurology, Cardiology"
    assert closed.label("neurology, Cardiology", "a") is None
    assert closed.label("neurology, N/A", "a", several=True) is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"labels": None, "label_rules": {"map": {"a": "b"}}}, "label_rules.map needs labels"),
        ({"label_rules": {"map": {"a": "b"}}}, "label_rules.map leads to 'b', which is none of labels"),
        ({"labels": ["a", "A"]}, "two of labels differ by case or blanks alone"),
    ],
)
def test_rules_that_do_not_fit_the_labels_are_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Task.model_validate(TASK | changes)


def test_an_answer_outside_the_set_stops_and_all_of_them_are_listed() -> None:
    documents = [record(1, "x", output="b"), record(2, "y", output="N/A"), record(3, "z", output="N/A ")]
    domain = generic_domain(documents, "domain.task.labels=[b,c]")
    said = r"2 answers are none of domain\.task\.labels: 'N/A' \(2\); the first is of document mine-2\. "
    with pytest.raises(DataError, match=said):
        list(domain.examples())


def test_an_answer_outside_the_set_is_left_out_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    documents = [record(1, "x", output=" B"), record(2, "y", output="N/A")]
    domain = generic_domain(documents, "domain.task.labels=[b,c]", "domain.task.label_rules.outside=drop")
    assert [example.output for example in domain.examples()] == ["b"]
    assert domain.outside == {"N/A": 1}
    assert "1 answers are none of domain.task.labels: 'N/A' (1); these examples are left out" in capsys.readouterr().out


HOSPITAL = """
kind: generic
name: triage
title: Triage notes
language: en
compliance: none
goals: []
sources:
  - kind: table
    name: visits
    path: triage.csv
    columns: {input: Triage Note, output: Department, group: MRN, date: Visit Date}
    licence: own
    available_at: "2024-01-01"
    on_damage: list
cleaning: {rules: [normalise_unicode]}
annotation: null
task:
  instruction: Which department?
  response: "{output}"
  reasoning: false
  labels: [Cardiology, Neurology, Orthopedics]
  label_rules: {map: {Ortho: Orthopedics}, outside: drop}
split: {validation: 0.1, test: 0.2, similarity: 0.9, by: group}
"""


def _export(path: Path) -> None:
    """Write what a hospital exports: a mark, line ends in cells, odd labels, empty cells."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["visit_id", "MRN", "Patient Name", "Triage Note", "Department", "Visit Date"])
    odd = ["Cardiology", "CARDIOLOGY", "Cardiology ", "neurology", "Ortho", "N/A", ""]
    for number in range(70):
        note = f'"quoted", visit {number * 7919}:\nHR {60 + number}, pain {number % 10}/10 since day {number * 31}'
        writer.writerow([f"V{number}", number % 40, "Jane Roe", note, odd[number % 7], f"2024-03-{number % 28 + 1:02}"])
    path.write_bytes(text.getvalue().encode("utf-8-sig"))


def test_a_hospitals_export_goes_in_with_one_yaml(tmp_path: Path) -> None:
    _export(tmp_path / "triage.csv")
    section = TypeAdapter(GenericDomain).validate_python(yaml.safe_load(HOSPITAL))
    rejected: list[Rejection] = []
    documents = list(read(section.sources[0], tmp_path, rejected))
    assert ({one.reason for one in rejected}, len(rejected), len(documents)) == ({"Department is empty"}, 10, 60)
    built = build(open_domain(section, documents), seed=1)
    examples = [example for part in built.parts.values() for example in part]
    assert {example.output for example in examples} == {"Cardiology", "Neurology", "Orthopedics"}
    assert built.report["outside_labels"] == {"N/A": 10}
    assert "0" in {example.group for example in examples}
