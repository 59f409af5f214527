"""Personal identifiers are found by shape and label, treated as asked, and never come back out."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor import store
from r1tailor.corpus.privacy import Deidentifier, find, gate, references
from r1tailor.document_files import read_documents, write_documents
from r1tailor.errors import DataError
from r1tailor.records import Document
from r1tailor.schema.corpus import Privacy, PrivacyKind
from tests.support.private import domain, source

KEY = b"0123456789abcdef"
KINDS: tuple[PrivacyKind, ...] = get_args(PrivacyKind)
FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
SECRETS = {
    "name": "Adaeze Okonkwo",
    "ssn": "523-41-8867",
    "phone": "(217) 555-3134",
    "email": "a.okonkwo@example.org",
    "mrn": "4482910",
    "resident_id": "11010519491231002X",
    "zh": "张志强",
    "mobile": "13812345678",
    "card": "4111 1111 1111 1111",
}
NOTE = (
    "Patient: {name}, MRN: {mrn}, SSN {ssn}, call {phone} or {email}. Card {card}.\n"
    "患者{zh}，身份证号：{resident_id}，手机{mobile}。"
).format(**SECRETS)


def _privacy(**modes: Any) -> Privacy:  # noqa: ANN401
    kinds = dict.fromkeys(KINDS, "redact") | modes
    return Privacy(kinds=kinds, key_variable="TAILOR_KEY", share_of_documents_with_findings=0)


REDACT = _privacy()
SURROGATE = _privacy(**{kind: "pseudonymise" for kind in KINDS if kind not in ("date", "age", "zip")})


def redacted(text: str) -> str:
    """Return a text with every identifier redacted."""
    return Deidentifier(REDACT, None).apply(text, "g")[0]


def test_a_kind_that_is_not_named_is_left_alone() -> None:
    only_mail = Privacy(kinds={"email": "redact"}, key_variable="K", share_of_documents_with_findings=0)
    text, findings = Deidentifier(only_mail, None).apply("a@b.org, SSN 523-41-8867", "")
    assert (text, [finding.kind for finding in findings]) == ("[EMAIL], SSN 523-41-8867", ["email"])


@settings(deadline=None, derandomize=True, database=None, max_examples=100)
@given(st.lists(st.sampled_from([NOTE, "Dr. ", "9", "号", "-", " ", "患者", "@", "1", "A", "\n", "2020"]), max_size=30))
def test_findings_are_in_order_apart_and_a_second_pass_finds_nothing(parts: list[str]) -> None:
    text = "".join(parts)
    findings = find(text)
    assert all(0 <= f.start < f.end <= len(text) for f in findings)
    assert all(a.end <= b.start for a, b in pairwise(findings))
    treated, _ = Deidentifier(REDACT, None).apply(text, "")
    assert not any(surface in treated for surface in SECRETS.values())


@pytest.mark.parametrize(
    "unit",
    [
        "1",
        "1 ",
        "1-",
        "a@",
        "a.",
        "A",
        "Aa ",
        "Dr. ",
        "MRN ",
        "号",
        "里",
        "市",
        "张",
        "http://",
        "1.",
        ":",
        "(1",
        "患者",
        "O0",
    ],
)
def test_hostile_repetition_takes_no_more_than_its_share(unit: str) -> None:
    find(unit * 20_000)  # quadratic time would not come back


def test_no_surface_leaves_the_step_by_any_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fields = {
        "history": [{"text": NOTE}, {NOTE: {SECRETS["ssn"]: 1}}],
        "mrn": 4482910,
        "name": SECRETS["name"],
        "group": SECRETS["ssn"],
        "n": 3,
    }
    document = Document(SECRETS["mrn"], NOTE, **FACTS | {"position": NOTE}, fields=fields)
    outputs = []
    for privacy, secret in ((REDACT, None), (SURROGATE, KEY)):
        named, _ = references.step(privacy, KEY, [source("s")])(document)
        treated, notes = Deidentifier(privacy, secret).step()(named)
        assert treated.fields["n"] == 3
        assert all(note.sample is None for note in notes)
        write_documents(tmp_path / "documents.parquet", [treated])
        store.write_json(tmp_path / "report.json", [note.rule for note in notes])
        outputs += [str(list(read_documents(tmp_path / "documents.parquet"))), (tmp_path / "report.json").read_text()]
        outputs.append(json.dumps(gate([treated], domain("hipaa", privacy, [source("s")]))))
    with pytest.raises(DataError) as refusal:
        gate([document], domain("hipaa", REDACT))
    outputs += [str(refusal.value), repr(find(NOTE)), *capsys.readouterr()]
    for surface in (*SECRETS.values(), "Okonkwo", "8867", KEY.decode()):
        assert not any(surface in output for output in outputs), surface


def test_the_step_notes_each_finding_and_each_mistyped_one() -> None:
    _, notes = Deidentifier(REDACT, None).step()(Document("d", "VIN: 1HGCM82633A004353", **FACTS))
    assert [note.rule for note in notes] == ["privacy.vin", "privacy.vin.mistyped"]


def test_keys_of_mappings_are_treated_and_stay_apart() -> None:
    fields = {"visits": {"Mr. John Smith": 1, "Mr. James Brown": 2, "ward_4": 3}, "ssn": 523418867.0, "score": 0.5}
    treated, _ = Deidentifier(REDACT, None).step()(Document("d", "", **FACTS, fields=fields))
    assert treated.fields == {
        "visits": {"Mr. [NAME]": 1, "Mr. [NAME] (2)": 2, "ward_4": 3},
        "ssn": "[SSN]",
        "score": 0.5,
    }


def test_the_name_of_a_file_is_read_as_words() -> None:
    assert redacted("John_Doe_555-12-3456.txt").endswith("[SSN].txt")
    assert redacted("write to john_doe@example.org") == "write to [EMAIL]"


def test_turns_are_treated_and_stay_turns() -> None:
    call = {"type": "function", "function": {"name": "look_up", "arguments": {"patient_name": SECRETS["name"]}}}
    turns = [
        {"role": "user", "content": NOTE},
        {"role": "assistant", "content": "seen", "reasoning": NOTE, "trained": True, "fields": {"tool_calls": [call]}},
        {"role": "tool", "content": f"call {SECRETS['phone']}", "fields": {"tool_call_id": "c1"}},
    ]
    document = Document("d", "x", fields={"turns": turns, "group": ""}, **FACTS)
    treated, _ = Deidentifier(_privacy(), None).step()(document)
    written = json.dumps(treated.fields, ensure_ascii=False)
    assert not [name for name, secret in SECRETS.items() if secret in written]
    first, second, third = treated.fields["turns"]
    assert [turn["role"] for turn in (first, second, third)] == ["user", "assistant", "tool"]
    assert (second["content"], second["trained"], second["fields"]["tool_calls"][0]["type"]) == (
        "seen",
        True,
        "function",
    )
    assert third["fields"] == {"tool_call_id": "c1"}
