"""A chain of steps gives the same documents and the same report wherever its batches are treated."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from r1tailor.corpus import chain, engine
from r1tailor.corpus.base import Note
from r1tailor.corpus.clean import clean
from r1tailor.corpus.engine import Outcome, Report
from r1tailor.document_files import write_documents
from r1tailor.errors import ConfigError, DataError
from r1tailor.records import Document
from r1tailor.schema.settings import Settings
from tests.conftest import ROOT

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
SECRET = "Jane Doe"
Compose = Callable[..., Settings]


def _documents(texts: Iterable[str]) -> list[Document]:
    return [Document(f"d{i}", text, **FACTS, fields={"n": [i, None], "é": "“x”"}) for i, text in enumerate(texts)]


def _step(document: Document) -> tuple[Document, list[Note]]:
    """Halve a text; of every third document nothing may be shown."""
    shown = {"length": len(document.text)} if int(document.id[1:]) % 3 else None
    return replace(document, text=document.text[: len(document.text) // 2]), [Note("halve", shown)]


@pytest.mark.parametrize("name", ["local", "ray"])
def test_a_missing_or_foreign_file_is_named_by_either_engine(name: str, tmp_path: Path, settings: Compose) -> None:
    corpus = settings(f"corpus.engine={name}").corpus
    with pytest.raises(DataError, match=r"no\.parquet does not exist\. Run the stage before: "):
        list(engine.run(tmp_path / "no.parquet", list, corpus, Report()))
    (tmp_path / "odd.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(DataError, match=r"odd\.parquet: not a document file"):
        list(engine.run(tmp_path / "odd.parquet", list, corpus, Report()))


@pytest.mark.parametrize(
    ("override", "fault"),
    [
        ("corpus.engine=spark", "corpus.engine = 'spark': must be one of local, ray."),
        ("corpus.batch_size=0", "corpus.batch_size = 0: must be greater than 0 (the composition (conf/config.yaml))"),
        (
            "corpus.batch_size=100000",
            "corpus.batch_size = 100000: must be less than or equal to 65536 (the composition (conf/config.yaml))",
        ),
    ],
)
def test_a_faulty_engine_is_refused(override: str, fault: str, settings: Compose) -> None:
    with pytest.raises(ConfigError) as refusal:
        settings(override)
    assert refusal.value.faults == [fault]


def test_a_report_counts_in_the_order_of_the_documents_and_keeps_the_first_samples(
    tmp_path: Path, settings: Compose
) -> None:
    write_documents(tmp_path / "raw.parquet", _documents("x" * (i % 4) for i in range(40)))
    report = Report(("never", "halve"))
    found = list(engine.run(tmp_path / "raw.parquet", lambda: [_step], settings().corpus, report))
    told = report.as_dict()
    assert told["documents"] == 40
    assert told["changed"] == {"never": 0, "halve": 40}
    assert [sample["id"] for sample in told["samples"]["halve"]] == ["d1", "d2", "d4", "d5", "d7"]
    assert told["samples"]["halve"][0] == {"id": "d1", "length": 1}
    assert told["emptied"] == [f"d{i}" for i in range(40) if i % 4 == 1]
    assert [document.id for document in found] == [f"d{i}" for i in range(40) if i % 4 != 1]


def test_a_rule_that_was_not_announced_is_counted_where_it_first_occurs() -> None:
    report = Report()
    for name in ("b", "a", "b"):
        report.add(Outcome(_documents([name])[0], [Note(name, {"what": 1}), Note("c")], emptied=False))
    assert list(report.changed.items()) == [("b", 2), ("c", 3), ("a", 1)]
    assert report.samples == {"b": [{"id": "d0", "what": 1}] * 2, "c": [], "a": [{"id": "d0", "what": 1}]}


def test_cleaning_in_memory_is_what_the_chain_does(tmp_path: Path, settings: Compose) -> None:
    documents, cleaning = _documents([" a ", "“b”", "\u200b", ""]), settings().domain.cleaning
    write_documents(tmp_path / "raw.parquet", documents)
    report = Report(cleaning.rules)
    found = list(engine.run(tmp_path / "raw.parquet", lambda: chain(cleaning, ROOT), settings().corpus, report))
    in_memory, told = clean(documents, cleaning.rules)
    assert (in_memory, told.as_dict()) == (found, report.as_dict())
    assert [document.text for document in found] == ["a", '"b"', ""]
