"""Tokens, for comparing annotators' spans and for Prodigy: words, and single Chinese characters."""

import itertools
import re
from collections.abc import Iterable

# Chinese ideographs and Japanese syllables are written without spaces: each character is a token.
HAN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"[{HAN}]|[^\W{HAN}]+|[^\w\s]")


def pieces(text: str, cuts: Iterable[int] = ()) -> list[tuple[int, int]]:
    """Return (start, end) of the pieces that make up a text: tokens and the white space between them.

    They are also cut at ``cuts``, so that a span with ends among these consists of whole pieces.
    """
    bounds = {offset for found in _TOKEN.finditer(text) for offset in found.span()}
    ordered = sorted(bounds.union({0, len(text)}, cuts))
    return list(itertools.pairwise(ordered))
