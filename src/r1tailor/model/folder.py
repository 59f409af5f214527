"""What a model folder of somebody else may hold: weights as safetensors, and no name that leads out of the folder.

transformers follows the names that an index of shards or a configuration holds, to pickles and to other folders. Here
they are looked at first, without torch.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from r1tailor import store

_LONGEST = 100_000_000  # bytes of a JSON file; an index of R1 has 9 million
_SHARD = re.compile(r"[^/\\\0]+\.safetensors")
_EXEMPT = ("special_tokens_map_file",)  # of older tokenizers: where it lay once; not read
_NAMED = ("transformers_weights", "adapter_path")  # names of other files of weights


def fault(folder: Path, within: Path | None = None) -> str | None:
    """Return why a model is not loaded from a folder in Hugging Face layout, or None.

    Args:
        folder: that holds ``config.json``.
        within: where links may lead to; the folder itself unless given.
    """
    allowed = (within or folder).resolve()
    for path in sorted(folder.iterdir()):
        if path.is_symlink() and not _leads_into(path, allowed):
            return f"{path.name} is a link that leads out of it"
        if path.suffix == ".json" and path.is_file() and (found := _of_json(folder, path)):
            return found
    return None


def changed_blob(folder: Path, *, weights: bool) -> str | None:
    """Return the name of a file of a hub snapshot whose content is not what the cache stored it as, or None.

    The hub's client keeps a file under its hash: sha256 of a large one, git's of a small one.

    Args:
        folder: the snapshot.
        weights: whether to read the weights, too.
    """
    for path in sorted(folder.iterdir()):
        if path.is_symlink() and (weights or path.suffix != ".safetensors"):
            name = path.resolve().name
            if re.fullmatch("[0-9a-f]{64}", name) and store.content_sha256(path) != name:
                return path.name
            if re.fullmatch("[0-9a-f]{40}", name) and _git_hash(path) != name:
                return path.name
    return None


def changed_settings(folder: Path) -> bool:
    """Whether a folder of our cache holds another configuration, tokenizer or template than its manifest lists.

    Weights are left out: whoever loads them checks the whole folder.
    """
    try:
        listed: dict[str, str] = store.read_json(folder / store.MANIFEST)["files"]
        paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
        files = {name: path for name, path in paths.items() if not path.is_dir() and name != store.MANIFEST}
        return files.keys() != listed.keys() or any(
            path.is_symlink() or (path.suffix != ".safetensors" and store.sha256_file(path) != listed[name])
            for name, path in files.items()
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return True


def _leads_into(path: Path, allowed: Path) -> bool:
    try:
        return path.resolve().is_relative_to(allowed)
    except (OSError, RuntimeError):  # a loop of links
        return False


def _of_json(folder: Path, path: Path) -> str | None:
    if path.stat().st_size > _LONGEST:
        return f"{path.name} is larger than {_LONGEST} bytes"
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None  # whoever needs it reports that
    if path.name.endswith(".index.json"):
        if not path.name.endswith(".safetensors.index.json") and any(folder.glob("*.safetensors")):
            return None  # of pickles next to safetensors: it is not read
        return _of_index(folder, path.name, content)
    if not isinstance(content, dict):
        return None
    if path.name == "config.json" and (named := [key for key in _NAMED if content.get(key) is not None]):
        return f"config.json: {named[0]} names other weights; a folder holds its own as *.safetensors"
    if path.name == "tokenizer_config.json":
        named = [key for key, value in content.items() if key.endswith("_file") and isinstance(value, str)]
        if named := [key for key in named if key not in _EXEMPT]:
            return f"tokenizer_config.json: {named[0]} names a file; a tokenizer's files are found by their usual names"
    return None


def _of_index(folder: Path, name: str, content: Any) -> str | None:  # noqa: ANN401
    shards = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(shards, dict):
        return f"{name} holds no weight_map"
    for shard in dict.fromkeys(map(str, shards.values())):
        if not _SHARD.fullmatch(shard):
            return f"{name} names {shard[:200]!r}; a shard is a *.safetensors file in the same folder"
        if name.endswith(".safetensors.index.json") and not (folder / shard).is_file():
            return f"{name} names {shard[:200]!r}, which is not there"
    return None


def _git_hash(path: Path) -> str:
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
