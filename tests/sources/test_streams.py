"""Documents flow by batches: however many there are, few are in memory, and the bytes do not depend on it."""

import json
import random
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from r1tailor import sources, stages, store
from r1tailor.corpus import chain, engine
from r1tailor.corpus.base import Note
from r1tailor.document_files import as_batch, count_documents, read_documents, write_documents
from r1tailor.errors import DataError
from r1tailor.layout import RunFolder
from r1tailor.records import Document, Rejection
from r1tailor.schema.settings import Settings
from tests.conftest import ROOT

MANY, LENGTH = 4000, 3000  # 12 MB of text
FLAT = 9_000_000  # bytes
FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
Compose = Callable[..., Settings]


def _documents(count: int) -> Iterator[Document]:
    return (Document(f"d{number}", f"{number} ".ljust(LENGTH, "."), **FACTS) for number in range(count))


def _peak(work: Callable[[], object]) -> int:
    """Return the most bytes that Python objects took at a time while some work was done."""
    as_batch(list(_documents(1)))  # pyarrow imports what it needs when it is used first
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "raw.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for document in _documents(MANY):
            file.write(json.dumps({"input": document.text, "output": "o"}) + "\n")
    return path


def test_documents_are_written_and_read_by_batches(tmp_path: Path) -> None:
    path = tmp_path / "documents.parquet"
    assert _peak(lambda: write_documents(path, _documents(MANY))) < FLAT
    assert _peak(lambda: sum(len(document.text) for document in read_documents(path))) < FLAT
    assert _peak(lambda: list(_documents(MANY))) > FLAT  # what all of them would take
    assert count_documents(path) == MANY
    assert [document.id for document in read_documents(path, 7)] == [f"d{number}" for number in range(MANY)]


def test_the_bytes_of_a_file_do_not_depend_on_how_its_documents_arrived(tmp_path: Path) -> None:
    documents = list(_documents(2500))
    write_documents(tmp_path / "a.parquet", documents)
    write_documents(tmp_path / "b.parquet", read_documents(tmp_path / "a.parquet", 33))
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    metadata = pq.ParquetFile(tmp_path / "a.parquet").metadata
    assert [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)] == [1024, 1024, 452]


def test_reading_does_not_keep_the_file_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "documents.parquet"
    generator = random.Random(0)
    write_documents(path, (Document(f"d{i}", generator.randbytes(500).hex(), **FACTS) for i in range(20_000)))
    before = pa.total_allocated_bytes()
    held = [pa.total_allocated_bytes() - before for _ in read_documents(path, 256)]
    assert max(held) < path.stat().st_size / 2


def _broken() -> Iterator[Document]:
    yield from _documents(1500)
    raise DataError("line 1501: damaged")


def test_an_error_on_the_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "documents.parquet"
    with pytest.raises(DataError, match="damaged"):
        write_documents(path, _broken())
    assert list(tmp_path.iterdir()) == []
    write_documents(path, _documents(3))
    with pytest.raises(DataError, match="damaged"):
        write_documents(path, _broken())
    assert [document.id for document in read_documents(path)] == ["d0", "d1", "d2"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["documents.parquet"]


def test_a_file_that_is_damaged_within_is_named(tmp_path: Path) -> None:
    path = tmp_path / "documents.parquet"
    write_documents(path, _documents(3000))
    content = bytearray(path.read_bytes())
    content[100:2000] = bytes(1900)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"documents\.parquet: a damaged document file: "):
        list(read_documents(path))


def test_a_step_treats_a_document_when_it_is_asked_for(tmp_path: Path, settings: Compose) -> None:
    write_documents(tmp_path / "documents.parquet", _documents(50))
    treated: list[str] = []

    def step(document: Document) -> tuple[Document, list[Note]]:
        treated.append(document.id)
        return document, []

    found = engine.run(tmp_path / "documents.parquet", lambda: [step], settings().corpus, engine.Report())
    assert [document.id for document in islice(found, 3)] == ["d0", "d1", "d2"] == treated


def test_collect_and_clean_hold_no_more_than_a_few_batches(
    raw: Path, tmp_path: Path, settings: Compose, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = "domain.cleaning.rules=[straighten_quotes]"
    overrides = (rules, "domain.cleaning.duplicates={similarity: 0.8}", "corpus.batch_size=100")
    composed = settings("domain=generic", f"domain.sources.0.path={raw}", *overrides)
    run = RunFolder(tmp_path / "run")
    assert _peak(lambda: stages.collect(composed, run)) < FLAT
    stages.clean(composed, run)  # imports what it needs when it is used first
    assert _peak(lambda: stages.clean(composed, run)) < FLAT
    assert count_documents(run.collected) == MANY
    assert capsys.readouterr().out.splitlines()[0] == "collect: 4,000 documents from examples"


def test_the_batch_size_changes_no_byte(tmp_path: Path, settings: Compose) -> None:
    write_documents(tmp_path / "raw.parquet", (Document(f"d{i}", f" a  {i} ", **FACTS) for i in range(300)))
    for size in (1, 7, 1000):
        composed = settings(f"corpus.batch_size={size}")
        report = engine.Report(composed.domain.cleaning.rules)
        steps = partial(chain, composed.domain.cleaning, ROOT)
        write_documents(
            tmp_path / f"{size}.parquet", engine.run(tmp_path / "raw.parquet", steps, composed.corpus, report)
        )
        store.write_json(tmp_path / f"{size}.json", report.as_dict())
    for suffix in ("parquet", "json"):
        assert len({(tmp_path / f"{size}.{suffix}").read_bytes() for size in (1, 7, 1000)}) == 1


def _reader(hashes: list[str], rejections: int = 0) -> Callable[..., Iterator[Document]]:
    def read(source: object, root: Path, rejected: list[Rejection], readers: object) -> Iterator[Document]:
        for number, sha256 in enumerate(hashes):
            yield Document(f"d{number}", "a", **FACTS | {"sha256": sha256})
        rejected += [Rejection("examples", "mine.jsonl", f"line {number}", "damaged") for number in range(rejections)]

    return read


def test_the_provenance_counts_documents_lists_rejections_and_hashes_the_raw_files(
    tmp_path: Path, settings: Compose, monkeypatch: pytest.MonkeyPatch
) -> None:
    composed, run = settings("domain=generic", "domain.sources.0.path=mine"), RunFolder(tmp_path)
    told = []
    for hashes in (["1", "1"], ["1", "1", "2"], ["1", "2", "2"], ["2", "1"]):
        monkeypatch.setattr(sources, "read", _reader(hashes, rejections=1))
        stages.collect(composed, run)
        told += store.read_json(run.provenance)
    assert [facts["documents"] for facts in told] == [2, 3, 3, 2]
    assert told[0]["sha256"] == "1"
    assert told[1]["sha256"] == told[2]["sha256"] != told[3]["sha256"]
    assert [one["position"] for one in told[0]["rejected"]] == ["line 0"]


def test_a_source_without_a_single_document_is_refused(tmp_path: Path, settings: Compose) -> None:
    (tmp_path / "raw.jsonl").write_text("{}\n" * 1200, encoding="utf-8")
    overrides = (f"domain.sources.0.path={tmp_path / 'raw.jsonl'}", "domain.sources.0.on_damage=list")
    composed, run = settings("domain=generic", *overrides), RunFolder(tmp_path)
    message = (
        r"^no document comes of the source: 1,200 faults \(domain\.sources, name: examples\):\n"
        r"  - .*raw\.jsonl, line 1: input is missing"
    )
    with pytest.raises(DataError, match=message):
        stages.collect(composed, run)
    assert not run.collected.exists()
