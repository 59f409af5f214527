"""Whole texts become windows of token ids: continued pre-training reads documents, not questions and answers.

A text that is longer than a window is cut at the end of a paragraph; where a paragraph does not fit, at the end of a
line, of a sentence, of a word, and only then within one. The windows of a text, joined, are the text. Each is read by
itself: it begins with the tokenizer's start token (its end of text, where it has none), from which its first token is
predicted, and the last window of a text ends in the end of text.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from r1tailor.batching.cache import Encoded, Rendered, cached
from r1tailor.domain.passages import end_of_piece
from r1tailor.errors import DataError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Ids = tuple[int, ...]
_AROUND = 2  # tokens of a window that are not of its text: the start, and the end
_SHORTEST = 16  # tokens of a window


def windows(
    texts: Sequence[str], tokenizer: "PreTrainedTokenizerBase", end: int, max_length: int, cache: Path | None = None
) -> tuple[int, list[list[Ids]]]:
    """Return the token that begins each window, and the windows of each text, in order.

    Args:
        texts: in which the name of a special token is text.
        tokenizer: of the model.
        end: token that ends a text where the tokenizer has no end of text.
        max_length: in tokens, that of the beginning included.
        cache: folder of earlier results; see ``batching/cache.py``.

    Raises:
        DataError: a window of that length holds next to nothing.
    """
    if max_length < _SHORTEST:
        raise DataError(f"trainer.max_length = {max_length}: texts are read in windows of at least {_SHORTEST} tokens")
    last = end if tokenizer.eos_token_id is None else int(tokenizer.eos_token_id)
    first = last if tokenizer.bos_token_id is None else int(tokenizer.bos_token_id)
    rendered: list[Rendered] = [(text, f"windows of {max_length} tokens") for text in texts]
    encode = partial(_encoded, tokenizer, max_length - _AROUND)
    encoded = cached(cache, tokenizer.backend_tokenizer.to_str().encode(), rendered, encode)
    return first, [_ended(ids, lengths, last) for ids, lengths in encoded]


def cut(text: str, most: int, ids_of: Callable[[str], Ids], starts: Sequence[int]) -> Iterator[tuple[str, Ids]]:
    """Yield the parts of a text with their token ids, each of at most ``most`` tokens.

    Args:
        text: what is cut.
        most: tokens of a part.
        ids_of: the tokenizer.
        starts: for each token of the whole text, the character at which it begins.
    """
    begin = token = 0
    while begin < len(text):
        while token < len(starts) and starts[token] < begin:
            token += 1
        reach = most
        while True:
            limit = starts[token + reach] if token + reach < len(starts) else len(text)
            close = end_of_piece(text, begin, max(limit, begin + 1))
            ids = ids_of(text[begin:close])
            if len(ids) <= most or close == begin + 1:
                break
            reach = max(reach - (len(ids) - most), 0)  # a part alone may take more tokens than within the text
        yield text[begin:close], ids
        begin = close


def _encoded(tokenizer: "PreTrainedTokenizerBase", most: int, rendered: Sequence[Rendered]) -> list[Encoded]:
    """Return for each text the ids of all of its windows, and how many each has."""

    def ids_of(text: str) -> Ids:
        return tuple(tokenizer(text, add_special_tokens=False)["input_ids"])

    found: list[Encoded] = []
    for text, _ in rendered:
        whole = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        if len(whole["input_ids"]) <= most:
            parts = [tuple(whole["input_ids"])]
        else:
            parts = [ids for _, ids in cut(text, most, ids_of, [start for start, _ in whole["offset_mapping"]])]
        found.append((tuple(token for part in parts for token in part), tuple(map(len, parts))))
    return found


def _ended(ids: Ids, lengths: Ids, end: int) -> list[Ids]:
    parts, begin = [], 0
    for length in lengths:
        parts.append(ids[begin : begin + length])
        begin += length
    return [*parts[:-1], (*parts[-1], end)]
