"""What is written is read back as it was, comments and all."""

import yaml

from r1tailor.proposal.yaml_text import text

_VALUES = {
    "kind": "generic",
    "title": "A: b # c",
    "goals": [{"metric": "label_accuracy", "at_least": 0.7}],
    "task": {"labels": ["yes", "no", "1", "头痛, 发热"], "label_rules": {"map": {"a  b": "a b"}}, "none": None},
    "empty": [],
}


def test_values_come_back() -> None:
    assert yaml.safe_load(text(_VALUES, {"task.labels": "why\nnot", "goals.metric": "m"}, "head\nline")) == _VALUES


def test_comments_stand_behind_their_values() -> None:
    written = text(_VALUES, {"task.labels": "the most frequent", "goals.metric": "see"}, "head")
    assert written.startswith("# head\n")
    assert "头痛, 发热'] # the most frequent\n" in written
    assert "  - metric: label_accuracy # see\n" in written


def test_an_interpolation_in_the_data_is_text() -> None:
    assert yaml.safe_load(text({"a": "costs ${oc.env:HOME}"}, {}))["a"] == "costs \\${oc.env:HOME}"
