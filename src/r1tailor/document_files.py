"""Files of documents: Parquet, the same bytes for the same documents, written and read by batches.

There may be more documents than memory holds.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from r1tailor import durable
from r1tailor.errors import DataError, without_content
from r1tailor.records import Document

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_ROW_GROUP = 1024  # documents; fixed, so that the bytes of a file do not depend on how its documents arrived


@cache
def _document_schema() -> "pa.Schema":
    """Return the columns of a document file; what handles no file of documents does not import Arrow."""
    import pyarrow as pa

    return pa.schema([(f.name, pa.string()) for f in fields(Document)])


def write_documents(path: Path, documents: Iterable[Document]) -> int:
    """Write documents as Parquet, in the given order; return how many.

    One row group of documents is held in memory at a time. An error leaves no file, or the old one.
    """
    import pyarrow.parquet as pq

    remaining, count = iter(documents), 0
    durable.sweep(path.parent)  # what killed runs left holds raw text
    temporary = durable.temporary(path)
    try:
        with (
            os.fdopen(durable.create(temporary), "wb") as file,
            pq.ParquetWriter(file, _document_schema(), compression="zstd", write_statistics=False) as writer,
        ):
            while group := list(islice(remaining, _ROW_GROUP)):
                writer.write_batch(as_batch(group), row_group_size=_ROW_GROUP)
                count += len(group)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return count


def read_documents(path: Path, batch_size: int = _ROW_GROUP) -> Iterator[Document]:
    """Yield the documents of a Parquet file in order; at most ``batch_size`` of them are held in memory.

    Raises:
        DataError: the file is missing or is no document file.
    """
    import pyarrow as pa

    file = _document_file(path)
    try:
        for batch in file.iter_batches(batch_size):
            yield from from_batch(batch)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{path}: a damaged document file: {without_content(error)}") from None


def count_documents(path: Path) -> int:
    """Return how many documents a Parquet file holds, from its footer.

    Raises:
        DataError: the file is missing or is no document file.
    """
    return int(_document_file(path).metadata.num_rows)


def as_batch(documents: Sequence[Document]) -> "pa.RecordBatch":
    """Return documents as an Arrow batch; ``fields`` travel as JSON."""
    import pyarrow as pa

    columns = {name: [getattr(document, name) for document in documents] for name in _document_schema().names}
    columns["fields"] = [json.dumps(value, ensure_ascii=False) for value in columns["fields"]]
    return pa.RecordBatch.from_pydict(columns, schema=_document_schema())


def from_batch(batch: "pa.RecordBatch | pa.Table") -> Iterator[Document]:
    """Yield the documents of an Arrow batch or table that has their columns (and maybe others)."""
    for row in batch.select(_document_schema().names).to_pylist():
        yield Document(**(row | {"fields": json.loads(row["fields"])}))


def _document_file(path: Path) -> "pq.ParquetFile":
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.exists():
        raise DataError(f"{path} does not exist. Run the stage before: dvc repro, or python train.py")
    try:
        file = pq.ParquetFile(path, pre_buffer=False)  # with it, the whole file would be kept in memory
    except pa.ArrowException as error:
        raise DataError(f"{path}: not a document file: {without_content(error)}") from None
    if not file.schema_arrow.equals(_document_schema()):
        raise DataError(f"{path}: not a document file: its columns are {', '.join(file.schema_arrow.names)}")
    return file
