"""Run a chain of steps over documents: batch in, batch out, so that it does not matter where a batch is treated.

In this process the batches of a Parquet file follow one another; under Ray Data (``corpus/distributed.py``) they are
treated side by side. Either way the documents and the notes come back in the order of the file, so that the Parquet
file and the report that are made of them are the same byte for byte. No more than a few batches are in memory.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from r1tailor import bounded
from r1tailor.corpus.base import Note, Step
from r1tailor.document_files import read_documents
from r1tailor.errors import DataError, TailorError, UserError, without_content
from r1tailor.records import Document
from r1tailor.schema.corpus import Corpus

# How to make a chain of steps. It is called once in every process that treats documents, for what a step holds (an
# automaton of 100,000 terms) need not be able to travel.
Chain = Callable[[], Sequence[Step]]
_SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a chain made of one document.

    Attributes:
        document: the document afterwards.
        notes: what was done to it, in order.
        emptied: whether it had a text and has none any more.
    """

    document: Document
    notes: list[Note]
    emptied: bool


@dataclass
class Report:
    """What a chain did to a corpus: documents seen, and how often each rule changed one, with the first samples.

    Args:
        rules: the rules that are listed even where they change nothing, in their order.
    """

    rules: Iterable[str] = ()
    documents: int = 0
    emptied: list[str] = field(default_factory=list)
    changed: dict[str, int] = field(default_factory=dict)
    samples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for rule in self.rules:
            self.changed[rule], self.samples[rule] = 0, []

    def add(self, outcome: Outcome) -> None:
        """Count one document and what was done to it."""
        self.documents += 1
        if outcome.emptied:
            self.emptied.append(outcome.document.id)
        for note in outcome.notes:
            self.changed[note.rule] = self.changed.get(note.rule, 0) + 1
            samples = self.samples.setdefault(note.rule, [])
            if note.sample is not None and len(samples) < _SAMPLES:
                samples.append({"id": outcome.document.id, **note.sample})

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        return {
            "documents": self.documents,
            "emptied": self.emptied,
            "changed": self.changed,
            "samples": self.samples,
        }


def run(path: Path, chain: Chain, settings: Corpus, report: Report) -> Iterator[Document]:
    """Yield what a chain makes of the documents of a Parquet file, in order; add to a report what it did.

    A document whose text becomes empty is left out and listed in the report.

    Raises:
        DataError: the file is missing or is no document file, or a step found a fault in a document: names its id.
        TailorError: a step broke down: names the document's id and not what stands in it.
        ConfigError: ``corpus.engine`` is ``ray`` and Ray is not installed.
    """
    outcomes: Iterator[Outcome]
    match settings.engine:
        case "local":
            outcomes = _local(path, chain, settings.batch_size)
        case "ray":
            from r1tailor.corpus import distributed

            outcomes = distributed.outcomes(path, chain, settings.batch_size)
    return kept(outcomes, report)


def _local(path: Path, chain: Chain, batch_size: int) -> Iterator[Outcome]:
    steps = chain()
    bounded.left()  # what the steps hold is no document's
    for document in read_documents(path, batch_size):
        bounded.entered(f"document {document.id}", len(document.text))
        yield treated(document, steps)
    bounded.left()


def kept(outcomes: Iterable[Outcome], report: Report) -> Iterator[Document]:
    """Yield the documents that are left, and add every outcome to a report."""
    for outcome in outcomes:
        report.add(outcome)
        if not outcome.emptied:
            yield outcome.document


def treated(document: Document, steps: Sequence[Step]) -> Outcome:
    """Return what steps make of one document, one after the other.

    Raises:
        DataError: a step found a fault in the document: its words, with the document's id before them.
        TailorError: a step broke down: names the document's id and not what stands in it.
    """
    after, notes = document, list[Note]()
    try:
        for step in steps:
            after, added = step(after)
            notes += added
    except UserError as error:
        raise DataError(f"document {after.id}: {error}") from None
    except MemoryError as error:
        raise DataError(f"document {after.id}: {bounded.reason(error)}") from None
    except Exception as error:  # whatever a step raises; its words may quote the document
        raise TailorError(f"document {after.id}: a step broke down with {without_content(error)}") from None
    return Outcome(after, notes, emptied=bool(document.text) and not after.text)
