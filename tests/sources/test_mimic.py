"""MIMIC-III: notes with what their admission is filed under; the tables are written here in PhysioNet's format."""

import gzip
import tracemalloc
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor.errors import DataError
from r1tailor.schema.sources import MimicSource
from r1tailor.sources.mimic import read
from tests.support.raw import DESCRIBED, collected, write

SOURCE = MimicSource(kind="mimic", **DESCRIBED)
NOTE_HEADER = (
    '"ROW_ID","SUBJECT_ID","HADM_ID","CHARTDATE","CHARTTIME","STORETIME","CATEGORY",'
    '"DESCRIPTION","CGID","ISERROR","TEXT"'
)
TITLES = (
    '"ROW_ID","ICD9_CODE","SHORT_TITLE","LONG_TITLE"\n'
    '174,"01166","TB pneumonia-oth test","Tuberculous pneumonia [any form], tubercle bacilli not found"\n'
    '175,"4019","Hypertension NOS","Unspecified essential hypertension"\n'
)
DIAGNOSES = (
    '"ROW_ID","SUBJECT_ID","HADM_ID","SEQ_NUM","ICD9_CODE"\n'
    '1297,22532,167853,2,"4019"\n1298,22532,167853,1,"01166"\n1299,22532,167853,10,"V1582"\n1300,13702,107527,,\n'
)
DRUGS = (
    '"ROW_ID","SUBJECT_ID","HADM_ID","ICUSTAY_ID","STARTDATE","ENDDATE","DRUG_TYPE","DRUG","DOSE_VAL_RX"\n'
    '1,22532,167853,,2151-07-16 00:00:00,,"MAIN","Heparin","5,000"\n'
    '2,22532,167853,,2151-07-16 00:00:00,,"MAIN","Aspirin","81"\n'
    '3,22532,167853,,2151-07-17 00:00:00,,"MAIN","Heparin","5,000"\n'
)
TEXT = 'Admission Date:  [**2151-7-16**]\n\nHe said ""no pain"", T 38.5,\nBP 120/80.\n'


def note(
    row: str = "174",
    subject: str = "22532",
    admission: str = "167853",
    day: str = "2151-08-04",
    error: str = "",
    text: str = TEXT,
) -> str:
    return f'{row},{subject},{admission},{day},,,"Discharge summary","Report",,{error},"{text}"\n'


def tables(root: Path, *notes: str, **changed: str | bytes) -> None:
    written = {
        "D_ICD_DIAGNOSES.csv": TITLES,
        "DIAGNOSES_ICD.csv": DIAGNOSES,
        "PRESCRIPTIONS.csv": DRUGS,
        "NOTEEVENTS.csv": f"{NOTE_HEADER}\n{''.join(notes)}",
    }
    for name, content in {**written, **{f"{table}.csv": content for table, content in changed.items()}}.items():
        write(root, name, content)


def test_a_note_becomes_a_document_with_its_admission(tmp_path: Path) -> None:
    tables(tmp_path, note(), note("175", "13702", "107527", "2118-06-14 00:00:00", text="Short"), note("176", "1", ""))
    documents, rejected = collected(SOURCE, tmp_path)
    assert rejected == []
    first, second, third = documents
    assert (first.id, first.position, first.available_at) == ("s-174", "line 2", "2151-08-04")
    assert first.text == TEXT.replace('""', '"')
    assert first.fields == {
        "group": "22532",
        "admission": "167853",
        "category": "Discharge summary",
        "description": "Report",
        "diagnoses": [
            {"code": "01166", "title": "Tuberculous pneumonia [any form], tubercle bacilli not found"},
            {"code": "4019", "title": "Unspecified essential hypertension"},
            {"code": "V1582", "title": ""},
        ],
        "drugs": ["Heparin", "Aspirin"],
    }
    assert (second.position, second.available_at, second.fields["group"]) == ("line 7", "2118-06-14", "13702")
    assert (second.fields["diagnoses"], second.fields["drugs"]) == ([], [])
    assert (third.fields["admission"], third.fields["diagnoses"]) == ("", [])


def test_packed_tables_and_lower_case_names_are_the_same(tmp_path: Path) -> None:
    tables(tmp_path, note())
    plain, _ = collected(SOURCE, tmp_path)
    for path in list((tmp_path / "raw").iterdir()):
        lower = path.read_bytes().replace(NOTE_HEADER.encode(), NOTE_HEADER.lower().encode())
        write(tmp_path, f"{path.name.lower()}.gz", gzip.compress(lower.replace(b"\n", b"\r\n")))
        path.unlink()
    (packed,), rejected = collected(SOURCE, tmp_path)
    assert rejected == []
    assert (packed.text.replace("\r\n", "\n"), packed.fields) == (plain[0].text, plain[0].fields)


LONG = "x" * 140_000


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (note("175", error="1"), "marked as an error by a caregiver"),
        (note("175", error="2"), "ISERROR is neither empty nor 1"),
        (note("174"), "its ROW_ID came before"),
        (note(""), "ROW_ID is missing"),
        (note("one"), "ROW_ID is not a number of one to eight digits"),
        (note("-5"), "ROW_ID is not a number of one to eight digits"),
        (note("175", subject=""), "SUBJECT_ID is missing"),
        (note("175", admission="none"), "HADM_ID is not a number of one to eight digits"),
        (note("175", day=""), "CHARTDATE is no date"),
        (note("175", day="2151-02-30"), "CHARTDATE is no date"),
        (note("175", day="04/08/2151"), "CHARTDATE is no date"),
        (note("175", text="  \n "), "TEXT is empty"),
        (note("175", text="a\0b"), "a null character"),
        (note("175", text=LONG), "not CSV: field larger than field limit (131072)"),
        ('175,22532,167853,2151-08-04,"half a row"\n', "5 columns, expected 11"),
        (note("175").replace('Report",', 'Report"x,'), "not CSV: ',' expected after '\"'"),
        (note("175").replace('"Report",', '"Report",,,'), "13 columns, expected 11"),
    ],
    ids=[
        *("an error", "an unknown mark", "twice", "no id", "an id in words", "a negative id", "no patient"),
        *("an admission in words", "no date", "30 February", "another date format", "no text", "a NUL", "a huge field"),
        *("cut row", "text behind a quote", "too many columns"),
    ],
)
def test_a_damaged_row_is_rejected_and_the_others_come(row: str, message: str, tmp_path: Path) -> None:
    tables(tmp_path, note(), row, note("176"))
    documents, rejected = collected(SOURCE, tmp_path)
    assert [document.id for document in documents] == ["s-174", "s-176"]
    assert rejected == [f"raw/NOTEEVENTS.csv, line 7: {message}"]


def test_latin_1_called_utf_8_is_met_in_its_row(tmp_path: Path) -> None:
    notes = f"{NOTE_HEADER}\n{note()}{note('175', text='café')}{note('176')}".encode("latin-1")
    tables(tmp_path, NOTEEVENTS=notes)
    documents, rejected = collected(SOURCE, tmp_path)
    assert [document.id for document in documents] == ["s-174", "s-176"]
    assert rejected == ["raw/NOTEEVENTS.csv, line 7: not UTF-8 (byte 66 of the row)"]


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (
            '175,22532,167853,2151-08-04,,,"Nursing","Report",,,"never ends\n' + note("176", text="x"),
            "without an end; ",
        ),
        ('175,"' + "words without an end\n" * 60_000 + note("176"), "without an end within 1,000,000 bytes; "),
        ("9" * 1_100_000, "a line of more than 1,000,000 bytes; "),
    ],
    ids=["to the end of the file", "for a megabyte", "a line of a megabyte"],
)
def test_where_the_next_row_is_hidden_the_rest_is_not_read(end: str, message: str, tmp_path: Path) -> None:
    tables(tmp_path, note(), end)
    documents, (rejection,) = collected(SOURCE, tmp_path)
    assert [document.id for document in documents] == ["s-174"]
    assert rejection.startswith("raw/NOTEEVENTS.csv, line 7: ")
    assert message in rejection
    assert rejection.endswith("the rest is not read")


@pytest.mark.parametrize(
    ("table", "content", "message"),
    [
        ("DIAGNOSES_ICD", DIAGNOSES.replace(",2,", ",two,"), "line 2: SEQ_NUM is not a number of one to eight digits"),
        ("PRESCRIPTIONS", DRUGS.replace(',"81"', ""), "line 3: 8 columns, expected 9"),
        ("D_ICD_DIAGNOSES", TITLES.replace("Hypertension", "\0"), "line 3: a null character"),
    ],
    ids=["a diagnosis", "a drug", "a title"],
)
def test_a_damaged_row_of_a_joined_table_is_rejected_too(
    table: str, content: str, message: str, tmp_path: Path
) -> None:
    tables(tmp_path, note(), **{table: content})
    documents, rejected = collected(SOURCE, tmp_path)
    assert [document.id for document in documents] == ["s-174"]
    assert rejected == [f"raw/{table}.csv, {message}"]


def _without(table: str) -> Callable[[Path], object]:
    return lambda root: (root / "raw" / f"{table}.csv").unlink()


def _header(text: str) -> Callable[[Path], object]:
    return lambda root: write(root, "NOTEEVENTS.csv", text)


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (_without("NOTEEVENTS"), "raw holds no NOTEEVENTS.csv or NOTEEVENTS.csv.gz (domain.sources, name: s)"),
        (_without("PRESCRIPTIONS"), "raw holds no PRESCRIPTIONS.csv or PRESCRIPTIONS.csv.gz (domain.sources, name: s)"),
        (
            _header(""),
            "raw/NOTEEVENTS.csv holds no header; a table begins with ROW_ID, SUBJECT_ID, HADM_ID, CHARTDATE, ",
        ),
        (_header("ROW_ID;TEXT\n"), "raw/NOTEEVENTS.csv, line 1: no column ROW_ID, SUBJECT_ID, HADM_ID, CHARTDATE, "),
        (_header(NOTE_HEADER.replace("ISERROR", "ERROR")), "raw/NOTEEVENTS.csv, line 1: no column ISERROR"),
    ],
    ids=["no notes", "no drugs", "empty", "semicolons", "another column"],
)
def test_a_table_that_is_not_there_stops_the_run(harm: Callable[[Path], object], message: str, tmp_path: Path) -> None:
    tables(tmp_path, note())
    harm(tmp_path)
    with pytest.raises(DataError) as refusal:
        collected(SOURCE, tmp_path)
    assert str(refusal.value).startswith(message)


def test_a_cut_off_archive_gives_what_it_holds(tmp_path: Path) -> None:
    tables(tmp_path)
    notes = NOTE_HEADER + "\n" + "".join(note(str(number), text=f"{number * 7919}") for number in range(1, 3000))
    (tmp_path / "raw" / "NOTEEVENTS.csv").unlink()
    write(tmp_path, "NOTEEVENTS.csv.gz", gzip.compress(notes.encode())[:-4000])
    documents, (rejection,) = collected(SOURCE, tmp_path)
    assert [document.id for document in documents] == [f"s-{number}" for number in range(1, len(documents) + 1)]
    assert 500 < len(documents) < 2999
    assert rejection.startswith(f"raw/NOTEEVENTS.csv.gz, line {len(documents) + 2}: ")
    assert "the gzip data end too early" in rejection


def _peak(root: Path, count: int) -> int:
    body = "word " * 400
    tables(root, *(note(str(number), text=body) for number in range(1, count)))
    tracemalloc.start()
    deque(read(SOURCE, root), maxlen=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_notes(tmp_path: Path) -> None:
    few, many = _peak(tmp_path, 300), _peak(tmp_path, 3000)
    assert many < 1.3 * few


IV_NOTES = "note_id,subject_id,hadm_id,note_type,note_seq,charttime,storetime,text\n"
IV_NOTE = (
    '10000032-DS-21,10000032,22595853,DS,21,2180-05-07 00:00:00,2180-05-09 15:26:00,"Name: ___\nHe said ""no pain""."\n'
)


def _tables_of_iv(root: Path, *notes: str) -> None:
    titles = "icd_code,icd_version,long_title\n5723,9,Portal hypertension\nK7460,10,Unspecified cirrhosis of liver\n"
    diagnoses = (
        "subject_id,hadm_id,seq_num,icd_code,icd_version\n"
        "10000032,22595853,2,5723,9\n10000032,22595853,1,K7460   ,10\n10000032,22595853,3,5723,10\n"
    )
    columns = "subject_id,hadm_id,pharmacy_id,poe_id,poe_seq,order_provider_id,starttime,stoptime,drug_type,drug\n"
    write(root, "hosp/d_icd_diagnoses.csv.gz", gzip.compress(titles.encode()))
    write(root, "hosp/diagnoses_icd.csv.gz", gzip.compress(diagnoses.encode()))
    write(root, "hosp/prescriptions.csv", f"{columns}10000032,22595853,1,1-1,1,,2180-05-07,,MAIN,Furosemide\n")
    write(root, "note/discharge.csv.gz", gzip.compress((IV_NOTES + "".join(notes)).encode()))


def test_mimic_iv_is_read_from_its_own_tables(tmp_path: Path) -> None:
    _tables_of_iv(tmp_path, IV_NOTE)
    (document,), rejected = collected(SOURCE, tmp_path)
    assert rejected == []
    assert (document.id, document.available_at) == ("s-10000032-DS-21", "2180-05-07")
    assert document.text == 'Name: ___\nHe said "no pain".'
    assert document.fields == {
        "group": "10000032",
        "admission": "22595853",
        "category": "Discharge summary",
        "description": "",
        "diagnoses": [
            {"code": "K7460", "title": "Unspecified cirrhosis of liver", "version": "10"},
            {"code": "5723", "title": "Portal hypertension", "version": "9"},
            {"code": "5723", "title": "", "version": "10"},  # a title belongs to a code of one version
        ],
        "drugs": ["Furosemide"],
    }


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (IV_NOTE, "its NOTE_ID came before"),
        (IV_NOTE.replace("10000032-DS-21", ""), "NOTE_ID is missing"),
        (IV_NOTE.replace("DS-21", "DS-22").replace("2180-05-07 ", "in May "), "CHARTTIME is no date"),
        (IV_NOTE.replace("DS-21", "DS-22").replace(",10000032,", ",nobody,"), "SUBJECT_ID is not a number of one to"),
    ],
    ids=["twice", "no id", "no date", "no patient"],
)
def test_a_damaged_note_of_mimic_iv_is_rejected(row: str, message: str, tmp_path: Path) -> None:
    _tables_of_iv(tmp_path, IV_NOTE, row)
    documents, (rejection,) = collected(SOURCE, tmp_path)
    assert len(documents) == 1
    assert message in rejection


def test_the_notes_of_both_releases_in_one_folder_are_refused(tmp_path: Path) -> None:
    tables(tmp_path, note())
    _tables_of_iv(tmp_path, IV_NOTE)
    with pytest.raises(DataError, match="holds NOTEEVENTS of MIMIC-III and discharge of MIMIC-IV; give each a source"):
        collected(SOURCE, tmp_path)
