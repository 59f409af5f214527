"""Similarity of texts: exact shares of common character trigrams, for all pairs at once.

Case and punctuation are ignored. The computation is a sparse matrix product: n texts of k trigrams cost about
n * k * (mean number of texts per trigram) operations, in blocks of bounded memory.
"""

import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

_BLOCK = 2048
_BLOCK_ENTRIES = 1 << 24  # of the product, at most


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
    """Yield index pairs (in ``texts``, in ``others``) and the share of the first's trigrams that the second contains.

    Pairs with a share below ``containment`` are left out.
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
    """Return the character trigrams of a text's letters and digits; words are separated by one space."""
    folded = "".join(c if unicodedata.category(c)[0] in "LN" else " " for c in text.casefold())
    padded = f" {' '.join(folded.split())} "
    return {padded[i : i + 3] for i in range(max(1, len(padded) - 2))}
