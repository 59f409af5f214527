"""The table of scores per item: its bytes, its reading, what it refuses."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from r1tailor.errors import DataError
from r1tailor.evaluation.scores import Score, Scores, of_baseline, of_model, read, write
from r1tailor.records import Example, Prediction, Sample

MADE = [
    Prediction("a", "x", -1.5, 2, "", scores={"accuracy": 1.0}),
    Prediction("b", "y", -2.5, 3, "", truncated="answer", samples=(Sample("z"),), scores={"accuracy": 0.5, "f1": 0.2}),
]


def test_every_subject_item_and_metric_has_its_row(tmp_path: Path) -> None:
    items = [Example("a", "", "", ""), Example("b", "", "", "")]
    rows = [*of_model("tuned", MADE), *of_baseline("majority", items, [{"accuracy": 0.0}, {"accuracy": 1.0}])]
    write(tmp_path / "e" / "scores.parquet", rows)
    table = pq.read_table(tmp_path / "e" / "scores.parquet")
    assert table.column_names == ["subject", "item", "metric", "value"]
    found = read(tmp_path / "e" / "scores.parquet")
    assert found.subjects == ["tuned", "majority"]
    assert found.metrics("tuned") == ["accuracy", "log_likelihood", "tokens", "cut", "f1"]
    assert found.of("tuned", "cut") == {"a": 0.0, "b": 0.5}
    assert found.of("tuned", "log_likelihood") == {"a": -1.5, "b": -2.5}
    assert found.of("majority", "f1") == {}
    shared, first, second = found.paired("f1", "tuned", "tuned")
    assert (shared, first.tolist(), second.tolist()) == (["b"], [0.2], [0.2])
    assert found.paired("accuracy", "majority", "tuned")[1].tolist() == [0.0, 1.0]


def test_the_same_scores_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, of_model("tuned", MADE))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"], "no temporary is left"


def test_a_missing_or_damaged_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"does not exist\. Evaluate first"):
        read(tmp_path / "scores.parquet")
    (tmp_path / "scores.parquet").write_bytes(b"PAR1 is not enough")
    with pytest.raises(DataError, match="no table of scores"):
        read(tmp_path / "scores.parquet")
    assert Scores([Score("s", "i", "m", 1.0)]).of("s", "m") == {"i": 1.0}
