"""The sentences and names of the privacy benchmark, read from ``data/*.jsonl``.

The first line of a file states who wrote the set, when and in which round, and whether the detector was tuned on it.
Each further line is one record: its kind, its language, its text. In a sentence ``{x}`` is the gold surface, an
identifier of that kind, and ``{term}`` is a diagnosis. Other records are a person's ``given`` name or ``surname``
(with its ``culture``, where the set tells cultures apart), and what stands around the identifiers (``filler``,
``diagnosis``, ``street``, ``town``, ``district``).

Never tune the detector on a set with ``tuned_on`` false: write a new set first, and then mark the old one as tuned on.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True)
class BenchmarkSet:
    """The records of one file, in its order, and where they come from.

    Attributes:
        author: who wrote the set.
        date: of the set's first version, as YYYY-MM-DD.
        round: in which the set was written: ``first``, ``second``, ... or ``held-out``.
        tuned_on: whether the detector was tuned on what it missed here.
        note: the history of the set, for readers of the tables.
        records: string fields ``kind``, ``language``, ``text``; some kinds have further ones.
    """

    author: str
    date: str
    round: str
    tuned_on: bool
    note: str
    records: tuple[dict[str, str], ...]

    def texts(self, kind: str, language: str, culture: str = "") -> tuple[str, ...]:
        """Return the texts of one kind and language, of one culture where the set tells cultures apart."""
        sought = (kind, language, culture)
        return tuple(row["text"] for row in self.records if _key(row) == sought)

    def sentences(self, language: str) -> dict[str, tuple[str, ...]]:
        """Return the sentences of a language by kind of identifier, kinds in the order of the file."""
        kinds = dict.fromkeys(
            row["kind"] for row in self.records if row["language"] == language and "{x}" in row["text"]
        )
        return {kind: self.texts(kind, language) for kind in kinds}


@cache
def read(name: str) -> BenchmarkSet:
    """Return the set in ``data/<name>.jsonl``."""
    origin, *records = map(json.loads, (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
    return BenchmarkSet(**origin, records=tuple(records))


def _key(row: dict[str, str]) -> tuple[str, str, str]:
    return row["kind"], row["language"], row.get("culture", "")
