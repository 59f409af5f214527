"""The next documents to annotate: those on which the model is likely wrong, by the modes of its errors.

No held-out item comes from them, so that what is annotated can be trained on. Documents without gold labels come first;
where there are too few of them, labelled ones are to be labelled again.
"""

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from r1tailor.annotation.schemes import opened
from r1tailor.annotation.tasks import write_tasks
from r1tailor.evaluation.error_modes.features import Described, Features, origin
from r1tailor.evaluation.error_modes.modes import Mode
from r1tailor.records import Document
from r1tailor.schema.annotation import Annotation


def write(
    folder: Path,
    own: Annotation,
    shown: Sequence[Mode],
    features: Features,
    documents: Iterable[Document],
    held_out: set[str],
    most: int,
) -> tuple[int, list[Path]]:
    """Write the tasks of the next round, with the mode that each was chosen by; return how many, and the files.

    Args:
        folder: where to write.
        own: the domain's annotation.
        shown: the modes, the worst first.
        features: the columns that the modes are made of.
        documents: the domain's.
        held_out: ids of documents of held-out items.
        most: tasks.
    """
    chosen = _chosen(shown, features, documents, held_out, most)
    reasons = {document.id: reason for document, reason in chosen}
    scheme = opened(own.scheme)
    return len(chosen), write_tasks(folder, own.exports, scheme, [one for one, _ in chosen], reasons=reasons)


def in_words(where: Mapping[str, str]) -> str:
    """Return the conditions of a mode as text."""
    return " and ".join(f"{name} = {value}" for name, value in where.items())


def _chosen(
    shown: Sequence[Mode], features: Features, documents: Iterable[Document], held_out: set[str], most: int
) -> list[tuple[Document, str]]:
    candidates = _candidates(shown, features, (one for one in documents if one.id not in held_out))
    return [(document, reason) for *_, document, reason in heapq.nsmallest(most, candidates, key=lambda one: one[:3])]


def _candidates(
    shown: Sequence[Mode], features: Features, documents: Iterable[Document]
) -> Iterator[tuple[bool, int, bytes, Document, str]]:
    """Yield documents that a mode applies to: whether they are labelled, the mode's place, and a random order."""
    for document in documents:
        known = origin(document)
        described = Described(
            document.text, source=known.source, fields=document.fields, disagreement=known.disagreement
        )
        columns = features.columns(described)
        place = next((place for place, mode in enumerate(shown) if _applies(mode, columns)), None)
        if place is not None:
            mode, gold = shown[place], document.fields.get("gold")
            labelled = gold is not None and "undecided" not in gold["rules"].values()
            reason = f"{in_words(mode.where)}: {mode.rate:.0%} wrong, {mode.rate_elsewhere:.0%} elsewhere"
            yield labelled, place, hashlib.sha256(document.id.encode()).digest(), document, reason


def _applies(mode: Mode, columns: Mapping[str, str | None]) -> bool:
    """Whether a document has the values of a mode, as far as they are known of a document; one at least is."""
    known = {name: value for name, value in mode.where.items() if columns[name] is not None}
    return bool(known) and all(columns[name] == value for name, value in known.items())
