"""The packaged problems of chalkbase, by grade."""

import json
from pathlib import Path

import pytest

from r1tailor.errors import DataError
from r1tailor.sources import chalkbase
from tests.support.packaged_cases import Reader, read_by, real

LESSONS = {
    "integer_domain": [["g1a.u1.l01", 10]],
    "decimal_places": [["g3a.u9.l01", 2]],
    "fraction_types": {"a": "g4b.u1.l01"},
}


def test_chalkbase_gives_5324_problems_and_what_each_grade_has_learnt() -> None:
    documents, rejected = real("education_zh")
    problems = [document for document in documents if "limit" not in document.fields]
    assert (len(problems), len(documents) - len(problems), rejected) == (5_324, 17, [])
    assert {document.fields["grade"] for document in problems} == {1, 2, 3, 4, 5, 6}
    washing = next(document for document in problems if "洗衣机" in document.text and "320" in document.text)
    assert (washing.fields["answer"], washing.fields["values"]) == ("7", ["7"])


def _archetype(**changes: object) -> dict[str, object]:
    example = {"problem": "1+1", "answer": "2", "solution": "1+1=2", "answer_value": 2}
    observed = {"parameter_constraints": {"observed": {"grades": [1, 2]}}}
    return {"id": "at.1", "difficulty": 1, **observed, "rewritten_examples": [example], **changes}


@pytest.mark.parametrize(
    ("archetype", "message"),
    [
        ({}, "archetype 1: parameter_constraints is missing or of another kind"),
        (_archetype(difficulty="hard"), "archetype 1: a value of the archetype is missing or of another kind"),
        (_archetype(parameter_constraints={"observed": {"grades": []}}), "archetype 1: a value of the archetype is "),
        (_archetype(rewritten_examples=[{"problem": "1+1", "answer": 2}]), "archetype 1, example 1: problem, answer, "),
        ("at.1", "archetype 1: a value of the archetype is missing"),
    ],
)
def test_a_damaged_archetype_is_rejected(archetype: object, message: str, tmp_path: Path) -> None:
    path = tmp_path / "archetypes.json"
    path.write_text(json.dumps([archetype, _archetype()]), encoding="utf-8")
    (kept,), (rejected,) = read_by(chalkbase.read, path)
    assert (kept.text, kept.fields["grade"], kept.fields["values"]) == ("1+1", 2, ["2"])
    assert rejected.startswith(f"archetypes.json, {message}")


@pytest.mark.parametrize(
    ("reader", "content", "message"),
    [
        (chalkbase.read, "{", "not JSON in UTF-8"),
        (chalkbase.read, "[" * 100_000, "not JSON in UTF-8"),
        (chalkbase.read, "{}", "a list of archetypes is expected"),
        (chalkbase.read_limits, "[]", "introduced_at does not list integer_domain, decimal_places and fraction_types"),
        (chalkbase.read_limits, '{"introduced_at": {}}', "introduced_at does not list integer_domain, decimal_places"),
    ],
)
def test_what_is_no_file_of_chalkbase_is_refused(reader: Reader, content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "base.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as refusal:
        read_by(reader, path)
    assert str(refusal.value).startswith(f"base.json: {message}")


def test_a_limit_without_a_grade_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "base.json"
    lessons = LESSONS | {"integer_domain": [["g9a.u1.l01", 10], ["g1a.u1.l01", None], ["g2a.u1.l01", 99]]}
    path.write_text(json.dumps({"introduced_at": lessons}), encoding="utf-8")
    documents, rejected = read_by(chalkbase.read_limits, path)
    assert [(d.fields["limit"], d.fields["grade"], d.fields["largest"]) for d in documents] == [
        ("integer", 2, 99),
        ("decimal", 3, 2),
        ("fraction", 4, 0),
    ]
    said = "a lesson such as g4a.u1.l01 and a whole number are expected"
    assert rejected == [f"base.json, limit {number}: {said}" for number in (1, 2)]
