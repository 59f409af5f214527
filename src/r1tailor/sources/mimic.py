"""MIMIC-III: one document for each clinical note, with the diagnoses and drugs of its admission.

Format: the CSV tables of PhysioNet's release 1.4, plain or ``.gz``: NOTEEVENTS is streamed, the small tables that are
joined to it (DIAGNOSES_ICD, D_ICD_DIAGNOSES, PRESCRIPTIONS) are held. Diagnoses are coded when an admission ends: who
predicts them from earlier notes has to mind that.
"""

import sys
from datetime import date
from pathlib import Path

from r1tailor.errors import DataError
from r1tailor.records import Document
from r1tailor.schema.sources import MimicSource
from r1tailor.sources.base import Origin, Read, raw_files
from r1tailor.sources.csv_rows import Row, rows
from r1tailor.sources.streams import Damage, Numbers, number_of

_COLUMNS = {  # those that are read; the notes come last, when everything joined to them is known
    "D_ICD_DIAGNOSES": ("ICD9_CODE", "LONG_TITLE"),
    "DIAGNOSES_ICD": ("HADM_ID", "SEQ_NUM", "ICD9_CODE"),
    "PRESCRIPTIONS": ("HADM_ID", "DRUG"),
    "NOTEEVENTS": ("ROW_ID", "SUBJECT_ID", "HADM_ID", "CHARTDATE", "CATEGORY", "DESCRIPTION", "ISERROR", "TEXT"),
}


class _Admissions:
    """What is known of each admission: its diagnoses by sequence number, its drugs in the order of the table."""

    def __init__(self) -> None:
        self.titles: dict[str, str] = {}
        self.diagnoses: dict[str, list[tuple[int, str]]] = {}
        self.drugs: dict[str, dict[str, None]] = {}

    def add(self, table: str, row: Row) -> None:
        """Take in a row of one of the small tables; texts that stand there often are kept once."""
        match table:
            case "D_ICD_DIAGNOSES":
                self.titles[row["ICD9_CODE"]] = row["LONG_TITLE"]
            case "DIAGNOSES_ICD" if row["ICD9_CODE"]:  # an admission may have a row without a code
                place = number_of(row["SEQ_NUM"], "SEQ_NUM")
                self.diagnoses.setdefault(row["HADM_ID"], []).append((place, sys.intern(row["ICD9_CODE"])))
            case "PRESCRIPTIONS" if row["DRUG"]:
                self.drugs.setdefault(row["HADM_ID"], {})[sys.intern(row["DRUG"])] = None

    def diagnoses_of(self, admission: str) -> list[dict[str, str]]:
        """Return code and title of an admission's diagnoses, the main one first."""
        codes = [code for _, code in sorted(self.diagnoses.get(admission, []))]
        return [{"code": code, "title": self.titles.get(code, "")} for code in codes]


def read(source: MimicSource, root: Path) -> Read:
    """Yield a document for each note of NOTEEVENTS, in its order; ``group`` is the patient (SUBJECT_ID).

    Rejected are damaged rows of any of the tables, and notes that the hospital marked as errors (ISERROR = 1).

    Raises:
        DataError: a table is missing.
    """
    paths = {table: _path(source, table, root) for table in _COLUMNS}
    admissions, seen = _Admissions(), Numbers()
    for table, path in paths.items():
        origin = Origin.of(source, path, root)
        for line, row in rows(path, _COLUMNS[table], origin.file):
            try:
                if isinstance(row, Damage):
                    raise row
                if table == "NOTEEVENTS":
                    yield _note(row, line, admissions, origin, seen)
                else:
                    admissions.add(table, row)
            except Damage as damage:
                yield origin.rejection(line, damage.reason)


def _path(source: MimicSource, table: str, root: Path) -> Path:
    names = (f"{table}.csv", f"{table}.csv.gz")
    for path in raw_files(source, source.path, root, (".csv", ".gz")):
        if path.name.upper() in (name.upper() for name in names):
            return path
    raise DataError(f"{source.path} holds no {' or '.join(names)} (domain.sources, name: {source.name})")


def _note(row: Row, line: str, admissions: _Admissions, origin: Origin, seen: Numbers) -> Document:
    number, subject = number_of(row["ROW_ID"], "ROW_ID"), number_of(row["SUBJECT_ID"], "SUBJECT_ID")
    if row["HADM_ID"]:  # a note of an outpatient has none
        number_of(row["HADM_ID"], "HADM_ID")
    if not seen.first(number):
        raise Damage("its ROW_ID came before")
    if row["ISERROR"] not in ("", "0"):
        raise Damage("marked as an error by a caregiver" if row["ISERROR"] == "1" else "ISERROR is neither empty nor 1")
    if not row["TEXT"].strip():
        raise Damage("TEXT is empty")
    fields = {
        "group": str(subject),
        "admission": row["HADM_ID"],
        "category": row["CATEGORY"].strip(),
        "description": row["DESCRIPTION"],
        "diagnoses": admissions.diagnoses_of(row["HADM_ID"]),
        "drugs": list(admissions.drugs.get(row["HADM_ID"], ())),
    }
    return origin.document(f"{origin.source.name}-{number}", row["TEXT"], line, fields, _day(row["CHARTDATE"]))


def _day(text: str) -> str:
    """Return the ISO date of a CHARTDATE (``2151-08-04`` or ``2151-08-04 00:00:00``)."""
    try:
        return date.fromisoformat(text.split(" ")[0]).isoformat()
    except ValueError:
        raise Damage("CHARTDATE is no date") from None
