"""Token ids kept by content, outside the tree: what was tokenised once is read back.

The key is the hash of the tokenizer and of every rendered text, so that no change of template, tokenizer, examples
or of what is supervised can meet an old entry. Lengths are cut off after reading and are no part of it. An entry
carries the sha256 of its key and its numbers: one that was damaged or moved is made anew, never trained on.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

Rendered = tuple[str, str]  # prompt, response
Encoded = tuple[tuple[int, ...], tuple[int, ...]]  # ids of the prompt, of the response and its end
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
        rendered: prompts and responses.
        encode: the tokenizer.
    """
    if folder is None or not rendered:
        return encode(rendered)
    path = folder / f"{key(tokenizer, rendered)}.safetensors"
    try:
        found = _read(path, len(rendered))
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
    for text in (part for pair in rendered for part in pair):
        data = text.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


def _read(path: Path, pairs: int) -> list[Encoded]:
    with safe_open(path, "pt") as entry:
        ids, lengths = entry.get_tensor("ids"), entry.get_tensor("lengths")
        sealed = (entry.metadata() or {}).get("sha256")
    if len(lengths) != 2 * pairs or sealed != _seal(path.stem, ids, lengths):
        raise ValueError(f"{path} is not what was written for these texts")
    parts = [tuple(part.tolist()) for part in torch.split(ids, lengths.tolist())]
    return list(zip(parts[::2], parts[1::2], strict=True))


def _seal(key: str, ids: Tensor, lengths: Tensor) -> str:
    """Return the sha256, in hex, of an entry: its key, its lengths, its ids."""
    return hashlib.sha256(key.encode() + lengths.numpy().tobytes() + ids.numpy().tobytes()).hexdigest()


def _write(path: Path, encoded: Sequence[Encoded]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = [part for pair in encoded for part in pair]
    ids = torch.tensor([token for part in parts for token in part], dtype=torch.int32)
    lengths = torch.tensor([len(part) for part in parts])
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        save_file({"ids": ids, "lengths": lengths}, temporary, {"sha256": _seal(path.stem, ids, lengths)})
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    entries = sorted(path.parent.glob("*.safetensors"), key=lambda entry: entry.stat().st_mtime, reverse=True)
    for old in entries[_KEPT:]:
        old.unlink(missing_ok=True)
