"""Items that both subjects answered differently; a name that means nothing is one error."""

from pathlib import Path

import pytest

from r1tailor.errors import UserError
from r1tailor.record_files import read_predictions, write_records
from r1tailor.registry import Registry
from r1tailor.serving.study.subjects import Answered, answered
from tests.support.studies import ITEMS, found, write_evaluated


def _answered(root: Path, *subjects: str) -> Answered:
    return answered("toy", subjects, Registry(root / "outputs" / "registry"), root)


def test_items_with_the_same_answer_twice_are_counted_and_left_out(tmp_path: Path) -> None:
    write_evaluated(tmp_path)
    both = found(tmp_path)
    assert both.identical == ("e0", "e1")
    assert len(both.items) == len(ITEMS) - 2
    assert both.items[0].answers == ("well, group 2, perhaps", "group 2")
    assert both.places == ("base of outputs/runs/a", "tuned of outputs/runs/a")


def test_a_subject_may_be_another_run_and_only_items_of_both_are_taken(tmp_path: Path) -> None:
    write_evaluated(tmp_path, "outputs/runs/b")
    write_evaluated(tmp_path)
    file = tmp_path / "outputs/runs/b/evaluation/predictions-tuned.jsonl"
    write_records(file, read_predictions(tmp_path / "outputs/runs/b/evaluation/predictions-base.jsonl")[:10])
    both = _answered(tmp_path, "outputs/runs/a", "outputs/runs/b")
    assert len(both.items) == 8
    assert both.places[1] == "tuned of outputs/runs/b"


def test_a_form_that_was_evaluated_is_a_subject(tmp_path: Path) -> None:
    evaluation = write_evaluated(tmp_path) / "evaluation"
    (evaluation / "predictions-int8.jsonl").write_bytes((evaluation / "predictions-base.jsonl").read_bytes())
    assert _answered(tmp_path, "tuned", "int8").places[1] == "int8 of outputs/runs/a"


def test_wrong_subjects_are_refused(tmp_path: Path) -> None:
    write_evaluated(tmp_path)
    with pytest.raises(UserError, match="--subjects base,base: name two different subjects"):
        _answered(tmp_path, "base", "base")
    with pytest.raises(UserError, match="subject int4: the evaluation of outputs/runs/a has no such subject, and "):
        _answered(tmp_path, "base", "int4")
