"""Raw material comes in: each source turns files below ``data/`` into documents with provenance."""

from collections.abc import Iterator
from pathlib import Path

from r1tailor.records import Document
from r1tailor.schema import JsonlSource, PackagedSource
from r1tailor.sources import icd10cm, jsonl, packaged

_PACKAGED_READERS = {"icd10cm": icd10cm.read}


def read(source: PackagedSource | JsonlSource, root: Path) -> Iterator[Document]:
    """Yield the documents of one source.

    Raises:
        DataError: a file is missing, changed or malformed; names the file and, where there is one, the line.
    """
    match source:
        case PackagedSource():
            return _PACKAGED_READERS[source.name](source, packaged.verified_member(source, root))
        case JsonlSource():
            return jsonl.read(source, root)
