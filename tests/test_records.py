"""Documents, examples and predictions survive their files; a damaged line is named."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from r1tailor import records
from r1tailor.errors import DataError
from r1tailor.records import Document, Example, Prediction

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}


def test_documents_examples_and_predictions_survive_their_files(tmp_path: Path) -> None:
    documents = [
        Document("血压 m²", "10⁹\n\u2028", **FACTS, fields={"a": [1, {"b": None}]}),
        Document("e", "", **FACTS),
    ]
    examples = [Example("e", "i", "x\u2028y", "o", "because", "g", {"entities": ["é"]}), Example("f", "", "", "")]
    predictions = [Prediction("e", "a\nb", -1.5e-17, 3, "一"), Prediction("f", "", 0.1 + 0.2, 0, "")]
    assert records.write_documents(tmp_path / "d.parquet", documents) == 2
    assert list(records.read_documents(tmp_path / "d.parquet")) == documents
    assert records.write_records(tmp_path / "e.jsonl", examples) == 2
    assert records.read_examples(tmp_path / "e.jsonl") == examples
    assert records.write_records(tmp_path / "p.jsonl", predictions) == 2
    assert records.read_predictions(tmp_path / "p.jsonl") == predictions


def test_the_same_records_give_the_same_bytes(tmp_path: Path, examples: list[Example]) -> None:
    for name in ("a", "b"):
        records.write_records(tmp_path / f"{name}.jsonl", examples)
        records.write_documents(tmp_path / f"{name}.parquet", [Document(e.id, e.input, **FACTS) for e in examples])
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


WHOLE = '{"id": "a", "instruction": "", "input": "", "output": ""}'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (WHOLE[:20], "not JSON: "),
        ('{"id": "a"}', "not of kind Example: "),
        (WHOLE.replace("}", ', "colour": 1}'), "not of kind Example: "),
        ("[" * 100_000, "not JSON: nested too deeply"),
        ("null", "a mapping is expected, found NoneType"),
    ],
    ids=["cut off", "incomplete", "unknown key", "deep", "null"],
)
def test_a_damaged_line_is_named_with_its_file(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text(f"{WHOLE}\n{line}\n", encoding="utf-8")
    with pytest.raises(DataError) as refusal:
        records.read_examples(path)
    assert str(refusal.value).startswith(f"{path}, line 2: {message}")


def test_a_missing_file_of_records_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no\.jsonl does not exist"):
        records.read_predictions(tmp_path / "no.jsonl")
    with pytest.raises(DataError, match=r"no\.parquet does not exist\. Run the stage before: "):
        list(records.read_documents(tmp_path / "no.parquet"))


def test_a_file_that_holds_no_documents_is_named(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    path.write_bytes(b"PAR1 but not really")
    with pytest.raises(DataError, match=r"d\.parquet: not a document file"):
        list(records.read_documents(path))
    pq.write_table(pa.table({"colour": ["red"]}), path)
    with pytest.raises(DataError, match=r"d\.parquet: not a document file"):
        list(records.read_documents(path))
