"""The guards that the detector skips a pattern by: wherever a pattern matches, its guard holds."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from r1tailor.corpus.privacy import dates, network, numbers, places
from r1tailor.corpus.privacy.findings import Guard, fold

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
WRITTEN = (
    "born 3/4/1950 · Born in 1931 · d.o.b. 12-03-44 · D.O.B:",
    "1/2/34 · BIRTHDATE 2.3.1940 · 生于1950年3月 · 出生：1950.1.2",
    "P.O. BOX 77, PO box 5; ZIP 02139, Zipcode: 10001-1234;",
    "postal code 94110; W1A 1AA; SW1A 2AA; Polk County",
    "resident of New Haven; ADDRESS: Elm; CITY: x; City: Akron;",
    "lives in Waco, TX 76701; 12 Oak ST. Apt 4; 9 Elm Ave",
    "+44 20 7946 0958 (617) 555-0123 010-62345678 138 0013 8000",
    "1-800-555-0199 x12 078-05-1120 DE89 3704 0044 0532 0130 00",
    "00:1A:2b:3C:4d:5E 123e4567-e89b-12d3-a456-426614174000",
    "12:34-ab-123 A123456(7) 1EG4-TE5-MK73 （2019）京01民终123号",
    "12年3月4日 admitted on 3/14 6222 0212 3456 7890 123 110105",
    "19491231 002X 110105 1949 1231 0020 6222 020000 12345",
    "1380 013 8000 1381-013-8000 1234 567890 12345",
    "http://a.example ftp://b.example/x www.c.example d.com/e 10.0.0.1",
    "2001:db8::1 fe80::1 20240131 May 5, 2020 5 MAY 2020",
)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(BENCHMARKS)
        from privacy_corpus import corpus

        seeded = [item.text for item in corpus(3, ["fever of 38.5 C"], 12)]
        for name in ("privacy_corpus", "privacy_sets"):
            sys.modules.pop(name, None)
    return [fold(text) for text in (*WRITTEN, *seeded)]


def _pairs() -> Iterator[tuple[str, Guard, object]]:
    table: dict[str, tuple[Sequence[Guard], Sequence[object]]] = {
        "dates": (dates._GUARDS, dates.PATTERNS),
        "births": ((dates._ANY_BIRTH, dates._DAY_OF_MONTH), (dates._BIRTH, dates._ASKED)),
        "web": (network._GUARDS, (network._URL, network._WWW, network._DOMAIN)),
        "networks": ((network._DOTTED, network._COLONS), (network._IPV4, network._IPV6)),
        "runs": (numbers._RUN_GUARDS, (numbers._LONG, *numbers._GROUPED)),
        "phones": (numbers._PHONE_GUARDS, numbers._PHONE),
        "others": (numbers._OTHER_GUARDS, [pattern for _, pattern in numbers._OTHERS]),
        "ssn": ((numbers._SSN_GUARD,), (numbers._SSN,)),
        "mixed": (
            (numbers._MIXED_GUARD, numbers._IBAN_GUARD, numbers._CODE_GUARD),
            (numbers._MIXED, numbers._IBAN, numbers._CODE),
        ),
        "streets": (places._STREET_GUARDS, places._STREETS),
        "zips": (places._ZIP_GUARDS, places._ZIPS),
    }
    for name, (guards, patterns) in table.items():
        for number, (guard, pattern) in enumerate(zip(guards, patterns, strict=True)):
            yield f"{name} {number}", guard, pattern


PAIRS = list(_pairs())


@pytest.mark.parametrize(("guard", "pattern"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS])
def test_a_guard_holds_wherever_its_pattern_matches(guard: Guard, pattern: object, texts: list[str]) -> None:
    matching = [text for text in texts if pattern.search(text)]  # type: ignore[attr-defined]
    assert matching, "no text tries it"
    assert all(guard(text) for text in matching)
