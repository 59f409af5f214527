"""Addresses, towns and ZIP codes."""

import pytest

from r1tailor.corpus.privacy import places
from tests.corpus.privacy.test_deidentify import redacted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Springfield, IL 62704", "[ADDRESS] 627"),
        ("TX 83012", "TX 000"),
        ("住北京市朝阳区建国路88号3号楼501室。", "住[ADDRESS]。"),
    ],
)
def test_an_identifier_is_redacted_and_nothing_beside_it(text: str, expected: str) -> None:
    assert redacted(text) == expected


def _found(text: str) -> list[tuple[str, str]]:
    return [(finding.kind, text[finding.start : finding.end]) for finding in places.find(text)]


def test_a_province_alone_or_an_authority_is_no_address() -> None:
    assert _found("广东省") == []
    assert _found("北京市人民政府规定") == []
    assert ("address", "12 Oak Street") in _found("lives at 12 Oak Street")
    assert ("zip", "62704") in _found("Springfield, IL 62704")
