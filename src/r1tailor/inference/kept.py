"""What a model was asked already, kept by content outside the tree: asking the same again costs nothing. No torch.

The key is the hash of the model, its tokenizer and template, the code and the machine's kind of device, what is asked,
and how; so no change of any of these can meet an old entry. An answer is kept as soon as it is written: an interrupted
evaluation goes on where it was. What is kept is what models made of clean examples, never a question; a file is its
owner's alone. ``rm -r ~/.cache/r1tailor/predictions`` clears it.
"""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

Asked = TypeVar("Asked")
Keep = Callable[[int, Any], None]  # called with the number of what was asked, and what came of it, as JSON values

_FILES = 32  # models; the one asked longest ago makes room
_LARGEST = 2**26  # bytes of one file, after which nothing is added
_PACKAGE = Path(__file__).parent.parent
_DECIDES = (
    "inference/*.py",
    "kernels/*.py",
    "model/*.py",
    "batching/*.py",
    "objective/*.py",
    "instruction/template.py",
)
_DEPENDENCIES = ("torch", "transformers", "peft", "tokenizers")


class Kept:
    """What one model made of what it was asked.

    Args:
        folder: of the files; None keeps nothing.
        model: all that decides what it makes of a prompt.
    """

    def __init__(self, folder: Path | None = None, model: Sequence[str] = ()) -> None:
        self._model = hashlib.sha256(json.dumps([*model, _code()]).encode()).hexdigest() if folder else ""
        self._file = folder / f"{self._model}.jsonl" if folder else None
        self._known = _read(self._file) if self._file else {}
        self._room = _LARGEST - (self._file.stat().st_size if self._file and self._known else 0)

    def each(
        self,
        what: str,
        asked: Sequence[Asked],
        how: Any,  # noqa: ANN401
        ask: Callable[[list[int], Keep], None],
    ) -> list[Any]:
        """Return what comes of each thing that is asked, as JSON values.

        Args:
            what: the kind of question.
            asked: all that decides what comes of each, as JSON values.
            how: the same for all of them, as JSON values.
            ask: asks for the numbers it is given, and hands over what comes of each.
        """
        keys = [self._key(what, one, how) for one in asked]
        found = {number: self._known[key] for number, key in enumerate(keys) if key in self._known}

        def keep(number: int, value: Any) -> None:  # noqa: ANN401
            found[number] = value
            self._add(keys[number], value)

        if missing := [number for number in range(len(keys)) if number not in found]:
            ask(missing, keep)
        return [found[number] for number in range(len(keys))]

    def _key(self, what: str, asked: Any, how: Any) -> str:  # noqa: ANN401
        told = json.dumps([self._model, what, asked, how], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()

    def _add(self, key: str, value: Any) -> None:  # noqa: ANN401
        if self._file is None:
            return
        self._known[key] = value
        line = json.dumps([_seal(key, value), key, value]) + "\n"
        if len(line) > self._room:
            return
        self._room -= len(line)
        with suppress(OSError):  # a cache that cannot be written does no harm
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = not self._file.exists()
            with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as file:
                file.write(line.encode())
            if fresh:
                _make_room(self._file.parent)


def _read(path: Path) -> dict[str, Any]:
    """Return the entries of a file; a line that is not what was written is none."""
    try:
        raw = path.read_bytes()
        os.utime(path)
        if not raw.endswith(b"\n"):  # what was killed while it wrote
            with path.open("ab") as file:
                file.write(b"\n")
    except OSError:
        return {}
    found = {}
    for line in raw.splitlines():
        with suppress(ValueError, TypeError):
            seal, key, value = json.loads(line)
            if _seal(key, value) == seal:
                found[str(key)] = value
    return found


def _seal(key: str, value: Any) -> str:  # noqa: ANN401
    return hashlib.sha256(json.dumps([key, value]).encode()).hexdigest()[:16]


def _make_room(folder: Path) -> None:
    files = sorted(folder.glob("*.jsonl"), key=lambda file: file.stat().st_mtime, reverse=True)
    for old in files[_FILES:]:
        old.unlink(missing_ok=True)


@cache
def _code() -> str:
    """Return the hash of the code that decides what a model makes of a prompt, and the versions of what it uses."""
    digest = hashlib.sha256(" ".join(version(name) for name in _DEPENDENCIES).encode())
    for pattern in _DECIDES:
        for path in sorted(_PACKAGE.glob(pattern)):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
