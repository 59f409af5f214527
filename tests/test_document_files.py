"""Documents survive their files, batch by batch; what is no file of documents is named."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from r1tailor import document_files
from r1tailor.errors import DataError
from r1tailor.records import Document


def test_documents_come_back_as_they_were_and_are_counted(tmp_path: Path) -> None:
    written = [Document(f"d{i}", f"text {i} 病历\x00", "source", "CC0", "", "", "2020-01-01") for i in range(5)]
    path = tmp_path / "documents.parquet"
    assert document_files.write_documents(path, iter(written)) == 5
    assert list(document_files.read_documents(path, batch_size=2)) == written
    assert document_files.count_documents(path) == 5


def test_a_file_that_holds_no_documents_is_named(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    path.write_bytes(b"PAR1 but not really")
    with pytest.raises(DataError, match=r"d\.parquet: not a document file"):
        list(document_files.read_documents(path))
    pq.write_table(pa.table({"colour": ["red"]}), path)
    with pytest.raises(DataError, match=r"d\.parquet: not a document file"):
        list(document_files.read_documents(path))
