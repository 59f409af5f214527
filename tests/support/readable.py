"""All that the files of a run say, also inside Parquet, archives and arrays of token ids, whatever they are called."""

import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from pyarrow import parquet
from safetensors.torch import load

Decode = Callable[[list[int]], str]
_ESCAPED = re.compile(r"\\u([0-9a-f]{4})")
_DEEPEST = 3  # a zip in a gzip in a zip


def texts(content: bytes, decode: Decode, depth: int = 0) -> Iterator[str]:
    """Yield what a file's bytes say, by their first bytes: as they stand, and what they hold when opened.

    Args:
        content: of the file.
        decode: what token ids spell.
        depth: how many archives it lies in.
    """
    yield content.decode("utf-8", "replace")
    yield content.decode("utf-16-le", "replace")
    yield _ESCAPED.sub(lambda match: chr(int(match[1], 16)), content.decode("latin-1"))
    if content.startswith(b"PAR1"):
        table = parquet.read_table(io.BytesIO(content))
        yield str(table.to_pylist()) + str(table.schema)
    elif content.startswith(b"\x1f\x8b") and depth < _DEEPEST:
        yield from texts(gzip.decompress(content), decode, depth + 1)
    elif content.startswith(b"PK\x03\x04") and depth < _DEEPEST:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield name
                yield from texts(archive.read(name), decode, depth + 1)
    elif content[8:10] == b'{"':
        yield from _of_arrays(content, decode)


def _of_arrays(content: bytes, decode: Decode) -> Iterator[str]:
    """Yield what arrays of token ids spell, and the header with its metadata."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    yield json.dumps(header, ensure_ascii=False)
    for name, array in load(content).items():
        if not array.is_floating_point():
            yield f"{name}: {decode(array.flatten().tolist())}"


def found_in(folder: Path, wanted: tuple[str, ...], decode: Decode) -> dict[str, set[str]]:
    """Return each wanted string, in any case, with the files below a folder that hold it or are called by it."""
    found: dict[str, set[str]] = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        said = [name, *(texts(path.read_bytes(), decode) if path.is_file() and not path.is_symlink() else ())]
        lower = "\n".join(said).lower()
        for one in wanted:
            if one.lower() in lower:
                found.setdefault(one, set()).add(name)
    return found
