"""Predictions become items that are right or wrong."""

from pathlib import Path

import pytest

from r1tailor import config
from r1tailor.errors import DataError, UserError
from r1tailor.evaluation.error_modes.outcomes import Outcome, counted, outcomes
from r1tailor.evaluation.evaluated_files import EvaluatedFiles
from r1tailor.record_files import write_records
from r1tailor.records import Example, Prediction
from tests.support.evaluated import ITEMS, write_run

HALF = [number % 2 == 0 for number in range(30)]


def files_of(folder: Path) -> EvaluatedFiles:
    def path(name: str) -> Path | None:
        place = folder / name.replace("data/", "instruct/")
        return place if place.is_file() else None

    return EvaluatedFiles("toy", "", path)


def read(folder: Path, metric: str | None = None) -> tuple[str, list[Outcome]]:
    return outcomes(files_of(folder), config.load_params(folder / "config.yaml"), metric)


def test_base_and_tuned_tell_regressed_from_both_wrong(tmp_path: Path) -> None:
    write_run(tmp_path, HALF)
    base = [
        Prediction(item.id, "x", -1.0, 1, "", scores={"label_accuracy": float(number % 3 == 0)})
        for number, item in enumerate(ITEMS)
    ]
    write_records(tmp_path / "evaluation" / "predictions-base.jsonl", base)
    metric, found = read(tmp_path)
    assert metric == "label_accuracy"
    assert counted(found) == {"right": 5, "fixed": 10, "regressed": 5, "both_wrong": 10}
    assert [one.kind for one in found[:4]] == ["right", "both_wrong", "fixed", "regressed"]
    assert found[1].given_answer == "a wrong answer"
    assert found[2].given_answer == "x", "the base model's, which alone is wrong"
    assert found[0].right_answer == "red"


def test_without_the_base_model_an_item_is_right_or_wrong(tmp_path: Path) -> None:
    write_run(tmp_path, HALF)
    _, found = read(tmp_path)
    assert counted(found) == {"right": 15, "wrong": 15}


def test_the_reasoning_of_an_answer_is_no_part_of_it() -> None:
    item = Example("e", "?", "q", "<think>so</think>red")
    one = Outcome(item, Prediction("e", "<think>hm</think> blue ", 0.0, 1, ""), None, 0.0, None)
    assert (one.right_answer, one.given_answer) == ("red", "blue")


def test_items_of_a_group_are_a_cluster() -> None:
    made = Prediction("e", "", 0.0, 1, "")
    clusters = [
        Outcome(Example("e", "?", "q", "a", **fields), made, None, 1.0, None).cluster
        for fields in ({}, {"group": "law"}, {"group": "law", "conversation": "talk"})
    ]
    assert clusters == ["e", "law", "talk"]


def test_what_was_not_scored_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path / "a", HALF)
    with pytest.raises(UserError, match="--metric bleu: not scored by item; scored are label_accuracy"):
        read(tmp_path / "a", "bleu")
    write_run(tmp_path / "b", HALF, scored=False)
    with pytest.raises(DataError, match="its predictions hold no scores; evaluate again"):
        read(tmp_path / "b")
    (tmp_path / "a" / "evaluation" / "predictions-tuned.jsonl").unlink()
    with pytest.raises(DataError, match=r"toy: there is no evaluation/predictions-tuned\.jsonl; evaluate again"):
        read(tmp_path / "a")


def test_a_prediction_without_its_item_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path, HALF)
    write_records(tmp_path / "instruct" / "test.jsonl", ITEMS[1:])
    with pytest.raises(DataError, match=r"1 predictions have no item in test.jsonl, such as e0"):
        read(tmp_path)
