"""Opaque names for what refers to people: documents, groups, raw files, annotators.

A name is HMAC-SHA256 of what it stands for, under the secret key: two things never share one, the same thing keeps it
from run to run, and without the key nobody can tell whose it is by trying. It is made of letters behind the mark of a
surrogate, so that no finder takes it for an identifier.

What comes from a package index or is generated has published ids (a code, an article): those stay.
"""

import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Literal

from r1tailor.corpus.base import Note, Step
from r1tailor.corpus.privacy.key import read as read_key
from r1tailor.corpus.privacy.surrogates import moved
from r1tailor.records import Document, Rejection
from r1tailor.schema.corpus import Privacy
from r1tailor.schema.sources import GeneratedSource, PackagedSource, Source
from r1tailor.sources import ids

_LETTERS = 20  # about 94 bits
_LETTER = bytes(ord("A") + byte % 26 for byte in range(256))
_MARK = "QZX"
Referred = Literal["document", "group", "file", "annotator"]


def opaque(what: Referred, written: str, key: bytes) -> str:
    """Return the name that stands for something wherever it is referred to."""
    drawn = hmac.digest(key, f"reference/{what}/{written}".encode(), "sha256")[:_LETTERS]
    return _MARK + drawn.translate(_LETTER).decode("ascii")


def document_id(source: str, written: str, key: bytes) -> str:
    """Return the opaque id of a document; it begins with the name of its source, as every id does."""
    return f"{source}-{opaque('document', written, key)}"


def published(sources: Iterable[Source]) -> frozenset[str]:
    """Return the names of the sources whose ids are published codes, not anybody's."""
    return frozenset(source.name for source in sources if isinstance(source, (PackagedSource, GeneratedSource)))


def step(settings: Privacy, key: bytes, sources: Iterable[Source]) -> Step:
    """Return the corpus step that makes ids and groups opaque and dates of availability coarse.

    It comes first, so that no message of a later step names a raw id.

    Args:
        settings: where dates are redacted, a record's own date of availability becomes the last day of its year:
            never earlier than it was known. Where dates are shifted it moves with those of its group.
        key: the secret.
        sources: those with published ids keep them; a date that is the source's own says nothing of a record.
    """
    sources = tuple(sources)
    kept, dates = published(sources), {source.name: source.available_at for source in sources}

    def refer(document: Document) -> tuple[Document, list[Note]]:
        if document.source in kept:
            return document, []
        fields = dict(document.fields)
        if fields.get("group") not in (None, ""):
            fields["group"] = opaque("group", str(fields["group"]), key)
        id_ = document_id(document.source, document.id, key)
        available_at = document.available_at
        if available_at != dates.get(document.source):
            available_at = _treated(available_at, settings, str(fields.get("group") or id_), key)
        return replace(document, id=id_, fields=fields, available_at=available_at), []

    return refer


def _treated(date: str, settings: Privacy, group: str, key: bytes) -> str:
    match settings.kinds.get("date"):
        case "redact":
            return coarse(date)
        case "shift_dates":  # with the dates of the text: next to them an unmoved one would tell by how much
            return moved(date, group, key) or coarse(date)
    return date


def coarse(date: str) -> str:
    """Return the last day of an ISO date's year."""
    return f"{date[:4]}-12-31" if date else ""


def teller(settings: Privacy | None, root: Path) -> Callable[[Rejection], Mapping[str, str]]:
    """Return how a domain's provenance tells of a rejection: as it is, or under privacy without its raw file's name.

    Raises:
        ConfigError: there is privacy and no secret key.
    """
    return asdict if settings is None else partial(hidden, key=read_key(settings, root))


def hidden(rejection: Rejection, key: bytes) -> Mapping[str, str]:
    """Return a rejection as plain JSON values, without the name of its raw file: patients are named by files."""
    reason = ids.without_file(rejection.reason, lambda file: opaque("file", file, key))
    return {
        "source": rejection.source,
        "file": opaque("file", rejection.file, key),
        "position": rejection.position,
        "reason": reason,
    }
