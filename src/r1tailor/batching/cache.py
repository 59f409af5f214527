"""Token ids kept by content, outside the tree: what was tokenised once is read back.

The key is the hash of the tokenizer and of every rendered text, so that no change of template, tokenizer, examples
or of what is supervised can meet an old entry. Lengths are cut off after reading and are no part of it. An entry
carries the sha256 of its key and its numbers: a damaged or moved entry is rebuilt, never trained on.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from r1tailor import durable

Rendered = tuple[str, ...]  # the prompt, in parts where a window or a block of reasoning calls for it; the response
Encoded = tuple[tuple[int, ...], ...]  # ids of the same parts, and the end after the response
_NO_LENGTH = b"\xff" * 8  # announces a number of parts other than two
_KEPT = 16  # entries; the one used longest ago makes room


def cached(
    folder: Path | None,
    tokenizer: bytes,
    rendered: Sequence[Rendered],
    encode: Callable[[Sequence[Rendered]], list[Encoded]],
) -> list[Encoded]:
    """Return what ``encode`` makes of the rendered texts, from the cache where it is.

    Args:
        folder: of the cache; None for none. One that cannot be written does no harm.
        tokenizer: everything about the tokenizer that decides the ids.
        rendered: prompts and responses, in their parts.
        encode: the tokenizer.
    """
    if folder is None or not rendered:
        return encode(rendered)
    path = folder / f"{key(tokenizer, rendered)}.safetensors"
    try:
        found = _read(path, [len(parts) for parts in rendered])
        os.utime(path)
        return found
    except (OSError, SafetensorError, KeyError, RuntimeError, ValueError, TypeError):
        encoded = encode(rendered)
    with suppress(OSError, SafetensorError):
        _write(path, encoded)
    return encoded


def key(tokenizer: bytes, rendered: Sequence[Rendered]) -> str:
    """Return the sha256, in hex, of a tokenizer and of rendered texts in their order."""
    digest = hashlib.sha256(hashlib.sha256(tokenizer).digest())
    for parts in rendered:
        if len(parts) != 2:
            digest.update(_NO_LENGTH + len(parts).to_bytes(8, "little"))
        for text in parts:
            data = text.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


def _read(path: Path, counts: Sequence[int]) -> list[Encoded]:
    with safe_open(path, "pt") as entry:
        ids, lengths = entry.get_tensor("ids"), entry.get_tensor("lengths")
        sealed = (entry.metadata() or {}).get("sha256")
    if len(lengths) != sum(counts) or sealed != _seal(path.stem, ids, lengths):
        raise ValueError(f"{path} is not what was written for these texts")
    parts = iter([tuple(part.tolist()) for part in torch.split(ids, lengths.tolist())])
    return [tuple(islice(parts, count)) for count in counts]


def _seal(key: str, ids: Tensor, lengths: Tensor) -> str:
    """Return the sha256, in hex, of an entry: its key, its lengths, its ids."""
    return hashlib.sha256(key.encode() + lengths.numpy().tobytes() + ids.numpy().tobytes()).hexdigest()


def _write(path: Path, encoded: Sequence[Encoded]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = [part for one in encoded for part in one]
    ids = torch.tensor([token for part in parts for token in part], dtype=torch.int32)
    lengths = torch.tensor([len(part) for part in parts])
    durable.sweep(path.parent)  # what killed processes left
    temporary = durable.temporary(path)
    try:
        save_file({"ids": ids, "lengths": lengths}, temporary, {"sha256": _seal(path.stem, ids, lengths)})
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    entries = sorted(path.parent.glob("*.safetensors"), key=lambda entry: entry.stat().st_mtime, reverse=True)
    for old in entries[_KEPT:]:
        old.unlink(missing_ok=True)
