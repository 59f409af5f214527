"""Clean documents, and what is told of them: changes by rule, repetitions, the gate's verdict."""

from pathlib import Path

from r1tailor.corpus.cleaned import write_cleaned
from r1tailor.document_files import read_documents, write_documents
from r1tailor.records import Document
from tests.conftest import ROOT
from tests.support.toy_run import toy_settings


def _document(number: int, text: str) -> Document:
    return Document(f"d{number}", text, "examples", "", "0" * 64, "own", "2020-01-01", {"output": "red"})


def test_changes_repetitions_and_the_verdict_are_told(tmp_path: Path) -> None:
    long = " ".join(f"word{n}" for n in range(40))
    write_documents(tmp_path / "raw.parquet", (_document(n, text) for n, text in enumerate(("a  b", "c", long, long))))
    rules = ("domain.cleaning.rules=[collapse_whitespace]", "domain.cleaning.duplicates={similarity: 0.8}")
    told = write_cleaned(toy_settings(tmp_path, *rules), tmp_path / "raw.parquet", tmp_path / "clean.parquet", ROOT)
    assert [document.text for document in read_documents(tmp_path / "clean.parquet")] == ["a b", "c", long]
    assert (told["documents"], told["changed"]) == (4, {"collapse_whitespace": 1})
    assert told["duplicates"]
    assert told["compliance"] == {}, "nothing is asked of it"
