"""The documents of a source, and then where they came from."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from r1tailor import sources
from r1tailor.records import Document, Rejection
from r1tailor.schema.sources import PackagedSource, Source


def gathered(
    source: Source,
    root: Path,
    readers: Mapping[str, str],
    provenance: list[dict[str, Any]],
    told: Callable[[Rejection], Mapping[str, str]],
    most: int | None = None,
) -> Iterator[Document]:
    """Yield the documents of a source, then add their provenance.

    Args:
        source: settings.
        root: the project's root.
        readers: what the kind of domain brings, by kind of source.
        provenance: where the facts are added: settings, documents, rejections, and the hash of what was read.
        told: what may be told of a rejection.
        most: documents; None reads all.
    """
    rejected: list[Rejection] = []
    files, count, last, alone = hashlib.sha256(), 0, "", True
    read = sources.read(source, root, rejected, readers)
    for count, document in enumerate(islice(read, most), start=1):
        if document.sha256 != last:
            alone, last = count == 1, document.sha256
            files.update(last.encode())
        yield document
    facts = source.model_dump(mode="json", exclude=None if source.permissions else {"permissions"})
    if found := sources.findings(source, root):
        facts["findings"] = found
    facts |= {"documents": count, "rejected": [dict(told(one)) for one in rejected]}
    if not isinstance(source, PackagedSource):
        facts["sha256"] = last if alone else files.hexdigest()  # of the raw file, or of the hashes of several
    provenance.append(facts)
