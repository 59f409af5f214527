"""Identifiers behind a label."""

import pytest

from r1tailor.corpus.privacy import find
from tests.corpus.privacy.test_deidentify import redacted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fax: 217-555-0199", "Fax: [FAX]"),
        ("病案号：ZY0012345，2021年3月5日入院", "病案号：[MRN]，2021年入院"),
    ],
)
def test_an_identifier_is_redacted_and_nothing_beside_it(text: str, expected: str) -> None:
    assert redacted(text) == expected


def test_a_number_behind_its_label_has_no_checksum() -> None:
    (finding,) = find("MRN: 4482910")
    assert (finding.kind, finding.checksum) == ("mrn", None)
