"""What two texts are compared by: their words, and 3-grams of words. A Chinese character is a word of its own.

So English is compared by word 3-grams and Chinese by character 3-grams, also where both stand in one text. Signs that
carry meaning (a comparator, a percent, the sign of a number or of a finding) are words; other punctuation is none.
"""

import re
import unicodedata
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
from rensa import RMinHash

Hashes = npt.NDArray[np.uint64]
DIGEST_BYTES = 16
_CHINESE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"  # and Japanese kana
_WORD = re.compile(rf"[{_CHINESE}]|[^\W_{_CHINESE}]+|[<>≤≥=≠±%‰°]|[+\-−](?=\d)|(?<=\()[+\-−](?=\))")
_FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)  # odd, so that no bit is lost


def words(text: str) -> list[str]:
    """Return the words of a text, case ignored; each Chinese character is one."""
    return _WORD.findall(unicodedata.normalize("NFC", text).casefold())


def shingles(texts: Sequence[str]) -> list[Hashes]:
    """Return for each text the sorted hashes of its different word 3-grams.

    A text of one or two words has one shingle, a text without words none. Two shingles share one of 2**64 hashes by
    chance only, so that the Jaccard index over hashes is that over shingles.
    """
    return [_grams(np.array(hashes, np.uint64)) for hashes in RMinHash.hash_token_sets([words(text) for text in texts])]


def jaccard(one: Hashes, other: Hashes) -> float:
    """Return the Jaccard index of two sets of hashes; 0.0 where one of them is empty."""
    if not (one.size and other.size):
        return 0.0
    shared = np.intersect1d(one, other, assume_unique=True).size
    return float(shared / (one.size + other.size - shared))


def digest(text: str) -> bytes:
    """Return a hash of a text in which case, white space and the way of composing a letter make no difference."""
    normalised = " ".join(unicodedata.normalize("NFC", text).casefold().split())
    return blake2b(normalised.encode(), digest_size=DIGEST_BYTES).digest()


def _grams(hashes: Hashes) -> Hashes:
    if 0 < hashes.size < 3:
        hashes = np.pad(hashes, (0, 3 - hashes.size))
    return np.unique(hashes[:-2] * _FIRST + hashes[1:-1] * _SECOND + hashes[2:])
