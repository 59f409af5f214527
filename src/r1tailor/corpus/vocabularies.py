"""Vocabularies come in: what a term may be called, and which of its names is the preferred one.

A reader yields entries in the order of its file, and a ``Rejection`` where a record is damaged; whether that stops the
run or is listed is the vocabulary's ``on_damage``, as with the sources of documents. No message quotes a vocabulary:
UMLS forbids it.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from r1tailor.errors import DataError
from r1tailor.records import Document, Rejection
from r1tailor.schema.corpus import Icd10cmVocabulary, SynonymVocabulary, Terms, UmlsVocabulary, Vocabulary
from r1tailor.sources import icd10cm
from r1tailor.sources.base import Origin

_RRF = [
    *("CUI", "LAT", "TS", "LUI", "STT", "SUI", "ISPREF", "AUI", "SAUI"),
    *("SCUI", "SDUI", "SAB", "TTY", "CODE", "STR", "SRL", "SUPPRESS", "CVF"),
]
_CUI, _LAT, _TS, _STT, _ISPREF = map(_RRF.index, ("CUI", "LAT", "TS", "STT", "ISPREF"))
_SAB, _STR, _SUPPRESS = map(_RRF.index, ("SAB", "STR", "SUPPRESS"))
_ALLOWED = {"TS": "PSps", "ISPREF": "YN", "SUPPRESS": "OEYN"}
_COLUMNS = (["term", "preferred"], ["term", "preferred", "code"])


class Entry(NamedTuple):
    """One name of a concept.

    Attributes:
        term: the name as the vocabulary writes it.
        preferred: the name that stands for all names of the concept, in the same language.
        code: of the concept (a CUI, an ICD-10-CM code); may be empty.
    """

    term: str
    preferred: str
    code: str


def read(settings: Terms, root: Path, rejected: list[Rejection]) -> list[Entry]:
    """Return the entries of every vocabulary in order; what cannot be read is added to ``rejected``.

    Raises:
        DataError: a vocabulary is missing or holds no entry, or a record is damaged and it says ``on_damage: stop``.
    """
    entries: list[Entry] = []
    for vocabulary in settings.vocabularies:
        before = len(entries)
        for found in _reader(vocabulary, root):
            if isinstance(found, Entry):
                entries.append(found)
            elif vocabulary.on_damage == "stop":
                raise DataError(f"{found} ({_named(vocabulary)}, on_damage: stop)")
            else:
                rejected.append(found)
        if len(entries) == before:
            raise DataError(f"{vocabulary.path} holds no term {_wanted(vocabulary)}({_named(vocabulary)})")
    return entries


def _reader(vocabulary: Vocabulary, root: Path) -> Iterator[Entry | Rejection]:
    path = root / vocabulary.path
    if not path.is_file():
        raise DataError(f"{vocabulary.path} does not exist ({_named(vocabulary)})")
    match vocabulary:
        case UmlsVocabulary():
            return _umls(vocabulary, path)
        case Icd10cmVocabulary():
            return _icd10cm(vocabulary, path, root)
        case SynonymVocabulary():
            return _synonyms(vocabulary, path)


def _named(vocabulary: Vocabulary) -> str:
    return f"terms.vocabularies, name: {vocabulary.name}"


def _wanted(vocabulary: Vocabulary) -> str:
    if not isinstance(vocabulary, UmlsVocabulary):
        return ""
    sources = f" from {', '.join(vocabulary.sources)}" if vocabulary.sources else ""
    return f"in {', '.join(vocabulary.languages)}{sources} "


def _umls(vocabulary: UmlsVocabulary, path: Path) -> Iterator[Entry | Rejection]:
    """Yield the atoms of MRCONSO.RRF (UMLS Reference Manual, table "Concept Names and Sources").

    The preferred name of a concept in a language is its atom with TS = P, STT = PF and ISPREF = Y, or the one that
    comes closest to that among the atoms taken.
    """
    atoms: list[tuple[str, str, str]] = []
    best: dict[tuple[str, str], tuple[tuple[bool, bool, bool], str]] = {}
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, start=1):
            row = _row(raw)
            if isinstance(row, str):
                yield Rejection(vocabulary.name, vocabulary.path, f"line {number}", row)
            elif _is_taken(vocabulary, row):
                concept, term = (row[_CUI], row[_LAT]), row[_STR].strip()
                atoms.append((*concept, term))
                rank = (row[_TS] != "P", row[_STT] != "PF", row[_ISPREF] != "Y")
                best[concept] = min(best.get(concept, (rank, term)), (rank, term), key=lambda known: known[0])
    for cui, language, term in atoms:
        yield Entry(term, best[cui, language][1], cui)


def _row(raw: bytes) -> list[str] | str:
    """Return the fields of one line of MRCONSO.RRF, or what is wrong with it."""
    try:
        fields = raw.decode("utf-8").rstrip("\r\n").split("|")
    except UnicodeDecodeError as error:
        return f"not UTF-8 (byte {error.start + 1})"
    if fields.pop() or not fields:
        return "the line does not end in |"
    if len(fields) != len(_RRF):
        return f"{len(fields)} fields, MRCONSO.RRF has {len(_RRF)}"
    if not re.fullmatch(r"C\d{7}", fields[_CUI], re.ASCII):
        return "CUI must be C and seven digits"
    if not re.fullmatch(r"[A-Z]{3}", fields[_LAT]):
        return "LAT must be three capital letters"
    for name, allowed in _ALLOWED.items():
        if fields[_RRF.index(name)] not in tuple(allowed):
            return f"{name} must be one of {', '.join(allowed)}"
    return fields if fields[_STR].strip() else "STR is empty"


def _is_taken(vocabulary: UmlsVocabulary, row: list[str]) -> bool:
    return (
        row[_LAT] in vocabulary.languages
        and (vocabulary.sources is None or row[_SAB] in vocabulary.sources)
        and (vocabulary.suppressed or row[_SUPPRESS] == "N")
    )


def _icd10cm(vocabulary: Icd10cmVocabulary, path: Path, root: Path) -> Iterator[Entry | Rejection]:
    """Yield each description as its own preferred name, and each inclusion term with the description of its code."""
    description = {}
    for found in icd10cm.read(Origin.of(vocabulary, path, root), path):
        if isinstance(found, Document):
            if found.fields["role"] == "code":
                description[found.position] = found.text
            yield Entry(found.text, description[found.position], found.position)
        else:
            yield found


def _synonyms(vocabulary: SynonymVocabulary, path: Path) -> Iterator[Entry | Rejection]:
    """Yield the rows of a CSV; a preferred form is a term, too, so that it is found where it stands already."""
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        reader = csv.reader(lines, strict=True)
        header = next(reader, [])
        if header not in _COLUMNS:
            allowed = " or ".join(",".join(columns) for columns in _COLUMNS)
            raise DataError(f"{vocabulary.path}, line 1: the columns must be {allowed} ({_named(vocabulary)})")
        preferred: set[tuple[str, str]] = set()
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Rejection(vocabulary.name, vocabulary.path, f"line {reader.line_num}", f"not CSV: {error}")
                continue
            if reason := _fault(row, header):
                yield Rejection(vocabulary.name, vocabulary.path, f"line {reader.line_num}", reason)
            elif row:
                entry = Entry(*(value.strip() for value in row), *[""] * (3 - len(row)))
                if entry[1:] not in preferred:
                    preferred.add((entry.preferred, entry.code))
                    yield Entry(entry.preferred, entry.preferred, entry.code)
                yield entry


def _fault(row: list[str], header: list[str]) -> str:
    """Return what is wrong with a row of a CSV; empty if nothing is, or if the line is empty."""
    if not row:
        return ""
    if len(row) != len(header):
        return f"{len(row)} columns, {len(header)} expected"
    if any("\udc80" <= character <= "\udcff" for value in row for character in value):
        return "not UTF-8"
    if any("\0" in value for value in row):
        return "a null character stands in it"
    return next((f"{name} is empty" for name, value in zip(header[:2], row, strict=False) if not value.strip()), "")
