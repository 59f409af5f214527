"""Split by cluster, group or time, never by row: near-identical examples stay in one part.

Two examples are near-identical when the Jaccard index of their character trigrams (case and punctuation
ignored) reaches a threshold. Clusters are the connected components of that relation, joined with the groups
that the source names; a cluster goes to one part whole. Where groups or dates alone decide, near-identical examples
may come to lie in two parts: then the one in the earlier part (train before validation before test) is left out.
Similarity is exact, by a sparse matrix product: n examples of k trigrams cost about n * k * (mean list length)
operations, in blocks of bounded memory.
"""

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from r1tailor.errors import DataError
from r1tailor.records import Example
from r1tailor.schema import Boundaries, Split

_BLOCK = 2048
_BLOCK_ENTRIES = 1 << 24  # of the product, at most
PARTS = ("train", "validation", "test")


def split(
    examples: Sequence[Example], settings: Split, seed: int, left_out: dict[str, list[str]] | None = None
) -> dict[str, list[Example]]:
    """Return the parts by name; an example's part depends on the seed and its cluster (group, date) only.

    Parts keep a seeded random order, so that the first n items of a part are a fair sample of it. The ids of examples
    that are in no part are added to ``left_out``, by the reason: ``embargo`` or ``near_identical``.

    Raises:
        DataError: an example lacks the group or the date that decides its part.
    """
    match settings.by:
        case "similarity":
            places = _by_cluster(examples, settings, seed)
        case "group":
            places = _without_straddlers(examples, _by_group(examples, settings, seed), settings.similarity)
        case "time":
            places = _without_straddlers(examples, _by_time(examples, settings), settings.similarity)
    parts: dict[str, list[Example]] = {part: [] for part in PARTS}
    for example, place in zip(examples, places, strict=True):
        if place in parts:
            parts[place].append(example)
        elif left_out is not None:
            left_out.setdefault(place, []).append(example.id)
    for members in parts.values():
        members.sort(key=lambda example: _uniform(f"{seed}/order/{example.id}"))
    return parts


def _by_cluster(examples: Sequence[Example], settings: Split, seed: int) -> list[str]:
    clusters = cluster(examples, settings.similarity)
    name_of: dict[int, str] = {}
    for example, number in zip(examples, clusters, strict=True):
        name_of[number] = min(example.id, name_of.get(number, example.id))
    return [_part(f"{seed}/part/{name_of[number]}", settings) for number in clusters]


def _by_group(examples: Sequence[Example], settings: Split, seed: int) -> list[str]:
    without = [example.id for example in examples if not example.group]
    if without:
        raise DataError(f"domain.split.by = group: {len(without):,} examples name no group; the first is {without[0]}")
    return [_part(f"{seed}/part/{example.group}", settings) for example in examples]


def _by_time(examples: Sequence[Example], settings: Split) -> list[str]:
    """Return the part of each example by its date; ``embargo`` where it lies too close before a boundary."""
    dates = [_date(example) for example in examples]
    validation, test = _boundaries(dates, settings)
    embargo = timedelta(settings.embargo_days)

    def place(known: date) -> str:
        if known >= test:
            return "test"
        if known >= validation:
            return "validation" if known < test - embargo else "embargo"
        return "train" if known < validation - embargo else "embargo"

    return [place(known) for known in dates]


def _date(example: Example) -> date:
    try:
        return date.fromisoformat(example.available_at)
    except ValueError as error:
        raise DataError(f"domain.split.by = time: example {example.id} has no date (available_at)") from error


def _boundaries(dates: Sequence[date], settings: Split) -> tuple[date, date]:
    """Return the given boundaries, or the dates at which the shares of the later parts begin."""
    if settings.boundaries:
        given: Boundaries = settings.boundaries
        return date.fromisoformat(given.validation), date.fromisoformat(given.test)
    ordered = sorted(dates) or [date.max]
    starts = (1 - settings.test - settings.validation, 1 - settings.test)
    validation, test = (ordered[min(len(ordered) - 1, round(share * len(ordered)))] for share in starts)
    return validation, test


def _without_straddlers(examples: Sequence[Example], places: list[str], similarity: float) -> list[str]:
    """Return the places with ``near_identical`` for examples that have a near-identical one in a later part."""
    result = list(places)
    for pair in zip(*similar_pairs([e.input or e.output for e in examples], similarity), strict=True):
        if all(places[index] in PARTS for index in pair):
            earlier, later = sorted(pair, key=lambda index: PARTS.index(places[index]))
            if places[earlier] != places[later]:
                result[earlier] = "near_identical"
    return result


def _part(key: str, settings: Split) -> str:
    share = _uniform(key)
    if share < settings.test:
        return "test"
    return "validation" if share < settings.test + settings.validation else "train"


def cluster(examples: Sequence[Example], similarity: float) -> list[int]:
    """Return the cluster number of each example."""
    if not examples:
        return []
    rows, columns = similar_pairs([example.input or example.output for example in examples], similarity)
    groups: dict[str, int] = {}
    for index, example in enumerate(examples):
        if example.group:
            rows.append(groups.setdefault(example.group, index))
            columns.append(index)
    size = len(examples)
    edges = (np.array(rows, dtype=np.int64), np.array(columns, dtype=np.int64))
    graph = sparse.coo_matrix((np.ones(len(rows), np.int8), edges), shape=(size, size))
    return [int(label) for label in connected_components(graph, directed=False)[1]]


def similar_pairs(
    texts: Sequence[str], similarity: float, others: Sequence[str] | None = None
) -> tuple[list[int], list[int]]:
    """Return index pairs (in ``texts``, in ``others``) whose trigram Jaccard index reaches ``similarity``.

    ``others`` defaults to ``texts`` itself; a text is then not paired with itself.
    """
    rows: list[int] = []
    columns: list[int] = []
    for row, column, shared, row_sizes, column_sizes in _shared_trigrams(texts, texts if others is None else others):
        near = shared >= similarity * (row_sizes + column_sizes - shared)
        if others is None:
            near &= row < column
        rows += row[near].tolist()
        columns += column[near].tolist()
    return rows, columns


def contained_pairs(
    texts: Sequence[str], others: Sequence[str], containment: float
) -> Iterator[tuple[int, int, float]]:
    """Yield index pairs (in ``texts``, in ``others``) with the share of the first's trigrams that the second has.

    Only shares that reach ``containment`` are given.
    """
    for row, column, shared, row_sizes, _ in _shared_trigrams(texts, others):
        near = shared >= containment * row_sizes
        shares = shared[near] / row_sizes[near]
        yield from zip(row[near].tolist(), column[near].tolist(), shares.tolist(), strict=True)


_Numbers = npt.NDArray[np.integer]


def _shared_trigrams(
    texts: Sequence[str], others: Sequence[str]
) -> Iterator[tuple[_Numbers, _Numbers, _Numbers, _Numbers, _Numbers]]:
    """Yield (row, column, shared trigrams, trigrams of the row, of the column) for all pairs that share any."""
    vocabulary: dict[str, int] = {}
    left, right = _incidence(texts, vocabulary), _incidence(others, vocabulary)
    left = sparse.csr_matrix((left.data, left.indices, left.indptr), shape=(len(texts), len(vocabulary)))
    left_sizes, right_sizes = np.diff(left.indptr), np.diff(right.indptr)
    transposed = right.T.tocsr()
    block = max(1, min(_BLOCK, _BLOCK_ENTRIES // max(1, len(others))))
    for start in range(0, left.shape[0], block):
        found = (left[start : start + block] @ transposed).tocoo()
        row = start + found.row
        yield row, found.col, found.data, left_sizes[row], right_sizes[found.col]


def _incidence(texts: Sequence[str], vocabulary: dict[str, int]) -> "sparse.csr_matrix[np.int32]":
    pointers, indices = [0], []
    for text in texts:
        indices += sorted(vocabulary.setdefault(gram, len(vocabulary)) for gram in trigrams(text))
        pointers.append(len(indices))
    data = np.ones(len(indices), np.int32)
    return sparse.csr_matrix((data, indices, pointers), shape=(len(texts), len(vocabulary)))


def trigrams(text: str) -> set[str]:
    """Return the character trigrams of a text's letters and digits; words are kept apart by one space."""
    folded = "".join(c if unicodedata.category(c)[0] in "LN" else " " for c in text.casefold())
    padded = f" {' '.join(folded.split())} "
    return {padded[i : i + 3] for i in range(max(1, len(padded) - 2))}


def _uniform(key: str) -> float:
    """Return a number in [0, 1) that depends on nothing but the key."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64
