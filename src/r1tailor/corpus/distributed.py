"""The chain of steps under Ray Data: the same batches, treated side by side by the workers of a cluster or machine.

Ray is an extra (``pip install "r1-tailor[ray]"``) and is imported here only. Where a Ray cluster is running
(``RAY_ADDRESS``) it is used, and every worker must see the files; otherwise Ray is started on this machine and stopped
again. This has run on one machine.
"""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa

from r1tailor.corpus.base import Note
from r1tailor.corpus.engine import Chain, Outcome, treated
from r1tailor.document_files import as_batch, count_documents, from_batch
from r1tailor.errors import ConfigError, DataError, TailorError, UserError


def outcomes(path: Path, chain: Chain, batch_size: int) -> Iterator[Outcome]:
    """Yield what a chain makes of each document of a Parquet file, in its order.

    Raises:
        DataError: the file is missing or is no document file, or a step found a fault in a document.
        TailorError: a step broke down.
        ConfigError: Ray is not installed.
    """
    count_documents(path)  # refuses what is no document file, in our words
    with _started():
        import ray.data

        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        read = ray.data.read_parquet(str(path.resolve()), partitioning=None)  # 'a=b' in a path is no column
        done = read.map_batches(_Worker, batch_size=batch_size, batch_format="pyarrow", fn_constructor_args=(chain,))
        for batch in done.iter_batches(batch_size=None, batch_format="pyarrow"):
            yield from _from_table(batch)


class _Worker:
    """One process at work: makes its chain once, then treats batches."""

    def __init__(self, chain: Chain) -> None:
        self._steps = chain()

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Return the documents after the chain, with their notes; of a failure, its words and nothing after it."""
        done: list[Outcome] = []
        failures: list[str] = []
        for document in from_batch(batch):
            try:
                done.append(treated(document, self._steps))
                failures.append("")
            except TailorError as error:
                done.append(Outcome(document, [], emptied=False))
                failures.append(json.dumps([isinstance(error, UserError), str(error)]))
                break
        return _as_table(done, failures)


def _as_table(done: list[Outcome], failures: list[str]) -> pa.Table:
    table = pa.Table.from_batches([as_batch([outcome.document for outcome in done])])
    notes = [json.dumps([asdict(note) for note in outcome.notes]) for outcome in done]
    table = table.append_column("notes", pa.array(notes, pa.string()))
    table = table.append_column("emptied", pa.array([outcome.emptied for outcome in done], pa.bool_()))
    return table.append_column("failure", pa.array(failures, pa.string()))


def _from_table(table: pa.Table) -> Iterator[Outcome]:
    columns = (table.column(name).to_pylist() for name in ("notes", "emptied", "failure"))
    for document, notes, emptied, failure in zip(from_batch(table), *columns, strict=True):
        if failure:
            of_user, words = json.loads(failure)
            raise DataError(words) if of_user else TailorError(words)
        yield Outcome(document, [Note(**note) for note in json.loads(notes)], emptied)


@contextmanager
def _started() -> Iterator[None]:
    """Keep Ray running; stop it afterwards if it was started here."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing about a run is sent anywhere
    try:
        import ray
    except ImportError as error:
        raise ConfigError(['corpus.engine = ray: Ray is not installed; pip install "r1-tailor[ray]"']) from error
    running = ray.is_initialized()
    if not running:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    try:
        yield
    finally:
        if not running:
            ray.shutdown()
