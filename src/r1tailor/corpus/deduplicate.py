"""Leave out documents that repeat an earlier one, word for word or nearly so.

Two documents are duplicates when their normalised texts are the same, or when the Jaccard index of their shingles
(``corpus/shingles.py``) reaches a threshold. Clusters are the connected components of that relation; the first document
of each stays. Near duplicates are found by MinHash (Broder 1997) in bands (Leskovec, Rajaraman and Ullman, *Mining of
Massive Datasets*, 3.4): documents that agree in all rows of a band are candidates, and every candidate is verified
by the exact index. Two documents of similarity s become candidates with probability 1 - (1 - s^rows)^bands; bands and
rows are chosen so that a pair at the threshold is missed with a probability below 1 %, and a closer one still less.

Memory does not grow with the texts: keys and shingles lie on disk next to the output, partition by partition; what
stays is one number for each document.
"""

import json
import math
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rensa import RMinHash

from r1tailor import bounded
from r1tailor.corpus.progress import shown
from r1tailor.corpus.shingles import Hashes, digest, jaccard, shingles
from r1tailor.corpus.spill import Known, Numbers, Partitions, Records, spilled
from r1tailor.document_files import count_documents, read_documents, write_documents
from r1tailor.records import Document
from r1tailor.schema.corpus import Duplicates

PAIRS = "duplicates.jsonl"
_BATCH = 512  # documents
_HASHES = 128
_MISSED = 0.01
_SEED = 1
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_Found = Callable[[int, int, float], None]


def deduplicate(source: Path, target: Path, settings: Duplicates) -> dict[str, Any]:
    """Write the documents of a Parquet file that repeat no earlier one, in order; return a report.

    The pairs that show what repeats what (ids and similarity) are written next to the target, to ``duplicates.jsonl``:
    one pair for each document that is left out. ``target`` may be ``source``.

    Raises:
        DataError: the file is missing or is no document file.
    """
    counts = {"exact": 0, "near": 0}
    with (
        spilled(target.parent) as place,
        Records(place) as records,
        (target.with_name(PAIRS)).open("w", encoding="utf-8") as pairs,
    ):

        def found(first: int, second: int, similarity: float) -> None:
            one, other = records.known(first), records.known(second)
            counts["exact" if one.digest == other.digest else "near"] += 1
            line = {"first": one.id, "second": other.id, "similarity": round(similarity, 4)}
            pairs.write(json.dumps(line, ensure_ascii=False) + "\n")

        clusters = _clusters(source, place, records, settings.similarity, found)
        kept = write_documents(target, clusters.firsts(read_documents(source)))
    return {"similarity": settings.similarity, **counts, "kept": kept, "pairs": PAIRS}


def bands_and_rows(similarity: float) -> tuple[int, int]:
    """Return how many bands of how many rows find a pair of this similarity with a probability above 99 %.

    (1 - similarity^rows)^bands < 0.01, with the most rows (the fewest wrong candidates) that 128 hashes allow.
    """
    needed = {rows: _bands(similarity, rows) for rows in range(_HASHES, 0, -1)}
    return next((bands, rows) for rows, bands in needed.items() if bands * rows <= _HASHES)


def _bands(similarity: float, rows: int) -> int:
    return math.floor(math.log(_MISSED) / math.log1p(-(similarity**rows))) + 1


class _Clusters:
    """A union-find over document numbers in which the first document of a cluster stands for it."""

    def __init__(self, count: int) -> None:
        self._parents = np.arange(count, dtype=np.uint32)

    def first(self, number: int) -> int:
        """Return the first document of a document's cluster."""
        while (parent := int(self._parents[number])) != number:
            self._parents[number] = self._parents[parent]
            number = parent
        return number

    def firsts_of(self, numbers: Numbers) -> Numbers:
        """Return the first document of each document's cluster."""
        found = self._parents[numbers]
        while not np.array_equal(found, above := self._parents[found]):
            found = above
        return found

    def join(self, one: int, other: int) -> None:
        """Make one cluster of two."""
        first, second = sorted((self.first(one), self.first(other)))
        self._parents[second] = first

    def firsts(self, documents: Iterator[Document]) -> Iterator[Document]:
        """Yield the documents that are the first of their clusters."""
        for number, document in enumerate(documents):
            if self._parents[number] == number:
                yield document


def _clusters(source: Path, place: Path, records: Records, similarity: float, found: _Found) -> _Clusters:
    with Partitions(place, "same") as same, Partitions(place, "near") as near:
        documents = shown(read_documents(source), "comparing", count_documents(source))
        count, size = _spill(documents, bands_and_rows(similarity), records, same, near)
        bounded.left()
        # Of documents that are all a bit alike, each is compared with each.
        bounded.entered(f"the comparison of {count:,} documents", max(size, size * size // bounded.MB))
        clusters = _Clusters(count)
        for members in same.together():
            _join_same(members, records, clusters, found)
        is_first = clusters.firsts_of(np.arange(count, dtype=np.uint32)) == np.arange(count, dtype=np.uint32)
        for members in near.together():
            _join_near(members[is_first[members]], similarity, records, clusters, found)
        bounded.left()
    return clusters


def _spill(
    documents: Iterator[Document], shape: tuple[int, int], records: Records, same: Partitions, near: Partitions
) -> tuple[int, int]:
    """Put on disk what the documents are compared by; return how many they are, and their characters."""
    count = size = 0
    while batch := list(islice(documents, _BATCH)):
        characters = sum(len(document.text) for document in batch)
        bounded.left()
        bounded.entered(f"documents {batch[0].id} to {batch[-1].id}", characters)
        hashes = shingles([document.text for document in batch])
        known = [Known(d.id, digest(d.text), grams) for d, grams in zip(batch, hashes, strict=True)]
        records.add(known)
        numbers = np.arange(count, count + len(batch), dtype=np.uint32)
        same.add(np.array([int.from_bytes(one.digest[:8], "big") for one in known], np.uint64), numbers)
        filled = np.array([grams.size > 0 for grams in hashes])
        near.add(_band_keys(hashes, shape), np.repeat(numbers[filled], shape[0]))
        count, size = count + len(batch), size + characters
    return count, size


def _band_keys(hashes: list[Hashes], shape: tuple[int, int]) -> Hashes:
    """Return the keys of all bands of all texts that have shingles, text by text."""
    bands, rows = shape
    filled = [grams for grams in hashes if grams.size]
    if not filled:
        return np.empty(0, np.uint64)
    ends = np.cumsum([0, *(grams.size for grams in filled)], dtype=np.uint64)
    signatures = RMinHash.digest_matrix_from_flat_token_hashes(np.concatenate(filled), ends, bands * rows, _SEED)
    values = np.array(signatures.to_rows(), np.uint64).reshape(-1, bands, rows)
    keys = np.broadcast_to(np.arange(bands, dtype=np.uint64), values.shape[:2])
    for row in range(rows):
        keys = (keys ^ values[..., row]) * _PRIME
        keys = keys ^ (keys >> np.uint64(32))
    return (keys * _PRIME).reshape(-1)


def _join_same(members: Numbers, records: Records, clusters: _Clusters, found: _Found) -> None:
    firsts: dict[bytes, int] = {}
    for number in members.tolist():
        first = firsts.setdefault(records.known(number).digest, number)
        if first != number:
            clusters.join(first, number)
            found(first, number, 1.0)


def _join_near(members: Numbers, similarity: float, records: Records, clusters: _Clusters, found: _Found) -> None:
    """Verify the pairs of a band's candidates that are not known to be of one cluster."""
    for place, number in enumerate(members.tolist()):
        others = members[place + 1 :]
        apart: npt.NDArray[np.bool_] = clusters.firsts_of(others) != clusters.first(number)
        for other in others[apart].tolist():
            if clusters.first(number) != clusters.first(other):
                index = jaccard(records.known(number).shingles, records.known(other).shingles)
                if index >= similarity:
                    clusters.join(number, other)
                    found(number, other, index)
