"""Addresses of mail, the web and networks."""

import pytest

from r1tailor.corpus.privacy import network
from tests.corpus.privacy.test_deidentify import redacted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IP 192.168.10.22", "IP [IP]"),
    ],
)
def test_an_identifier_is_redacted_and_nothing_beside_it(text: str, expected: str) -> None:
    assert redacted(text) == expected


@pytest.mark.parametrize(
    ("text", "kind", "surface"),
    [
        ("write to a.b@mail.org.", "email", "a.b@mail.org"),
        ("write to ab (at) mail.org", "email", "ab (at) mail.org"),
        ("see https://a.example/x?y=1, please", "url", "https://a.example/x?y=1"),
        ("see www.clinic.example.", "url", "www.clinic.example"),
        ("IP: 10.0.0.1", "ip", "10.0.0.1"),
        ("fe80::1:2 answers", "ip", "fe80::1:2"),
    ],
)
def test_an_address_is_found_without_the_mark_behind_it(text: str, kind: str, surface: str) -> None:
    assert (kind, surface) in [(found.kind, text[found.start : found.end]) for found in network.find(text)]


def test_a_short_dotted_number_is_a_section_unless_its_label_says_otherwise() -> None:
    assert not list(network.find("see section 1.2.3.4"))
    (labelled,), (wrong,) = network.find("IP 1.2.3.4"), network.find("192.168.300.22")
    assert (labelled.checksum, wrong.checksum) == (True, False)
