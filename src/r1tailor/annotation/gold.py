"""The annotation stage: exports and clean documents in, gold labels out, or a run that stops with what to do next.

The votes of all exports count together. Where an annotator labelled a document twice, as in two rounds, the newer vote
counts; both stay in the exports.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from r1tailor import bounded, store
from r1tailor.annotation import label_studio, prodigy
from r1tailor.annotation.adjudicate import Adjudicated, adjudicate
from r1tailor.annotation.agreement import Agreement, agreement
from r1tailor.annotation.expected import Expected
from r1tailor.annotation.gate import misses, next_round, refusal
from r1tailor.annotation.ratings import ratings
from r1tailor.annotation.report import report, summary
from r1tailor.annotation.schemes import opened
from r1tailor.annotation.suggest import Suggestion
from r1tailor.annotation.tasks import write_tasks
from r1tailor.annotation.veil import Veil
from r1tailor.errors import DataError
from r1tailor.record_files import read_annotations
from r1tailor.records import Annotation, Document
from r1tailor.schema.annotation import Annotation as AnnotationSettings
from r1tailor.schema.annotation import Export, LabelStudioExport, ProdigyExport

_RESAMPLE = 1000  # bytes


@dataclass(frozen=True)
class Gold:
    """The result of annotation.

    Attributes:
        documents: all of them, in order; labelled ones carry their gold labels in the field ``gold``.
        decided: the gold labels with every vote behind them, in the order of the documents.
        agreement: on each aspect of the scheme.
        again: the next annotation round if the gate is missed: the reason by document.
        report: the same as plain JSON values.
        summary: one sentence for the terminal.
    """

    documents: Iterable[Document]
    decided: Sequence[Adjudicated] = ()
    agreement: Sequence[Agreement] = ()
    again: Mapping[str, str] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=lambda: {"exports": 0})
    summary: str = "no exports in domain.annotation.exports, documents pass through"


def annotate(
    documents: Iterable[Document],
    settings: AnnotationSettings,
    exports_root: Path,
    seed: int,
    veil: Veil | None = None,
) -> Gold:
    """Return the documents with gold labels from the exports of a domain; without exports they pass through.

    It writes nothing and does not stop the run: ``settle`` does both.

    Args:
        documents: clean documents.
        settings: scheme, exports, gate, and how votes are merged.
        exports_root: the folder that the exports' paths are relative to.
        seed: of the bootstrap.
        veil: of a domain with privacy; hides annotators, and people whom comments name.

    Raises:
        DataError: an export is damaged or does not fit the documents or the scheme; names file and place.
    """
    if not settings.exports:
        return Gold(documents)
    ordered = list(documents)
    bounded.left()
    by_id = {document.id: document for document in ordered}
    scheme, gate = opened(settings.scheme), settings.gate
    sources = {document.source for document in ordered}
    expected = Expected(by_id, scheme, partial(veil.renamed, sources) if veil else None)
    found = [
        vote
        for number, export in enumerate(settings.exports, start=1)
        for vote in _read(export, exports_root, expected, veil, f"export {number}")
    ]
    votes = _counting(found)
    _entered_all(settings, exports_root)
    tables = ratings(votes, by_id, scheme)
    agreements = [agreement(table, votes, gate.resamples, gate.confidence, seed) for table in tables]
    decisions = _counting(
        _read(settings.adjudication, exports_root, expected, veil, "adjudication") if settings.adjudication else []
    )
    decided = [
        adjudicate(votes[id_], _newest(decisions.get(id_, [])), scheme, settings.merge) for id_ in by_id if id_ in votes
    ]
    bounded.left()
    passed = not any(misses(aspect, gate) for aspect in agreements)
    return Gold(
        documents=_with_gold(ordered, decided),
        decided=decided,
        agreement=agreements,
        again={} if passed else next_round(agreements, votes),
        report=report(settings, scheme, found, agreements, decided),
        summary=summary(agreements, decided),
    )


def settle(gold: Gold, settings: AnnotationSettings, folder: Path) -> None:
    """Write gold labels, report and tasks to a folder, and stop the run if the gate is missed.

    Below the gate the folder ``next_round`` holds the tasks of the next annotation round, without the earlier votes:
    annotators who see them agree too easily. Ties go to the folder ``adjudication``, with the votes as suggestions.

    Raises:
        DataError: agreement is too low; gives the figures, the confused labels, and what to do next.
    """
    scheme = opened(settings.scheme)
    store.write_json(folder / "report.json", dict(gold.report))
    lines = [json.dumps(asdict(decided), ensure_ascii=False) for decided in gold.decided]
    store.write_text(folder / "gold.jsonl", "".join(f"{line}\n" for line in lines))
    if not gold.decided:
        return
    by_id = {document.id: document for document in gold.documents}
    tied = [decided for decided in gold.decided if decided.undecided]
    write_tasks(
        folder / "adjudication",
        settings.exports,
        scheme,
        [by_id[decided.document] for decided in tied],
        [_suggestion(vote) for decided in tied for vote in decided.votes],
        {decided.document: "votes are tied" for decided in tied},
    )
    again = [by_id[id_] for id_ in gold.again]
    written = write_tasks(folder / "next_round", settings.exports, scheme, again, reasons=gold.again)
    if any(misses(aspect, settings.gate) for aspect in gold.agreement):
        raise DataError(refusal(gold.agreement, settings.gate, scheme, gold.again, written))


def _read(export: Export, root: Path, expected: Expected, veil: Veil | None, shown: str) -> list[Annotation]:
    """Return the annotations of an export; under a veil they call it ``shown``, for files are named after people."""
    path = root / export.path
    bounded.entered(shown if veil else str(path), _size(path))
    found = _annotations(export, path, expected)
    return [veil.over(vote, str(path), shown) for vote in found] if veil else found


def _entered_all(settings: AnnotationSettings, root: Path) -> None:
    """Begin what is done with all annotations; a resample counts as a kilobyte, whatever is in the exports."""
    sizes = [_size(root / export.path) for export in settings.exports]
    bounded.entered(f"the agreement of {len(sizes)} exports", sum(sizes) + _RESAMPLE * settings.gate.resamples)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0  # whoever reads it reports that it is not there


def _annotations(export: Export, path: Path, expected: Expected) -> list[Annotation]:
    match export:
        case LabelStudioExport():
            return label_studio.read(path, expected)
        case ProdigyExport():
            return prodigy.read(path, expected)
    return [
        expected.record(found, f"{path}, annotation {n}") for n, found in enumerate(read_annotations(path), start=1)
    ]


def _counting(found: Iterable[Annotation]) -> dict[str, list[Annotation]]:
    """Return by document the votes that count: the newest of each annotator that is not cancelled."""
    newest: dict[tuple[str, str], Annotation] = {}
    for vote in sorted((vote for vote in found if not vote.cancelled), key=lambda vote: vote.created_at):
        newest[vote.document, vote.annotator] = vote
    votes: dict[str, list[Annotation]] = {}
    for (document, _), vote in sorted(newest.items(), key=lambda entry: entry[0]):
        votes.setdefault(document, []).append(vote)
    return votes


def _newest(decisions: Sequence[Annotation]) -> Annotation | None:
    return max(decisions, key=lambda decision: decision.created_at, default=None)


def _with_gold(documents: Sequence[Document], decided: Sequence[Adjudicated]) -> list[Document]:
    gold = {one.document: one.as_field() for one in decided}
    return [
        replace(document, fields=document.fields | {"gold": gold[document.id]}) if document.id in gold else document
        for document in documents
    ]


def _suggestion(vote: Annotation) -> Suggestion:
    return Suggestion(vote.document, vote.annotator, 1.0, vote.labels)
