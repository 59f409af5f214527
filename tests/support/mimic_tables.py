"""Stand-ins for MIMIC: a hospital of forty patients who never lived, in the tables that PhysioNet publishes."""

import csv
import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path

PATIENTS = range(1, 41)
_CASES = (
    ("cough and fever for a week", "486", "J189", "Pneumonia, organism unspecified"),
    ("crushing chest pain on the stairs", "41071", "I214", "Subendocardial infarction, initial episode of care"),
    ("thirst and numb feet", "25000", "E119", "Diabetes mellitus without mention of complication"),
    ("burning urine and flank pain", "59010", "N10", "Acute pyelonephritis without lesion of renal medullary necrosis"),
)
_PRESSURE = ("4019", "I10", "Unspecified essential hypertension")


def write_iii(folder: Path) -> None:
    """Write MIMIC-III's tables, all of them packed."""
    titles = [
        (1, code, title[:20], title)
        for code, title in {(case[1], case[3]) for case in _CASES} | {(_PRESSURE[0], _PRESSURE[2])}
    ]
    _write(folder / "D_ICD_DIAGNOSES.csv.gz", "ROW_ID,ICD9_CODE,SHORT_TITLE,LONG_TITLE", titles)
    diagnoses = [
        (0, n, 10_000 + n, place, code) for n in PATIENTS for place, code in ((2, _PRESSURE[0]), (1, _case(n)[1]))
    ]
    _write(folder / "DIAGNOSES_ICD.csv.gz", "ROW_ID,SUBJECT_ID,HADM_ID,SEQ_NUM,ICD9_CODE", diagnoses)
    _write(folder / "PRESCRIPTIONS.csv.gz", "ROW_ID,SUBJECT_ID,HADM_ID,DRUG", [(1, 1, 10_001, "Aspirin")])
    _write(
        folder / "NOTEEVENTS.csv.gz",
        "ROW_ID,SUBJECT_ID,HADM_ID,CHARTDATE,CHARTTIME,STORETIME,CATEGORY,DESCRIPTION,CGID,ISERROR,TEXT",
        [
            (n, n, 10_000 + n, "2151-08-04", "", "", "Discharge summary", "Report", "", "", _text(n, "[**2151-8-1**]"))
            for n in PATIENTS
        ],
    )


def write_iv(folder: Path) -> None:
    """Write the tables of MIMIC-IV's module ``hosp`` and of MIMIC-IV-Note, each in its folder."""
    codes = {(case[1], "9", case[3]) for case in _CASES} | {(case[2], "10", case[3]) for case in _CASES}
    both = codes | {(_PRESSURE[0], "9", _PRESSURE[2]), (_PRESSURE[1], "10", _PRESSURE[2])}
    _write(folder / "hosp" / "d_icd_diagnoses.csv.gz", "icd_code,icd_version,long_title", sorted(both))
    diagnoses = [
        (n, 20_000_000 + n, place, code, version)
        for n in PATIENTS
        for version, column in (("9", 1), ("10", 2))
        if (n % 2 == 0) == (version == "9")
        for place, code in ((2, _PRESSURE[column - 1]), (1, _case(n)[column]))
    ]
    _write(folder / "hosp" / "diagnoses_icd.csv.gz", "subject_id,hadm_id,seq_num,icd_code,icd_version", diagnoses)
    drugs = [(1, 20_000_001, "1", "1-1", "1", "", "2180-05-07", "", "MAIN", "Aspirin")]
    columns = "subject_id,hadm_id,pharmacy_id,poe_id,poe_seq,order_provider_id,starttime,stoptime,drug_type,drug"
    _write(folder / "hosp" / "prescriptions.csv.gz", columns, drugs)
    notes = [
        (f"{n}-DS-{n}", n, 20_000_000 + n, "DS", n, "2180-05-07 00:00:00", "2180-05-09 15:26:00", _text(n, "___"))
        for n in PATIENTS
    ]
    header = "note_id,subject_id,hadm_id,note_type,note_seq,charttime,storetime,text"
    _write(folder / "note" / "discharge.csv.gz", header, notes)


def _case(patient: int) -> tuple[str, str, str, str]:
    return _CASES[patient % len(_CASES)]


def _text(patient: int, day: str) -> str:
    said, pulse = _case(patient)[0], 60 + patient
    return (
        f"Admission Date: {day}\n\nChief Complaint:\n{said}\n\nPhysical Exam: pulse {pulse}, BP {120 + patient}/80\n\n"
        f"Discharge Diagnosis:\n{_case(patient)[3]}\n"
    )


def _write(path: Path, header: str, rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        writer.writerows(rows)
