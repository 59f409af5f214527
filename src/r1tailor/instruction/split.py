"""Split by cluster, never by row: near-identical examples stay in one part.

Two examples are near-identical when the Jaccard index of their character trigrams (case and punctuation
ignored) reaches a threshold. Clusters are the connected components of that relation, joined with the groups
that the source names; a cluster goes to one part whole. Similarity is exact, by a sparse matrix product:
n examples of k trigrams cost about n * k * (mean list length) operations, in blocks of bounded memory.
"""

import hashlib
import unicodedata
from collections.abc import Sequence

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from r1tailor.records import Example
from r1tailor.schema import Split

_BLOCK = 2048
PARTS = ("train", "validation", "test")


def split(examples: Sequence[Example], settings: Split, seed: int) -> dict[str, list[Example]]:
    """Return the parts by name; an example's part depends on the seed and its cluster only.

    Parts keep a seeded random order, so that the first n items of a part are a fair sample of it.
    """
    parts: dict[str, list[Example]] = {part: [] for part in PARTS}
    clusters = cluster(examples, settings.similarity)
    name_of: dict[int, str] = {}
    for example, number in zip(examples, clusters, strict=True):
        name_of[number] = min(example.id, name_of.get(number, example.id))
    for example, number in zip(examples, clusters, strict=True):
        share = _uniform(f"{seed}/part/{name_of[number]}")
        if share < settings.test:
            parts["test"].append(example)
        elif share < settings.test + settings.validation:
            parts["validation"].append(example)
        else:
            parts["train"].append(example)
    for members in parts.values():
        members.sort(key=lambda example: _uniform(f"{seed}/order/{example.id}"))
    return parts


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
    second = texts if others is None else others
    vocabulary: dict[str, int] = {}
    left, right = _incidence(texts, vocabulary), _incidence(second, vocabulary)
    left = sparse.csr_matrix((left.data, left.indices, left.indptr), shape=(len(texts), len(vocabulary)))
    left_sizes, right_sizes = np.diff(left.indptr), np.diff(right.indptr)
    transposed = right.T.tocsr()
    rows: list[int] = []
    columns: list[int] = []
    for start in range(0, left.shape[0], _BLOCK):
        shared = (left[start : start + _BLOCK] @ transposed).tocoo()
        union = left_sizes[start + shared.row] + right_sizes[shared.col] - shared.data
        near = shared.data >= similarity * union
        if others is None:
            near &= start + shared.row < shared.col
        rows += (start + shared.row[near]).tolist()
        columns += shared.col[near].tolist()
    return rows, columns


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
