"""Scores per item: one table of subject, item, metric and value, from which slices, plots and tests come.

Values are means over an item's answers. Next to the metrics of the domain stand what corpus metrics are sums of:
``log_likelihood`` and ``tokens`` of the reference, and the share of answers that were ``cut``.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from r1tailor import durable
from r1tailor.errors import DataError
from r1tailor.evaluation.resampling import Array
from r1tailor.records import Example, Prediction

FILE = "scores.parquet"  # in the folder of an evaluation
_NAMES = ("subject", "item", "metric")


class Score(NamedTuple):
    """One value: of a subject, on an item, by a metric."""

    subject: str
    item: str
    metric: str
    value: float


def of_model(subject: str, predictions: Sequence[Prediction]) -> Iterator[Score]:
    """Yield the scores of a model's answers."""
    for made in predictions:
        own = {"log_likelihood": made.log_likelihood, "tokens": float(made.tokens)}
        own["cut"] = sum(bool(one.truncated) for one in made.drawn) / len(made.drawn)
        for metric, value in {**made.scores, **own}.items():
            yield Score(subject, made.id, metric, value)


def of_baseline(subject: str, items: Sequence[Example], scores: Sequence[Mapping[str, float]]) -> Iterator[Score]:
    """Yield the scores of a plain baseline."""
    for item, found in zip(items, scores, strict=True):
        for metric, value in found.items():
            yield Score(subject, item.id, metric, value)


def write(path: Path, scores: Iterable[Score]) -> None:
    """Write the table; the same scores give the same bytes. An error leaves no file, or the old one."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = list(scores)
    columns = {name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate(_NAMES)}
    table = pa.table({**columns, "value": pa.array([row.value for row in rows], pa.float64())})
    durable.make_folder(path.parent)
    temporary = durable.temporary(path)
    try:
        with os.fdopen(durable.create(temporary), "wb") as file:
            pq.write_table(table, file, compression="zstd", write_statistics=False, use_dictionary=list(_NAMES))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


class Scores:
    """The table of an evaluation.

    Args:
        rows: the scores; of one subject, item and metric there is one.
    """

    def __init__(self, rows: Iterable[Score]) -> None:
        self._values: dict[tuple[str, str], dict[str, float]] = {}
        for row in rows:
            self._values.setdefault((row.subject, row.metric), {})[row.item] = row.value

    @property
    def subjects(self) -> list[str]:
        """The subjects in their order: models first, then plain baselines."""
        return list(dict.fromkeys(subject for subject, _ in self._values))

    def metrics(self, subject: str) -> list[str]:
        """Return the metrics that a subject has a score of."""
        return [metric for own, metric in self._values if own == subject]

    def of(self, subject: str, metric: str) -> Mapping[str, float]:
        """Return a subject's scores by item; empty where there are none."""
        return self._values.get((subject, metric), {})

    def paired(self, metric: str, base: str, tuned: str) -> tuple[list[str], Array, Array]:
        """Return the items that both have a score of, and both scores [n] in that order."""
        first, second = self.of(base, metric), self.of(tuned, metric)
        items = [item for item in first if item in second]
        return items, np.array([first[item] for item in items]), np.array([second[item] for item in items])


def read(path: Path) -> Scores:
    """Read the table.

    Raises:
        DataError: the file is missing, or is no table of scores.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, columns=[*_NAMES, "value"])
    except FileNotFoundError:
        raise DataError(f"{path} does not exist. Evaluate first: dvc repro, or python train.py") from None
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: no table of scores ({error!r:.200})") from None
    columns = [table.column(name).to_pylist() for name in (*_NAMES, "value")]
    return Scores(Score(*row) for row in zip(*columns, strict=True))
