"""Whether data may pass: HIPAA's gate counts what a second pass still finds, the securities rule looks at provenance.

A message names documents, kinds and counts, never a surface. Dates that were moved are still dates: where the settings
say ``shift_dates`` the gate leaves them out, and the release needs an expert's determination (45 CFR 164.514(b)(1)).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, get_args

from r1tailor import bounded
from r1tailor.corpus.privacy.deidentify import as_written, find, may_identify
from r1tailor.corpus.privacy.plug_ins import plugged_in
from r1tailor.corpus.privacy.references import coarse, published
from r1tailor.errors import DataError
from r1tailor.records import Document
from r1tailor.schema.corpus import Privacy, PrivacyKind
from r1tailor.schema.domain import DomainSection
from r1tailor.schema.sources import Source
from r1tailor.sources.permissions import under_embargo

_SHOWN = 20


def gate(documents: Iterable[Document], domain: DomainSection, today: date | None = None) -> dict[str, Any]:
    """Return what was checked, as plain JSON values: documents, how many hold findings, kinds, first places.

    Args:
        documents: clean.
        domain: its compliance, privacy and sources.
        today: in place of the system's date.

    Raises:
        DataError: a source is under embargo; names it and the date. ``hipaa``, ``pipl``: too many documents hold
            findings; names the first of them, counts by kind, and what to do. ``securities``: records lack a licence or
            ISO date of availability; names their ids.
    """
    if waiting := under_embargo(domain.sources, today or date.today()):
        listed = ", ".join(f"{name} (until {end})" for name, end in waiting.items())
        raise DataError(f"under embargo: {listed}; leave the source out of domain.sources until then")
    match domain.compliance:
        case "hipaa" | "pipl" if domain.cleaning.privacy is not None:
            return _second_pass(documents, domain, domain.cleaning.privacy)
        case "securities":
            return _securities(documents) | {"permissions": _permissions(domain.sources)}
    return {}


def _permissions(sources: Iterable[Source]) -> dict[str, Any]:
    return {source.name: source.permissions.model_dump() for source in sources if source.permissions}


def _second_pass(documents: Iterable[Document], domain: DomainSection, settings: Privacy) -> dict[str, Any]:
    kinds = [kind for kind in get_args(PrivacyKind) if settings.kinds.get(kind) != "shift_dates"]
    finders, sources = plugged_in(settings.finders), domain.sources
    dates, codes = {source.name: source.available_at for source in sources}, published(sources)
    counts: Counter[str] = Counter()
    shown: list[dict[str, Any]] = []
    total = affected = 0
    bounded.left()
    for total, document in enumerate(documents, start=1):
        strings = [*_texts(document), *(() if document.source in codes else _references(document))]
        bounded.entered(f"document {document.id}", sum(map(len, strings)))
        found = [finding.kind for text in strings for finding in find(text, kinds, finders)]
        if "date" in kinds and document.available_at not in (
            "",
            dates.get(document.source),
            coarse(document.available_at),
        ):
            found.append("date")
        counts.update(found)
        affected += bool(found)
        if found and len(shown) < _SHOWN:
            shown.append({"document": _called(document, total), "findings": dict(Counter(found))})
    bounded.left()
    if affected > settings.share_of_documents_with_findings * total:
        raise DataError(_refusal(domain.compliance, settings, counts, shown, affected, total))
    return {"documents": total, "with_findings": affected, "findings": dict(counts), "where": shown}


def _called(document: Document, number: int) -> str:
    """Return how a message calls a document: by its id and position, where nothing is found in them."""
    names = [name for name in (document.id, document.position) if not (may_identify(name) and find(name))]
    return ", ".join([*names, *(() if len(names) == 2 else (f"number {number:,}",))])


def _refusal(
    compliance: str, settings: Privacy, counts: Counter[str], shown: list[dict[str, Any]], affected: int, total: int
) -> str:
    left = [kind for kind in counts if kind not in settings.kinds]
    advice = f"treat {', '.join(left)} in domain.cleaning.privacy.kinds" if left else "clean these documents by hand"
    lines = [f"  {one['document']}: {_listed(one['findings'])}" for one in shown]
    return "\n".join(
        [
            f"domain.compliance = {compliance}: {affected:,} of {total:,} documents still hold identifiers "
            f"({_listed(dict(counts.most_common()))}); at most {settings.share_of_documents_with_findings:.2%} may "
            f"(domain.cleaning.privacy.share_of_documents_with_findings). What to do: {advice}, "
            "or leave the documents out:",
            *lines,
            *([f"  and {affected - len(shown):,} more"] if affected > len(shown) else []),
        ]
    )


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{kind} {count:,}" for kind, count in counts.items())


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
