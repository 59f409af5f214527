"""The privacy gate."""

from datetime import date
from typing import Any

import pytest

from r1tailor.corpus.privacy import gate
from r1tailor.errors import DataError
from r1tailor.records import Document
from r1tailor.schema.corpus import Privacy
from tests.corpus.privacy.test_deidentify import FACTS, REDACT, redacted
from tests.support.private import domain, source


def test_the_gate_counts_by_kind_and_says_what_to_do() -> None:
    documents = [Document("a", "SSN 523-41-8867 and a@b.org", **FACTS), Document("b", "Pain 5/10.", **FACTS)]
    with pytest.raises(DataError) as refusal:
        gate(
            documents,
            domain(
                "hipaa",
                Privacy(kinds={"ssn": "redact"}, key_variable="K", share_of_documents_with_findings=0.49),
                [source("s")],
            ),
        )
    assert str(refusal.value) == (
        "domain.compliance = hipaa: 1 of 2 documents still hold identifiers (ssn 1, email 1); at most 49.00% may "
        "(domain.cleaning.privacy.share_of_documents_with_findings). "
        "What to do: treat email in domain.cleaning.privacy.kinds, or leave the documents out:\n"
        "  a, 1: ssn 1, email 1"
    )
    passed = gate(
        documents,
        domain("hipaa", Privacy(kinds={}, key_variable="K", share_of_documents_with_findings=0.5), [source("s")]),
    )
    assert passed == {
        "documents": 2,
        "with_findings": 1,
        "findings": {"ssn": 1, "email": 1},
        "where": [{"document": "a, 1", "findings": {"ssn": 1, "email": 1}}],
    }
    assert gate(documents, domain("none", REDACT)) == {}


def test_securities_need_a_licence_and_a_date() -> None:
    good = Document("a", "", **FACTS)
    bad = [Document("b", "", **FACTS | {"licence": " "}), Document("c", "", **FACTS | {"available_at": "soon"})]
    assert gate([good], domain("securities")) == {"documents": 1, "permissions": {}}
    with pytest.raises(DataError) as refusal:
        gate([good, *bad], domain("securities"))
    assert str(refusal.value) == (
        "domain.compliance = securities: 2 of 3 records have no licence or no ISO date of availability: b, c. "
        "Give their source both (domain.sources: licence, available_at)"
    )


SSN = "523-41-8867"


@pytest.mark.parametrize(
    "travels",
    [
        {"id": f"notes-{SSN}"},
        {"position": f"record {SSN}"},
        {"fields": {"visits": {f"of {SSN}": 1}}},
        {"fields": {"visits": [{"deep": {SSN: {"a": 1}}}]}},
        {"fields": {"file": "John_Doe_555-12-3456.txt"}},
        {"fields": {"ssn": 523418867.0}},
        {"fields": {"group": SSN}},
        {"available_at": "2019-03-04"},
    ],
)
def test_the_gate_sees_every_string_that_travels(travels: dict[str, Any]) -> None:
    document = Document(**{"id": "a", "text": "Pain 5/10.", **FACTS, "available_at": "2020-01-01", **travels})
    with pytest.raises(DataError, match="1 of 1 documents still hold identifiers") as refusal:
        gate([document], domain("hipaa", REDACT, [source("s")]))
    assert SSN not in str(refusal.value)


def test_material_under_embargo_is_refused_until_its_day() -> None:
    sources = [source("free"), source("results", embargo_until="2026-05-01")]
    with pytest.raises(DataError) as refusal:
        gate([], domain("securities", sources=sources), date(2026, 4, 30))
    assert str(refusal.value) == (
        "under embargo: results (until 2026-05-01); leave the source out of domain.sources until then"
    )
    passed = gate([], domain("securities", sources=sources), date(2026, 5, 1))
    assert passed["permissions"]["results"]["embargo_until"] == "2026-05-01"


def test_the_gate_names_documents_their_positions_and_their_kinds() -> None:
    documents = [Document("notes-QZXA", "SSN 523-41-8867, a@b.org", **FACTS | {"position": "line 3"})]
    documents += [Document(f"notes-{SSN}", "a@b.org", **FACTS | {"position": "line 4"})]
    with pytest.raises(DataError) as refusal:
        gate(documents, domain("hipaa", REDACT, [source("s")]))
    assert "  notes-QZXA, line 3: ssn 1, email 1\n  line 4, number 2: email 1, ssn 1" in str(refusal.value)


@pytest.mark.parametrize("compliance", ["hipaa", "pipl"])
@pytest.mark.parametrize(
    "written", ["94 y/o", "age 94", "94F with cough", "年龄：94", "九十四歲", "女，94", "ninety-four years old"]
)
def test_the_gate_agrees_with_what_the_product_writes(compliance: Any, written: str) -> None:  # noqa: ANN401
    treated = redacted(f"Seen: {written}, cough")
    assert "94" not in treated
    assert "90+" in treated
    assert gate([Document("a", treated, **FACTS)], domain(compliance, REDACT, [source("s")]))["with_findings"] == 0


@pytest.mark.parametrize("written", ["Age 90+", "年龄：90+", "SpO2 94 on air", "temp 94F", "94 mg", "grade 94", "94%"])
def test_what_is_no_age_or_treated_already_stays(written: str) -> None:
    assert redacted(written) == written
