"""MIMIC-III and MIMIC-IV: one document for each clinical note, with the diagnoses and drugs of its admission.

Format: the CSV tables that PhysioNet publishes, plain or ``.gz``, anywhere below one folder: release 1.4 of MIMIC-III
(NOTEEVENTS, DIAGNOSES_ICD, D_ICD_DIAGNOSES, PRESCRIPTIONS), or MIMIC-IV with MIMIC-IV-Note (``discharge`` in the place
of NOTEEVENTS, codes of ICD-9 and ICD-10). Which of the two it is, the table of notes tells. Notes are streamed, the
small tables that are joined to them are held. Diagnoses are coded when an admission ends: who predicts them from
earlier notes has to mind that.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from r1tailor.errors import DataError
from r1tailor.records import Document
from r1tailor.schema.sources import MimicSource
from r1tailor.sources.base import Origin, Read, raw_files
from r1tailor.sources.csv_rows import Row, rows
from r1tailor.sources.streams import Damage, Numbers, number_of

_TITLES, _DIAGNOSES, _DRUGS = "D_ICD_DIAGNOSES", "DIAGNOSES_ICD", "PRESCRIPTIONS"


class _Admissions:
    """What is known of each admission: its diagnoses by sequence number, its drugs in the order of the table.

    Args:
        code: name of the column with a code.
        version: name of the column that says which ICD a code is of; empty where all are of ICD-9.
    """

    def __init__(self, code: str, version: str) -> None:
        self._code, self._version = code, version
        self.titles: dict[tuple[str, str], str] = {}
        self.diagnoses: dict[str, list[tuple[int, tuple[str, str]]]] = {}
        self.drugs: dict[str, dict[str, None]] = {}

    def add(self, table: str, row: Row) -> None:
        """Take in a row of one of the small tables; texts that stand there often are kept once."""
        match table:
            case "D_ICD_DIAGNOSES":
                self.titles[self._coded(row)] = row["LONG_TITLE"]
            case "DIAGNOSES_ICD" if row[self._code]:  # an admission may have a row without a code
                place = number_of(row["SEQ_NUM"], "SEQ_NUM")
                self.diagnoses.setdefault(row["HADM_ID"], []).append((place, self._coded(row)))
            case "PRESCRIPTIONS" if row["DRUG"]:
                self.drugs.setdefault(row["HADM_ID"], {})[sys.intern(row["DRUG"])] = None

    def _coded(self, row: Row) -> tuple[str, str]:
        return sys.intern(row[self._code].strip()), sys.intern(row[self._version]) if self._version else ""

    def diagnoses_of(self, admission: str) -> list[dict[str, str]]:
        """Return code, title and (where there are several) version of an admission's diagnoses, the main one first."""
        coded = [one for _, one in sorted(self.diagnoses.get(admission, []))]
        return [
            {"code": code, "title": self.titles.get((code, version), "")} | ({"version": version} if version else {})
            for code, version in coded
        ]


class _Seen:
    """The notes that were seen: by their numbers, or by what MIMIC-IV calls them."""

    def __init__(self) -> None:
        self._numbers, self._others = Numbers(), set[str]()

    def first(self, identifier: str) -> bool:
        """Remember a note; return whether it is seen for the first time."""
        if identifier.isdigit():
            return self._numbers.first(int(identifier))
        known = identifier in self._others
        self._others.add(identifier)
        return not known


@dataclass(frozen=True)
class _Release:
    """How a release publishes its tables.

    Attributes:
        notes: the table of notes.
        columns: those that are read, by table; the notes come last, when everything joined to them is known.
        code: name of the column with a code.
        version: name of the column that says which ICD a code is of; empty where there is none.
        note: reads the identifier of a note, its date, category and description; raises ``Damage``.
    """

    notes: str
    columns: Mapping[str, tuple[str, ...]]
    code: str
    version: str
    note: Callable[[Row], tuple[str, str, str, str]]


def _of_iii(row: Row) -> tuple[str, str, str, str]:
    number = number_of(row["ROW_ID"], "ROW_ID")
    if row["ISERROR"] not in ("", "0"):
        raise Damage("marked as an error by a caregiver" if row["ISERROR"] == "1" else "ISERROR is neither empty nor 1")
    return str(number), _day(row["CHARTDATE"], "CHARTDATE"), row["CATEGORY"].strip(), row["DESCRIPTION"]


def _of_iv(row: Row) -> tuple[str, str, str, str]:
    if not row["NOTE_ID"].strip():
        raise Damage("NOTE_ID is missing")
    category = {"DS": "Discharge summary", "AD": "Addendum"}.get(row["NOTE_TYPE"].strip(), row["NOTE_TYPE"].strip())
    return row["NOTE_ID"].strip(), _day(row["CHARTTIME"], "CHARTTIME"), category, ""


_RELEASES = (
    _Release(
        "NOTEEVENTS",
        {
            _TITLES: ("ICD9_CODE", "LONG_TITLE"),
            _DIAGNOSES: ("HADM_ID", "SEQ_NUM", "ICD9_CODE"),
            _DRUGS: ("HADM_ID", "DRUG"),
            "NOTEEVENTS": (
                *("ROW_ID", "SUBJECT_ID", "HADM_ID", "CHARTDATE"),
                *("CATEGORY", "DESCRIPTION", "ISERROR", "TEXT"),
            ),
        },
        "ICD9_CODE",
        "",
        _of_iii,
    ),
    _Release(
        "DISCHARGE",
        {
            _TITLES: ("ICD_CODE", "ICD_VERSION", "LONG_TITLE"),
            _DIAGNOSES: ("HADM_ID", "SEQ_NUM", "ICD_CODE", "ICD_VERSION"),
            _DRUGS: ("HADM_ID", "DRUG"),
            "DISCHARGE": ("NOTE_ID", "SUBJECT_ID", "HADM_ID", "NOTE_TYPE", "CHARTTIME", "TEXT"),
        },
        "ICD_CODE",
        "ICD_VERSION",
        _of_iv,
    ),
)


def read(source: MimicSource, root: Path) -> Read:
    """Yield a document for each note, in the order of its table; ``group`` is the patient (SUBJECT_ID).

    Rejected are damaged rows of any of the tables, and notes that the hospital marked as errors (ISERROR = 1).

    Raises:
        DataError: a table is missing, or there are the notes of both releases.
    """
    files = {path.name.upper(): path for path in raw_files(source, source.path, root, (".csv", ".gz"))}
    release = _release(source, files)
    paths = {table: _path(source, table, files) for table in release.columns}
    admissions, seen = _Admissions(release.code, release.version), _Seen()
    for table, path in paths.items():
        origin = Origin.of(source, path, root)
        for line, row in rows(path, release.columns[table], origin.file):
            try:
                if isinstance(row, Damage):
                    raise row
                if table == release.notes:
                    yield _note(row, line, release, admissions, origin, seen)
                else:
                    admissions.add(table, row)
            except Damage as damage:
                yield origin.rejection(line, damage.reason)


def _release(source: MimicSource, files: Mapping[str, Path]) -> _Release:
    """Return the release whose notes lie there; where there are none, the older one, whose tables are then missed."""
    found = [release for release in _RELEASES if {f"{release.notes}.CSV", f"{release.notes}.CSV.GZ"} & files.keys()]
    if len(found) > 1:
        raise DataError(
            f"{source.path} holds NOTEEVENTS of MIMIC-III and discharge of MIMIC-IV; give each a source and a "
            f"folder of its own (domain.sources, name: {source.name})"
        )
    return found[0] if found else _RELEASES[0]


def _path(source: MimicSource, table: str, files: Mapping[str, Path]) -> Path:
    for name in (f"{table}.CSV", f"{table}.CSV.GZ"):
        if name in files:
            return files[name]
    also = ", nor discharge.csv of MIMIC-IV" if table == _RELEASES[0].notes else ""
    raise DataError(f"{source.path} holds no {table}.csv or {table}.csv.gz (domain.sources, name: {source.name}){also}")


def _note(row: Row, line: str, release: _Release, admissions: _Admissions, origin: Origin, seen: _Seen) -> Document:
    identifier, day, category, description = release.note(row)
    subject = number_of(row["SUBJECT_ID"], "SUBJECT_ID")
    if row["HADM_ID"]:  # a note of an outpatient has none
        number_of(row["HADM_ID"], "HADM_ID")
    if not seen.first(identifier):
        raise Damage(f"its {release.columns[release.notes][0]} came before")
    if not row["TEXT"].strip():
        raise Damage("TEXT is empty")
    fields = {
        "group": str(subject),
        "admission": row["HADM_ID"],
        "category": category,
        "description": description,
        "diagnoses": admissions.diagnoses_of(row["HADM_ID"]),
        "drugs": list(admissions.drugs.get(row["HADM_ID"], ())),
    }
    return origin.document(f"{origin.source.name}-{identifier}", row["TEXT"], line, fields, day)


def _day(text: str, column: str) -> str:
    """Return the ISO date of a column (``2151-08-04`` or ``2151-08-04 00:00:00``)."""
    try:
        return date.fromisoformat(text.split(" ")[0]).isoformat()
    except ValueError:
        raise Damage(f"{column} is no date") from None
