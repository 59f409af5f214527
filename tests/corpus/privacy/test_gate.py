"""The privacy gate."""

import pytest

from r1tailor.corpus.privacy import gate
from r1tailor.errors import DataError
from r1tailor.records import Document
from r1tailor.schema.corpus import Privacy
from tests.corpus.privacy.test_deidentify import FACTS, REDACT


def test_the_gate_counts_by_kind_and_says_what_to_do() -> None:
    documents = [Document("a", "SSN 523-41-8867 and a@b.org", **FACTS), Document("b", "Pain 5/10.", **FACTS)]
    with pytest.raises(DataError) as refusal:
        gate(documents, Privacy(kinds={"ssn": "redact"}, key_variable="K", threshold=0.49), "hipaa")
    assert str(refusal.value) == (
        "domain.compliance = hipaa: 1 of 2 documents still hold identifiers (ssn 1, email 1); at most 49.00% may. "
        "What to do: treat email in domain.cleaning.privacy.kinds, or leave the documents out"
    )
    passed = gate(documents, Privacy(kinds={}, key_variable="K", threshold=0.5), "hipaa")
    assert passed == {"documents": 2, "with_findings": 1, "findings": {"ssn": 1, "email": 1}}
    assert gate(documents, REDACT, "none") == {}


def test_securities_need_a_licence_and_a_date() -> None:
    good = Document("a", "", **FACTS)
    bad = [Document("b", "", **FACTS | {"licence": " "}), Document("c", "", **FACTS | {"available_at": "soon"})]
    assert gate([good], REDACT, "securities") == {"documents": 1}
    with pytest.raises(DataError) as refusal:
        gate([good, *bad], REDACT, "securities")
    assert str(refusal.value) == (
        "domain.compliance = securities: 2 of 3 records have no licence or no ISO date of availability: b, c. "
        "Give their source both (domain.sources: licence, available_at)"
    )
