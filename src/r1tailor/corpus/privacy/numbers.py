"""Identifying numbers, found by shape.

The shape decides and never the checksum: a mistyped number still identifies a person. Whether the checksum held
is told with the finding, so that a report can count how many are mistyped.
"""

import re
from collections.abc import Callable, Iterator

import phonenumbers
from stdnum import iban, luhn
from stdnum.cn import ric, uscc
from stdnum.us import ssn

from r1tailor.corpus.privacy.findings import DIGIT, LEFT, RIGHT, Finding, compact, digits, guarded
from r1tailor.schema.corpus import PrivacyKind

_D = DIGIT
_SSN = re.compile(rf"{LEFT}{_D}{{3}}[-. ]{{1,2}}{_D}{{2}}[-. ]{{1,2}}{_D}{{4}}{RIGHT}")
_SSN_GUARD = re.compile(rf"[-. ]{_D}{{2}}[-. ]{{1,2}}{_D}{{4}}").search
_LONG = re.compile(rf"{LEFT}[0-9]{_D}{{5,18}}[Xx]?{RIGHT}")
_GROUPED = (
    re.compile(rf"{LEFT}[0-9]{_D}{{3}}(?:[ -]{{1,2}}{_D}{{4}}){{2,3}}[ -]{{1,2}}{_D}{{1,7}}{RIGHT}"),
    re.compile(rf"{LEFT}[0-9]{_D}{{5}}[ -]{{1,2}}{_D}{{4}}[ -]?{_D}{{2,4}}[ -]?{_D}{{3}}[0-9XxOolI]{RIGHT}"),
    re.compile(rf"{LEFT}[0-9]{_D}{{3}}[ -]{_D}{{6}}[ -]{_D}{{5}}{RIGHT}"),
)
_PHONE = (
    re.compile(
        rf"(?<![A-Za-z0-9.])(?:\+?1[-. ]{{0,2}})?(?:\({_D}{{3}}\)|{_D}{{3}})[-. ]{{0,2}}{_D}{{3}}[-. ]{{1,2}}{_D}{{4}}"
        rf"(?:,? ?(?:x|ext\.?) ?[0-9]{{1,5}})?{RIGHT}"
    ),
    re.compile(rf"\+{_D}{{1,3}}(?:[-. ()]{{0,2}}{_D}{{1,11}}){{1,6}}{RIGHT}"),
    re.compile(rf"{LEFT}(?:(?:\+|00)?86[- ]?)?[1Il][3-9]{_D}(?:[- ]{{0,2}}{_D}{{3,4}}){{2,3}}{RIGHT}"),
    re.compile(rf"{LEFT}1[3-9]{_D}{{2}}[- ]{_D}{{3}}[- ]{_D}{{4}}{RIGHT}"),
    re.compile(
        r"(?<![A-Za-z0-9.])"
        rf"\(?[0Oo][1-9]{_D}{{1,2}}\)?[- ]{{0,2}}{_D}{{3,4}}[- ]?{_D}{{4}}(?:[-转][0-9]{{1,6}})?{RIGHT}"
    ),
)
_RUN_GUARDS = (re.compile(f"[0-9]{_D}{{5}}").search, *[re.compile(f"[0-9]{_D}{{3,5}}[ -]").search] * len(_GROUPED))
_PHONE_GUARDS = (
    re.compile(rf"{_D}{{3}}[-. ]{{1,2}}{_D}{{4}}").search,
    re.compile(r"\+").search,
    re.compile(f"[1Il][3-9]{_D}").search,
    re.compile("1[3-9]").search,
    re.compile("[0Oo][1-9]").search,
)
_MIXED_GUARD, _CODE_GUARD = re.compile("[A-Z0-9ol]{15}").search, re.compile("[0-9]{7}").search
_IBAN_GUARD = re.compile("[A-Z]{2}[0-9]{2}").search
_MIXED = re.compile(rf"{LEFT}[A-Z0-9ol]{{15,20}}{RIGHT}")
_CODE = re.compile(rf"{LEFT}([A-Z]{{1,5}})[-/]?[0-9]{{7,12}}[A-Z]?{RIGHT}")
_IBAN = re.compile(rf"{LEFT}[A-Z]{{2}}[0-9]{{2}}(?: ?[A-Z0-9]{{4}}){{3,7}}(?: ?[A-Z0-9]{{1,3}})?{RIGHT}")
_PLATE = re.compile(
    rf"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使]"
    rf"[A-Z] ?[·•.]? ?[A-Z0-9]{{4,5}}[A-Z0-9挂学警港澳]{RIGHT}"
)
_OTHERS: tuple[tuple[PrivacyKind, re.Pattern[str]], ...] = (
    ("code", re.compile(rf"{LEFT}[0-9A-Fa-f]{{8}}-(?:[0-9A-Fa-f]{{4}}-){{3}}[0-9A-Fa-f]{{12}}{RIGHT}")),
    ("code", re.compile(r"[(\[〔](?:19|20)[0-9]{2}[)\]〕][一-龥0-9]{1,8}[一-龥]{1,4}(?:字第)?[0-9]{1,8}号")),
    ("code", re.compile(rf"{LEFT}[0-9]{{1,2}}:[0-9]{{2}}-[a-z]{{2}}-[0-9]{{3,6}}{RIGHT}")),
    ("device", re.compile(rf"{LEFT}(?:[0-9A-Fa-f]{{2}}[:-]){{5}}[0-9A-Fa-f]{{2}}{RIGHT}")),
    ("resident_id", re.compile(rf"{LEFT}[A-Z]{{1,2}}[0-9]{{6}}\([0-9A]\)")),
    (
        "health_plan",
        re.compile(
            rf"{LEFT}[1-9][A-Z][A-Z0-9][0-9][- ]{{1,2}}[A-Z][A-Z0-9][0-9][- ]{{1,2}}[A-Z]{{2}}[0-9]{{2}}{RIGHT}"
        ),
    ),
)
_OTHER_GUARDS = (
    re.compile("[0-9A-Fa-f]-[0-9A-Fa-f]{4}-").search,
    re.compile(r"[(\[〔][12]").search,
    re.compile("[0-9]:[0-9]").search,
    re.compile("[0-9A-Fa-f][:-][0-9A-Fa-f]{2}[:-]").search,
    re.compile(r"[0-9]{6}\(").search,
    re.compile("[1-9][A-Z][A-Z0-9][0-9]").search,
)
_QUANTITY = re.compile(r" ?(?:copies|cells|IU|U/|/ ?m?[lL]|/ ?[uµμ]L|个|元|万|人|mg|kg|m[lL]\b|EUR|USD|dollars|euro)")
_PUBLIC = {"NCT", "PMID", "PMC", "RS", "ISBN", "ISSN", "CD", "GO", "CAS", "EU", "ISO", "GB", "CELEX"}  # not a person's
_VIN_VALUES = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ", [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, *range(2, 10)], strict=True)
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_SHORTEST_CODE = 7  # digits of a run that is taken for an identifier though nothing else is known of it


def find(text: str) -> Iterator[Finding]:
    """Yield the numbers whose shape alone makes them identifying."""
    for match in _PLATE.finditer(text):
        yield Finding("plate", *match.span())
    if not re.search("[0-9]", text):
        return
    for match in guarded(_SSN_GUARD, _SSN, text):
        if number := digits(match.group()):
            yield Finding("ssn", *match.span(), holds("ssn", number))
    yield from _runs(text)
    yield from _phones(text)
    yield from _mixed(text)
    for guard, (kind, pattern) in zip(_OTHER_GUARDS, _OTHERS, strict=True):
        for match in guarded(guard, pattern, text):
            yield Finding(kind, *match.span())


def holds(kind: PrivacyKind, surface: str) -> bool | None:
    """Return whether a surface's checksum (a phone's numbering plan) holds; None for a kind without one."""
    check = _CHECKS.get(kind)
    return check(surface) if check else None


def _runs(text: str) -> Iterator[Finding]:
    """Yield long digit runs, whole or grouped: identity cards, bank cards, and what is too long to be a quantity."""
    for guard, pattern in zip(_RUN_GUARDS, (_LONG, *_GROUPED), strict=True):
        for match in guarded(guard, pattern, text):
            surface = match.group()
            number = digits(surface.rstrip("Xx")) + surface[-1:].upper() * surface.endswith(("X", "x"))
            kind = None if _are_years(surface) or _QUANTITY.match(text, match.end()) else _kind_of_run(number)
            if kind:
                yield Finding(kind, *match.span(), holds(kind, number))


def _kind_of_run(number: str) -> PrivacyKind | None:
    length = len(number)
    if length == 18 and number[6:8] in ("18", "19", "20") and number[10:12] <= "12":
        return "resident_id"
    if length == 15 and number[0] in "123456" and "01" <= number[8:10] <= "12" and "01" <= number[10:12] <= "31":
        return "resident_id"
    if length == 18 and number.endswith("X"):
        return "resident_id"
    if 13 <= length <= 19:
        return "bank_card"
    if length == 11 and number[0] == "1" and number[1] in "3456789":
        return "phone"
    return "code" if length >= _SHORTEST_CODE else None


def _are_years(surface: str) -> bool:
    groups = re.split(r"[ -]+", surface)
    return len(groups) > 1 and all(re.fullmatch(r"(?:1[89]|20)[0-9]{2}", group) for group in groups)


def _phones(text: str) -> Iterator[Finding]:
    for guard, pattern in zip(_PHONE_GUARDS, _PHONE, strict=True):
        for match in guarded(guard, pattern, text):
            surface = match.group()
            if 7 < len(digits(surface)) <= 20:
                yield Finding("phone", *match.span(), holds("phone", surface))


def _mixed(text: str) -> Iterator[Finding]:
    """Yield codes of capital letters and digits: vehicles, social credit codes, accounts, passports, others."""
    for match in guarded(_MIXED_GUARD, _MIXED, text):
        surface = match.group()
        count = sum(character.isdigit() for character in surface)
        if 5 <= count < len(surface):
            kind: PrivacyKind = "vin" if len(surface) == 17 else "social_credit" if len(surface) == 18 else "code"
            if kind != "social_credit" or surface[:17].strip("0123456789"):
                yield Finding(kind, *match.span(), holds(kind, surface))
    for match in guarded(_IBAN_GUARD, _IBAN, text):
        if sum(character.isdigit() for character in match.group()) >= 8:
            yield Finding("account", *match.span(), holds("account", match.group()))
    for match in guarded(_CODE_GUARD, _CODE, text):
        if match.group(1) not in _PUBLIC:
            passport = re.fullmatch(r"[EGDSPH][0-9]{8}|E[A-Z][0-9]{7}", match.group())
            yield Finding("passport" if passport else "code", *match.span())


def _is_phone(surface: str) -> bool:
    number = surface.translate(str.maketrans("OoIl", "0011"))
    for region in ("CN", "US"):
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(number, region)):
                return True
        except phonenumbers.NumberParseException:
            return False
    return False


def _is_vin(surface: str) -> bool:
    """Return whether the ninth place is the check digit (49 CFR 565.15)."""
    number = compact(surface)
    values = [int(place) if place.isdigit() else _VIN_VALUES.get(place, -1) for place in number]
    if len(values) != len(_VIN_WEIGHTS) or min(values) < 0:
        return False
    return "0123456789X"[sum(v * w for v, w in zip(values, _VIN_WEIGHTS, strict=True)) % 11] == number[8]


_CHECKS: dict[PrivacyKind, Callable[[str], bool]] = {
    "ssn": lambda surface: ssn.is_valid(digits(surface)),
    "resident_id": lambda surface: len(compact(surface)) == 15 or ric.is_valid(compact(surface)),
    "bank_card": lambda surface: luhn.is_valid(digits(surface)),
    "social_credit": lambda surface: uscc.is_valid(compact(surface)),
    "vin": _is_vin,
    "phone": _is_phone,
    "fax": _is_phone,
    "account": lambda surface: iban.is_valid(compact(surface)),
}
