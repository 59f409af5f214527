"""What a teacher expects at each supervised token: its likeliest tokens, and the mass of all others.

One Parquet file holds it for all training examples: a row an example, with the ids of the response that it belongs to.
Log-probabilities are fp16, the log of the others' mass is fp32. A file is read into memory: 6 bytes a kept token.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch import Tensor

from r1tailor.batching.moved import moved
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.errors import DataError
from r1tailor.layout import PROBABILITIES

FILE = PROBABILITIES
_COLUMNS = {
    "id": pa.string(),
    "response": pa.list_(pa.int32()),
    "ids": pa.list_(pa.int32()),
    "log_probabilities": pa.list_(pa.float16()),
    "rest": pa.list_(pa.float32()),
}
_TOP_K = b"top_k"


@dataclass(frozen=True)
class Taught:
    """A teacher's distributions over S supervised tokens; k tokens of each are known one by one.

    Attributes:
        ids: [S, k] the teacher's likeliest tokens.
        log_probabilities: [S, k] of them, fp32.
        rest: [S] log of the mass of all other tokens, fp32.
    """

    ids: Tensor
    log_probabilities: Tensor
    rest: Tensor

    def to(self, device: torch.device) -> "Taught":
        """Return the same distributions on a device."""
        return Taught(*(moved(part, device) for part in (self.ids, self.log_probabilities, self.rest)))


def write_taught(
    path: Path, facts: Mapping[str, str], top_k: int, rows: Iterable[tuple[TokenizedExample, Taught]], group: int = 512
) -> None:
    """Write the distributions of a teacher over the responses of examples.

    Args:
        path: of the Parquet file.
        facts: what identifies them: the teacher, the tokenizer, the settings.
        top_k: tokens that are kept at each place.
        rows: examples and their distributions.
        group: rows that are written together.
    """
    metadata = {**{key.encode(): value.encode() for key, value in facts.items()}, _TOP_K: str(top_k).encode()}
    schema = pa.schema(list(_COLUMNS.items()), metadata)
    waiting: list[tuple[TokenizedExample, Taught]] = []
    with pq.ParquetWriter(path, schema, write_page_checksum=True) as writer:
        for row in rows:
            waiting.append(row)
            if len(waiting) == group:
                writer.write_table(_table(waiting, schema))
                waiting = []
        if waiting:
            writer.write_table(_table(waiting, schema))


def facts_of(path: Path) -> dict[str, str]:
    """Return the facts that a file was written with; empty where there is no readable file."""
    try:
        found = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowException):
        return {}
    return {key.decode(): value.decode() for key, value in found.items() if not key.startswith(b"ARROW")}


class Teachings:
    """A file of distributions, in memory.

    Args:
        path: of the file.

    Raises:
        DataError: it is missing or damaged.
    """

    def __init__(self, path: Path) -> None:
        try:
            table = pq.read_table(path, page_checksum_verification=True)
            self._top_k = int((table.schema.metadata or {})[_TOP_K])
            columns = {name: table.column(name).combine_chunks() for name in _COLUMNS}
        except (OSError, pa.ArrowException, KeyError, ValueError) as error:
            raise DataError(f"{path} cannot be read: {error}. Run teach again") from error
        self._path = path
        self._places = {name: place for place, name in enumerate(columns.pop("id").to_pylist())}
        self._starts = columns["response"].offsets.to_numpy()
        self._values = {name: column.values.to_numpy() for name, column in columns.items()}

    def of(self, examples: Sequence[TokenizedExample]) -> Taught:
        """Return the distributions over the responses of some examples, one after the other.

        Raises:
            DataError: one is missing, or belongs to another response.
        """
        parts = [self._tokens(example) for example in examples]
        rest = np.concatenate([self._values["rest"][part] for part in parts])
        ids, logs = (
            np.concatenate([self._values[name].reshape(-1, self._top_k)[part] for part in parts])
            for name in ("ids", "log_probabilities")
        )
        return Taught(torch.from_numpy(ids).long(), torch.from_numpy(logs.astype(np.float32)), torch.from_numpy(rest))

    def _tokens(self, example: TokenizedExample) -> slice:
        place = self._places.get(example.id)
        found = slice(0, 0) if place is None else slice(self._starts[place], self._starts[place + 1])
        if tuple(self._values["response"][found].tolist()) != example.response:
            raise DataError(f"{self._path}: the teacher was not asked about the response of example {example.id}")
        return found


def _table(rows: Sequence[tuple[TokenizedExample, Taught]], schema: pa.Schema) -> pa.Table:
    columns = {
        "id": [example.id for example, _ in rows],
        "response": [example.response for example, _ in rows],
        "ids": [taught.ids.flatten().numpy().astype(np.int32) for _, taught in rows],
        "log_probabilities": [taught.log_probabilities.flatten().numpy().astype(np.float16) for _, taught in rows],
        "rest": [taught.rest.numpy() for _, taught in rows],
    }
    return pa.table([pa.array(values, _COLUMNS[name]) for name, values in columns.items()], schema=schema)
