"""Vocabularies in their published formats, and every way in which one can be damaged, named by file and line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from r1tailor.corpus import vocabularies
from r1tailor.corpus.vocabularies import Entry
from r1tailor.errors import DataError
from r1tailor.records import Rejection
from r1tailor.schema.corpus import Terms

FACTS = {"name": "mine", "licence": "own", "available_at": "2026-01-01", "on_damage": "stop"}
UMLS: dict[str, Any] = {
    **FACTS,
    "kind": "umls",
    "path": "MRCONSO.RRF",
    "languages": ["ENG"],
    "sources": None,
    "suppressed": False,
}
CSV: dict[str, Any] = {**FACTS, "kind": "synonyms", "path": "terms.csv"}
ICD: dict[str, Any] = {**FACTS, "kind": "icd10cm", "path": "list.xml"}
NAMED = "(terms.vocabularies, name: mine"
Read = Callable[..., list[Entry]]


def atom(**changes: str) -> str:
    """Return a line of MRCONSO.RRF as UMLS publishes it."""
    fields = {
        **{
            "CUI": "C0020538",
            "LAT": "ENG",
            "TS": "P",
            "LUI": "L0020538",
            "STT": "PF",
            "SUI": "S0051685",
            "ISPREF": "Y",
        },
        **{"AUI": "A0070978", "SAUI": "", "SCUI": "", "SDUI": "D006973", "SAB": "MSH", "TTY": "MH", "CODE": "D006973"},
        **{"STR": "Hypertension", "SRL": "0", "SUPPRESS": "N", "CVF": ""},
    }
    return "|".join((fields | changes).values()) + "|\n"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write a vocabulary and read it; rejections are added to a list, if there is one."""

    def written(section: dict[str, Any], content: str | bytes, rejected: list[Rejection] | None = None) -> list[Entry]:
        (tmp_path / section["path"]).write_bytes(content.encode() if isinstance(content, str) else content)
        settings = Terms.model_validate({"mode": "replace", "vocabularies": [section], "fuzzy": None})
        return vocabularies.read(settings, tmp_path, [] if rejected is None else rejected)

    return written


ATOMS = (
    atom(TS="S", STT="VO", ISPREF="N", STR="HTN", SAB="SNOMEDCT_US")
    + atom()
    + atom(TS="S", ISPREF="N", STR="High Blood Pressure")
    + atom(LAT="CHI", STR="高血压", SAB="MDRCHI")
    + atom(LAT="CHI", TS="S", STR="血压升高", SAB="MDRCHI")
    + atom(STR="Old name", SUPPRESS="O")
    + atom(CUI="C0004096", STR="Asthma", TS="S", STT="VC", ISPREF="N")
)


def test_the_preferred_name_of_a_concept_is_its_preferred_atom_in_the_language(read: Read) -> None:
    assert read(UMLS, ATOMS) == [
        Entry("HTN", "Hypertension", "C0020538"),
        Entry("Hypertension", "Hypertension", "C0020538"),
        Entry("High Blood Pressure", "Hypertension", "C0020538"),
        Entry("Asthma", "Asthma", "C0004096"),
    ]
    chinese = read(UMLS | {"languages": ["CHI"]}, ATOMS)
    assert chinese == [Entry("高血压", "高血压", "C0020538"), Entry("血压升高", "高血压", "C0020538")]


def test_atoms_are_taken_by_source_and_by_suppression(read: Read) -> None:
    assert [e.term for e in read(UMLS | {"sources": ["SNOMEDCT_US"]}, ATOMS)] == ["HTN"]
    assert "Old name" in [e.term for e in read(UMLS | {"suppressed": True}, ATOMS)]
    assert len(read(UMLS | {"languages": ["ENG", "CHI"]}, ATOMS)) == 6


def test_synonyms_bring_their_preferred_form_along_and_codes_where_they_have_them(read: Read) -> None:
    table = "\ufeffterm,preferred,code\nMI,myocardial infarction,I21\n"
    table += '"attack, heart",myocardial infarction,I21\n\n心梗 ,心肌梗死,\n'
    assert read(CSV, table) == [
        Entry("myocardial infarction", "myocardial infarction", "I21"),
        Entry("MI", "myocardial infarction", "I21"),
        Entry("attack, heart", "myocardial infarction", "I21"),
        Entry("心肌梗死", "心肌梗死", ""),
        Entry("心梗", "心肌梗死", ""),
    ]
    assert read(CSV, "term,preferred\nMI,heart attack\n")[1] == Entry("MI", "heart attack", "")


TABULAR = """<ICD10CM.tabular><chapter><name>1</name><desc>Circulation (I00-I99)</desc><section id="I10-I1A">
<diag><name>I10</name><desc>Essential (primary) hypertension</desc>
<inclusionTerm><note>high blood pressure</note></inclusionTerm></diag></section></chapter></ICD10CM.tabular>"""


def test_an_inclusion_term_prefers_the_description_of_its_code(read: Read) -> None:
    described = "Essential (primary) hypertension"
    assert read(ICD, TABULAR) == [Entry(described, described, "I10"), Entry("high blood pressure", described, "I10")]


def test_vocabularies_are_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "terms.csv").write_text("term,preferred\na b,c d\n", encoding="utf-8")
    (tmp_path / "list.xml").write_text(TABULAR, encoding="utf-8")
    settings = Terms.model_validate({"mode": "annotate", "vocabularies": [ICD, CSV | {"name": "two"}], "fuzzy": None})
    found = [e.term for e in vocabularies.read(settings, tmp_path, [])]
    assert found == ["Essential (primary) hypertension", "high blood pressure", "c d", "a b"]


SHORT = "|".join(atom().split("|")[:15]) + "|\n"
DAMAGED_ATOMS = [
    (SHORT, "15 fields, MRCONSO.RRF has 18"),
    (atom(STR="Hyper|tension"), "19 fields, MRCONSO.RRF has 18"),
    (atom().replace("|\n", "|x\n"), "the line does not end in |"),
    ("\n", "the line does not end in |"),
    (atom(CUI="20538"), "CUI must be C and seven digits"),
    (atom(CUI="C٠٠٢٠٥٣٨"), "CUI must be C and seven digits"),
    (atom(LAT="en"), "LAT must be three capital letters"),
    (atom(TS="X"), "TS must be one of P, S, p, s"),
    (atom(ISPREF=""), "ISPREF must be one of Y, N"),
    (atom(SUPPRESS="?"), "SUPPRESS must be one of O, E, Y, N"),
    (atom(STR=" "), "STR is empty"),
    (atom(STR="caf\udce9"), "not UTF-8 (byte 76)"),
]


@pytest.mark.parametrize(("line", "reason"), DAMAGED_ATOMS)
def test_a_damaged_atom_stops_or_is_listed_by_its_line(line: str, reason: str, read: Read) -> None:
    content = (atom() + line + atom(STR="HTN")).encode(errors="surrogateescape")
    with pytest.raises(DataError) as refusal:
        read(UMLS, content)
    assert str(refusal.value) == f"MRCONSO.RRF, line 2: {reason} {NAMED}, on_damage: stop)"
    rejected: list[Rejection] = []
    assert [e.term for e in read(UMLS | {"on_damage": "list"}, content, rejected)] == ["Hypertension", "HTN"]
    assert rejected == [Rejection("mine", "MRCONSO.RRF", "line 2", reason)]


DAMAGED_ROWS = [
    (b"a,b,c", "line 2: 3 columns, 2 expected"),
    (b"a", "line 2: 1 columns, 2 expected"),
    (b",b", "line 2: term is empty"),
    (b"a, ", "line 2: preferred is empty"),
    (b"caf\xe9,b", "line 2: not UTF-8"),
    (b"a\0,b", "line 2: a null character stands in it"),
    (b'"a"b,c', "line 2: not CSV: ',' expected after '\"'"),
    (b'a,"b', "line 3: not CSV: unexpected end of data"),
    (b"a," + b"b" * 200_000, "line 2: not CSV: field larger than field limit (131072)"),
]


@pytest.mark.parametrize(("row", "said"), DAMAGED_ROWS, ids=[said for _, said in DAMAGED_ROWS])
def test_a_damaged_row_stops_or_is_listed_by_its_line(row: bytes, said: str, read: Read) -> None:
    content = b"term,preferred\n" + row + b"\nMI,heart attack\n"
    with pytest.raises(DataError) as refusal:
        read(CSV, content)
    assert str(refusal.value) == f"terms.csv, {said} {NAMED}, on_damage: stop)"


def test_rows_after_a_damaged_one_are_read_where_it_is_listed(read: Read) -> None:
    rejected: list[Rejection] = []
    found = read(CSV | {"on_damage": "list"}, 'term,preferred\n,x\n"a"b,c\nMI,heart attack\n', rejected)
    assert [entry.term for entry in found] == ["heart attack", "MI"]
    assert [str(rejection) for rejection in rejected] == [
        "terms.csv, line 2: term is empty",
        "terms.csv, line 3: not CSV: ',' expected after '\"'",
    ]


@pytest.mark.parametrize(
    ("section", "content", "message"),
    [
        (CSV, "", f"terms.csv, line 1: the columns must be term,preferred or term,preferred,code {NAMED})"),
        (CSV, "name;code\n", f"terms.csv, line 1: the columns must be term,preferred or term,preferred,code {NAMED})"),
        (CSV, "term,preferred\n", f"terms.csv holds no term {NAMED})"),
        (UMLS, "", f"MRCONSO.RRF holds no term in ENG {NAMED})"),
        (
            UMLS | {"languages": ["GER", "FRE"], "sources": ["MSH"]},
            atom(),
            f"MRCONSO.RRF holds no term in GER, FRE from MSH {NAMED})",
        ),
    ],
)
def test_a_vocabulary_without_a_term_is_refused(
    section: dict[str, Any], content: str, message: str, read: Read
) -> None:
    with pytest.raises(DataError) as refusal:
        read(section, content)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("text", "said"),
    [("<a><b></a>", "not well-formed XML (ERR_TAG_NAME_MISMATCH, line 1)"), ("<a/>", "no <chapter> in it; ")],
)
def test_what_is_no_tabular_list_is_refused(text: str, said: str, read: Read, tmp_path: Path) -> None:
    with pytest.raises(DataError) as refusal:
        read(ICD, text)
    assert str(refusal.value).startswith(f"{tmp_path / 'list.xml'}: {said}")


def test_a_missing_vocabulary_is_named(tmp_path: Path) -> None:
    settings = Terms.model_validate({"mode": "annotate", "vocabularies": [UMLS], "fuzzy": None})
    with pytest.raises(DataError) as refusal:
        vocabularies.read(settings, tmp_path, [])
    assert str(refusal.value) == f"MRCONSO.RRF does not exist {NAMED})"
