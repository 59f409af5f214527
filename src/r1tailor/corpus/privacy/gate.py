"""Whether data may pass: HIPAA's gate counts what a second pass still finds, the securities rule looks at provenance.

A message of the gate names kinds and counts, never a surface. Dates that were moved are still dates: where the settings
say ``shift_dates`` the gate leaves them out, and the release needs an expert's determination (45 CFR 164.514(b)(1)).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, get_args

from r1tailor import bounded
from r1tailor.corpus.privacy.deidentify import as_written, find, may_identify
from r1tailor.corpus.privacy.references import coarse, published
from r1tailor.errors import DataError
from r1tailor.records import Document
from r1tailor.schema.corpus import Privacy, PrivacyKind
from r1tailor.schema.domain import DomainSection
from r1tailor.schema.sources import Source
from r1tailor.sources.permissions import under_embargo

_SHOWN = 20


def gate(documents: Iterable[Document], domain: DomainSection, today: date | None = None) -> dict[str, Any]:
    """Return what was checked, as plain JSON values: documents, documents with findings, findings by kind.

    Args:
        documents: clean.
        domain: its compliance, privacy and sources.
        today: in place of the system's date.

    Raises:
        DataError: a source is under embargo; names it and the date. ``hipaa``: the share of documents with findings is
            above the threshold; names counts by kind and what to do. ``securities``: records lack a licence or an ISO
            date of availability; names their ids.
    """
    if waiting := under_embargo(domain.every_source, today or date.today()):
        listed = ", ".join(f"{name} (until {end})" for name, end in waiting.items())
        raise DataError(f"under embargo: {listed}; leave the source out of domain.sources until then")
    match domain.compliance:
        case "hipaa" if domain.cleaning.privacy is not None:
            return _hipaa(documents, domain.cleaning.privacy, domain.every_source)
        case "securities":
            return _securities(documents) | {"permissions": _permissions(domain.sources)}
    return {}


def _permissions(sources: Iterable[Source]) -> dict[str, Any]:
    return {source.name: source.permissions.model_dump() for source in sources if source.permissions}


def _hipaa(documents: Iterable[Document], settings: Privacy, sources: Iterable[Source]) -> dict[str, Any]:
    dates, codes = {source.name: source.available_at for source in sources}, published(sources)
    kinds = [kind for kind in get_args(PrivacyKind) if settings.kinds.get(kind) != "shift_dates"]
    counts: Counter[str] = Counter()
    total = affected = 0
    bounded.left()
    for document in documents:
        strings = [*_texts(document), *(() if document.source in codes else _references(document))]
        bounded.entered(f"document {document.id}", sum(map(len, strings)))
        found = [finding.kind for text in strings for finding in find(text, kinds)]
        if "date" in kinds and document.available_at not in (
            "",
            dates.get(document.source),
            coarse(document.available_at),
        ):
            found.append("date")
        counts.update(found)
        total, affected = total + 1, affected + bool(found)
    bounded.left()
    if affected > settings.threshold * total:
        listed = ", ".join(f"{kind} {count:,}" for kind, count in counts.most_common())
        left = [kind for kind in counts if kind not in settings.kinds]
        advice = (
            f"treat {', '.join(left)} in domain.cleaning.privacy.kinds" if left else "clean these documents by hand"
        )
        raise DataError(
            f"domain.compliance = hipaa: {affected:,} of {total:,} documents still hold identifiers ({listed}); "
            f"at most "
            f"{settings.threshold:.2%} may. What to do: {advice}, or leave the documents out"
        )
    return {"documents": total, "with_findings": affected, "findings": dict(counts)}


def _texts(document: Document) -> Iterator[str]:
    """Yield the text and every key and value of the fields."""
    yield document.text
    pending: list[tuple[str, Any]] = [("", document.fields)]
    while pending:
        key, value = pending.pop()
        if isinstance(value, dict):
            yield from filter(may_identify, value)
            pending += value.items()
        elif isinstance(value, list):
            pending += [(key, part) for part in value]
        elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
            written = as_written(value)
            if key != "group":
                yield f"{key.replace('_', ' ')}: {written}"
            elif may_identify(written):
                yield written


def _references(document: Document) -> Iterator[str]:
    """Yield what else travels with a document."""
    return filter(may_identify, (document.id, document.position))


def _securities(documents: Iterable[Document]) -> dict[str, Any]:
    total = 0
    lacking = []
    for total, document in enumerate(documents, start=1):  # noqa: B007
        if not document.licence.strip() or not _is_date(document.available_at):
            lacking.append(document.id)
    if lacking:
        shown = ", ".join(lacking[:_SHOWN]) + (", ..." if len(lacking) > _SHOWN else "")
        raise DataError(
            f"domain.compliance = securities: {len(lacking):,} of {total:,} records have no licence or no ISO date of "
            f"availability: {shown}. Give their source both (domain.sources: licence, available_at)"
        )
    return {"documents": total}


def _is_date(written: str) -> bool:
    try:
        date.fromisoformat(written[:10])
    except ValueError:
        return False
    return True
