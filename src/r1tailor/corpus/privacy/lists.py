"""The word lists shipped with the code; the first lines of each name its source."""

import re
from collections.abc import Iterable
from importlib import resources


def sections(name: str) -> dict[str, list[str]]:
    """Return the words of each ``[section]`` of a list."""
    found: dict[str, list[str]] = {}
    for line in _lines(name):
        if line.startswith("["):
            current = found.setdefault(line.strip("[]"), [])
        else:
            current += line.split()
    return found


def words(name: str) -> frozenset[str]:
    """Return the words of a list that has no sections."""
    return frozenset(word for line in _lines(name) for word in line.split())


def _lines(name: str) -> list[str]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def one_of(words: Iterable[str]) -> str:
    """Return the pattern of words, the longest first; an underscore in a list stands for a space."""
    return "|".join(
        re.escape(word.replace("_", " ")).replace("\\ ", " ") for word in sorted(words, key=len, reverse=True)
    )
