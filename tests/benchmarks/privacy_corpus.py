"""A seeded corpus of documents with known identifiers, to measure what the detector finds.

It uses none of the detector's patterns or lists. The labels are those that people write, and the detector was tuned on
what it missed here. Identifiers are drawn class by class, with valid check digits unless mistyped on purpose, and are
sometimes damaged as optical character recognition would damage them. They are put into sentences as clinics, courts,
schools and banks write them, around diagnoses of the real ICD-10-CM list. Some sentences give no hint of their
identifier.
"""

import random
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from privacy_sets import read

Draw = Callable[[random.Random], str]
_DIGITS, _CAPITALS = string.digits, string.ascii_uppercase
_DEVELOPMENT = (read("sentences_first"), read("sentences_second"))
_LAST = (read("sentences_last"),)
_NAMES, _AROUND = read("names_first"), read("surroundings")
_CULTURES = tuple(dict.fromkeys(row["culture"] for row in _NAMES.records if "culture" in row))
_FILLERS = {language: _AROUND.texts("filler", language) for language in ("en", "zh")}
CHINESE_DIAGNOSES = _AROUND.texts("diagnosis", "zh")
_STREETS, _TOWNS = _AROUND.texts("street", "en"), _AROUND.texts("town", "en")
_DISTRICTS = tuple((row["province"], row["city"], row["text"]) for row in _AROUND.records if row["kind"] == "district")


@dataclass(frozen=True, slots=True)
class Seeded:
    """A document with one known identifier.

    Attributes:
        kind: the class of the identifier.
        language: ``en`` or ``zh``.
        text: the document.
        surface: the identifier as written in the document.
        start: offset of the surface, in characters.
        variant: ``clean``, ``mistyped`` (a wrong check digit) or ``scanned`` (damaged by optical recognition).
        culture: of a name; empty for other classes.
    """

    kind: str
    language: str
    text: str
    surface: str
    start: int
    variant: str
    culture: str = ""


def corpus(seed: int, terms: Sequence[str], each: int, last: bool = False) -> Iterator[Seeded]:
    """Yield ``each`` documents per class and language, from the sentences of development or from the last ones."""
    for language in ("en", "zh"):
        sets = [chosen.sentences(language) for chosen in (_LAST if last else _DEVELOPMENT)]
        for kind in sets[0]:
            contexts = [context for sentences in sets for context in sentences.get(kind, ())]
            rng = random.Random(f"{seed}/{language}/{kind}")
            for _ in range(each):
                yield _document(rng, kind, language, contexts, terms)


def _document(rng: random.Random, kind: str, language: str, contexts: Sequence[str], terms: Sequence[str]) -> Seeded:
    culture, surface = _name(rng, language) if kind == "name" else ("", _MAKERS[language, kind](rng))
    variant = rng.choices(("clean", "mistyped", "scanned"), (6, 2, 2))[0] if kind in _NUMBERS else "clean"
    if variant == "mistyped":
        surface = _mistyped(rng, surface)
    elif variant == "scanned":
        surface = _scanned(rng, surface, language)
    fillers = _FILLERS[language]
    diagnoses = terms if language == "en" else CHINESE_DIAGNOSES
    before, after = (rng.choice(fillers).replace("{term}", rng.choice(diagnoses)) for _ in range(2))
    sentence = rng.choice(contexts).replace("{term}", rng.choice(diagnoses))
    gap = rng.choice(("\n", " ")) if language == "en" else rng.choice(("", "\n"))
    head = f"{before}{gap}{sentence.partition('{x}')[0]}" if rng.random() < 0.7 else sentence.partition("{x}")[0]
    return Seeded(
        kind,
        language,
        f"{head}{surface}{sentence.partition('{x}')[2]}{gap}{after}",
        surface,
        len(head),
        variant,
        culture,
    )


def _name(rng: random.Random, language: str) -> tuple[str, str]:
    if language == "zh":
        return "Chinese", rng.choice(_NAMES.texts("surname", "zh")) + rng.choice(_NAMES.texts("given", "zh"))
    culture = rng.choice(_CULTURES)
    given, surname = (rng.choice(_NAMES.texts(part, "en", culture)) for part in ("given", "surname"))
    form = rng.choices(("{g} {s}", "{g} {m}. {s}", "{i}. {s}", "{G} {S}", "{s}, {g}"), (12, 3, 2, 2, 2))[0]
    named = {
        "g": given,
        "s": surname,
        "m": rng.choice(_CAPITALS),
        "i": given[0],
        "G": given.upper(),
        "S": surname.upper(),
    }
    return culture, form.format(**named)


def _pick(rng: random.Random, characters: str, count: int) -> str:
    return "".join(rng.choice(characters) for _ in range(count))


def _mistyped(rng: random.Random, surface: str) -> str:
    """Return a number with its last digit changed, so that a check digit fails."""
    place = max(index for index, character in enumerate(surface) if character.isdigit())
    return surface[:place] + rng.choice(_DIGITS.replace(surface[place], "")) + surface[place + 1 :]


def _scanned(rng: random.Random, surface: str, language: str) -> str:
    """Return a number with a letter for a digit, a stray space at a separator, or full-width digits."""
    ways = [_with_letter, _with_space] + [_full_width] * (language == "zh")
    return rng.choice(ways)(rng, surface)


def _with_letter(rng: random.Random, surface: str) -> str:
    places = [index for index, character in enumerate(surface) if character in "01"]
    if not places:
        return surface
    place = rng.choice(places)
    return surface[:place] + (rng.choice("Oo") if surface[place] == "0" else rng.choice("lI")) + surface[place + 1 :]


def _with_space(rng: random.Random, surface: str) -> str:
    places = [index for index, character in enumerate(surface) if character == "-"]
    if not places:
        return surface
    place = rng.choice(places)
    return (
        f"{surface[:place]}- {surface[place + 1 :]}"
        if rng.random() < 0.5
        else f"{surface[:place]} {surface[place + 1 :]}"
    )


def _full_width(rng: random.Random, surface: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c in string.digits + _CAPITALS else c for c in surface)


# --- one maker per class -----------------------------------------------------------------------------------------


def _us_phone(rng: random.Random) -> str:
    area, exchange, line = (
        f"{rng.randint(2, 9)}{_pick(rng, _DIGITS, 2)}",
        f"{rng.randint(2, 9)}{_pick(rng, _DIGITS, 2)}",
        _pick(rng, _DIGITS, 4),
    )
    form = rng.choice(
        (
            "({a}) {e}-{l}",
            "{a}-{e}-{l}",
            "{a}.{e}.{l}",
            "+1 {a} {e} {l}",
            "1-{a}-{e}-{l}",
            "({a}){e}-{l}",
            "+1-{a}-{e}-{l}",
        )
    )
    return form.format(a=area, e=exchange, l=line)


def _abroad(rng: random.Random) -> str:
    return rng.choice(
        (
            f"+44 20 {_pick(rng, _DIGITS, 4)} {_pick(rng, _DIGITS, 4)}",
            f"+49 30 {_pick(rng, _DIGITS, 7)}",
            f"+33 6 {' '.join(_pick(rng, _DIGITS, 2) for _ in range(4))}",
            f"+91-{_pick(rng, _DIGITS, 5)}-{_pick(rng, _DIGITS, 5)}",
        )
    )


def _ssn(rng: random.Random) -> str:
    return f"{rng.randint(100, 665)}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}"


def _mrn(rng: random.Random) -> str:
    return rng.choice(
        (
            _pick(rng, _DIGITS, rng.randint(6, 9)),
            f"{_pick(rng, _CAPITALS, 2)}{_pick(rng, _DIGITS, 6)}",
            f"00-{_pick(rng, _DIGITS, 2)}-{_pick(rng, _DIGITS, 4)}",
        )
    )


def _plan(rng: random.Random) -> str:
    return rng.choice(
        (
            f"{_pick(rng, _CAPITALS, 3)}{_pick(rng, _DIGITS, 9)}",
            f"W{_pick(rng, _DIGITS, 4)} {_pick(rng, _DIGITS, 5)}",
            f"{rng.randint(1, 9)}EG{rng.randint(0, 9)}-TE{rng.randint(0, 9)}-MK{_pick(rng, _DIGITS, 2)}",
            f"{_pick(rng, _DIGITS, 6)}-{_pick(rng, _DIGITS, 2)}",
        )
    )


def _luhn(body: str) -> str:
    total = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(reversed(body)))
    return body + str(-total % 10)


def _card(rng: random.Random) -> str:
    prefix = rng.choice(("4", "52", "6222", "6217"))
    length = rng.choice((16, 16, 19)) if prefix.startswith("62") else 16
    number = _luhn(prefix + _pick(rng, _DIGITS, length - 1 - len(prefix)))
    grouped = [number[i : i + 4] for i in range(0, len(number), 4)]
    return rng.choice((number, " ".join(grouped), "-".join(grouped)))


def _account(rng: random.Random) -> str:
    return rng.choice(
        (
            _pick(rng, _DIGITS, rng.randint(8, 12)),
            f"{_pick(rng, _DIGITS, 4)}-{_pick(rng, _DIGITS, 6)}",
            f"DE{_pick(rng, _DIGITS, 20)}",
        )
    )


def _licence(rng: random.Random) -> str:
    return rng.choice(
        (
            f"{rng.choice(_CAPITALS)}{_pick(rng, _DIGITS, 7)}",
            f"{_pick(rng, _CAPITALS, 2)}-{_pick(rng, _DIGITS, 6)}",
            _pick(rng, _DIGITS, 8),
        )
    )


def _vin(rng: random.Random) -> str:
    letters = "ABCDEFGHJKLMNPRSTUVWXYZ"
    value = {c: int("12345678123457923456789"[i]) for i, c in enumerate(letters)} | {d: int(d) for d in _DIGITS}
    head, tail = _pick(rng, letters + _DIGITS, 8), rng.choice(letters) + rng.choice(letters) + _pick(rng, _DIGITS, 6)
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 9, 8, 7, 6, 5, 4, 3, 2)
    check = sum(value[c] * w for c, w in zip(head + tail, weights, strict=True)) % 11
    return head + "0123456789X"[check] + tail


def _us_plate(rng: random.Random) -> str:
    return rng.choice(
        (
            f"{rng.randint(1, 9)}{_pick(rng, _CAPITALS, 3)}{_pick(rng, _DIGITS, 3)}",
            f"{_pick(rng, _CAPITALS, 3)}-{_pick(rng, _DIGITS, 4)}",
            f"{_pick(rng, _CAPITALS, 3)} {_pick(rng, _DIGITS, 3)}",
        )
    )


def _device(rng: random.Random) -> str:
    return rng.choice(
        (
            f"{_pick(rng, _CAPITALS, 3)}{_pick(rng, _DIGITS, 6)}",
            f"SN{_pick(rng, _DIGITS, 8)}",
            f"{_pick(rng, _DIGITS, 4)}-{_pick(rng, _CAPITALS, 2)}-{_pick(rng, _DIGITS, 4)}",
        )
    )


def _email(rng: random.Random) -> str:
    user = rng.choice(("j.{a}", "{a}_{n}", "{a}.{b}", "{a}{n}", "{b}-{a}"))
    words = {
        "a": _pick(rng, string.ascii_lowercase, 6),
        "b": _pick(rng, string.ascii_lowercase, 4),
        "n": str(rng.randint(1, 99)),
    }
    return (
        user.format(**words)
        + "@"
        + rng.choice(("gmail.com", "stmarys-hospital.org", "163.com", "qq.com", "uni.ac.uk", "law.co.nz"))
    )


def _url(rng: random.Random) -> str:
    word = _pick(rng, string.ascii_lowercase, 7)
    return rng.choice(
        (
            f"https://www.{word}.com/patients/{_pick(rng, _DIGITS, 5)}",
            f"http://{word}.org/~{word}",
            f"www.{word}.net",
            f"{word}.edu/people?id={rng.randint(1, 999)}",
        )
    )


def _ip(rng: random.Random) -> str:
    if rng.random() < 0.25:
        return ":".join(f"{rng.randint(4096, 65535):x}" for _ in range(8))
    if rng.random() < 0.1:
        return f"fe80::{rng.randint(4096, 65535):x}:{rng.randint(4096, 65535):x}"
    return f"{rng.randint(10, 223)}.{rng.randint(0, 255)}.{rng.randint(10, 255)}.{rng.randint(1, 254)}"


def _date(rng: random.Random) -> str:
    year, month, day = rng.randint(1995, 2025), rng.randint(1, 12), rng.randint(1, 28)
    name = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ][month - 1]
    return rng.choice(
        (
            f"{month:02}/{day:02}/{year}",
            f"{month}/{day}/{year % 100:02}",
            f"{year}-{month:02}-{day:02}",
            f"{name} {day}, {year}",
            f"{day} {name} {year}",
            f"{name[:3]} {day}, {year}",
            f"{day}-{name[:3]}-{year}",
            f"{day:02}.{month:02}.{year}",
            f"{name} {day}",
            f"the {day}th of {name} {year}".removeprefix("the "),
            f"{name} {year}",
        )
    )


def _zh_date(rng: random.Random) -> str:
    year, month, day = rng.randint(1995, 2025), rng.randint(1, 12), rng.randint(1, 28)
    numerals = "〇一二三四五六七八九"
    spoken_month = numerals[month] if month < 10 else "十" + ("", "一", "二")[month - 10]
    spoken = "".join(numerals[int(digit)] for digit in str(year))
    return rng.choice(
        (
            f"{year}年{month}月{day}日",
            f"{year}年{month:02}月{day:02}日",
            f"{year}-{month:02}-{day:02}",
            f"{year}/{month}/{day}",
            f"{year}.{month:02}.{day:02}",
            f"{month}月{day}日",
            f"{year}年{month}月",
            f"{spoken}年{spoken_month}月{numerals[day % 10] if day < 10 else '十五'}日",
        )
    )


def _street(rng: random.Random) -> str:
    number, way = (
        rng.randint(1, 9999),
        rng.choice(("Street", "St", "Avenue", "Ave", "Road", "Lane", "Drive", "Blvd", "Court", "Way")),
    )
    name = rng.choice(_STREETS)
    unit = rng.choice(
        ("", "", f", Apt {rng.randint(1, 40)}", f", Suite {rng.randint(100, 900)}", f" #{rng.randint(1, 40)}")
    )
    town = rng.choice(("", f", {rng.choice(_TOWNS)}, {rng.choice(('OH', 'TX', 'California', 'NY', 'Iowa'))}"))
    return rng.choices(
        (f"{number} {name} {way}{unit}{town}", f"P.O. Box {number}", f"{number} {rng.choice('NSEW')}. {name} {way}"),
        (8, 1, 1),
    )[0]


def _zh_address(rng: random.Random) -> str:
    province, city, district = rng.choice(_DISTRICTS)
    road = rng.choice(("中山路", "解放大街", "人民东路", "学院路", "滨江大道", "青年巷", "文化里", "建设西路"))
    home = rng.choice(
        (
            f"{rng.randint(1, 900)}号",
            f"{rng.randint(1, 99)}弄{rng.randint(1, 30)}号",
            f"{rng.randint(1, 99)}号{rng.randint(1, 20)}栋{rng.randint(1, 5)}单元{rng.randint(101, 2500)}室",
        )
    )
    village = (
        rng.choice(("石桥镇", "柳河乡", "大王乡", "前进镇"))
        + rng.choice(("李家", "东风", "新安"))
        + f"村{rng.randint(1, 12)}组"
    )
    estate = rng.choice(("阳光", "翠湖", "东方"))
    return rng.choice(
        (
            f"{province}{city}{district}{road}{home}",
            f"{city}{district}{road}{home}",
            f"{province}{city}{district}{village}",
            f"{city}{district}{estate}花园{rng.randint(1, 30)}栋{rng.randint(101, 2500)}室",
        )
    )


def _zip(rng: random.Random) -> str:
    return f"{rng.randint(10000, 99499)}" + rng.choice(("", "", f"-{rng.randint(1000, 9999)}"))


def _age(rng: random.Random) -> str:
    return str(rng.randint(90, 108))


def _resident(rng: random.Random) -> str:
    region = rng.choice(("110105", "310115", "440106", "510107", "330102", "420106"))
    born = f"{rng.randint(1930, 2015)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    if rng.random() < 0.15:
        return region + born[2:] + _pick(rng, _DIGITS, 3)
    body = region + born + _pick(rng, _DIGITS, 3)
    return body + "10X98765432"[sum(int(d) * 2 ** (17 - i) for i, d in enumerate(body)) % 11]


def _credit(rng: random.Random) -> str:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    organisation = _pick(rng, alphabet, 8)
    total = sum(_ALPHABET36.index(c) * w for c, w in zip(organisation, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    body = f"91{rng.choice(('110105', '310115', '440300'))}{organisation}" + "0123456789X0"[-total % 11]
    body = body.replace("X", "A") if body.endswith("X") else body
    return body + alphabet[-sum(alphabet.index(c) * pow(3, i, 31) for i, c in enumerate(body)) % 31]


_ALPHABET36 = string.digits + _CAPITALS


def _zh_phone(rng: random.Random) -> str:
    mobile = f"1{rng.choice('3578')}{_pick(rng, _DIGITS, 9)}"
    return rng.choice(
        (
            mobile,
            f"{mobile[:3]}-{mobile[3:7]}-{mobile[7:]}",
            f"{mobile[:3]} {mobile[3:7]} {mobile[7:]}",
            f"+86 {mobile}",
            f"0{rng.choice(('10', '21', '755', '28', '571'))}-{_pick(rng, '23456789', 1)}{_pick(rng, _DIGITS, 7)}",
            f"(0{rng.choice(('20', '731'))}){_pick(rng, '23456789', 1)}{_pick(rng, _DIGITS, 7)}",
        )
    )


def _zh_plate(rng: random.Random) -> str:
    return (
        rng.choice("京沪粤苏浙川鲁豫鄂湘")
        + rng.choice("ABCDEFGH")
        + rng.choice(("", "·"))
        + _pick(rng, "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", rng.choice((5, 6)))
    )


def _record(prefixes: Sequence[str], low: int, high: int) -> Draw:
    return lambda rng: rng.choice(prefixes) + _pick(rng, _DIGITS, rng.randint(low, high))


def _passport(rng: random.Random) -> str:
    return rng.choice(
        (
            f"E{_pick(rng, _DIGITS, 8)}",
            f"G{_pick(rng, _DIGITS, 8)}",
            f"E{rng.choice('ABCDEFGH')}{_pick(rng, _DIGITS, 7)}",
        )
    )


_MAKERS: dict[tuple[str, str], Draw] = {
    ("en", "address"): _street,
    ("en", "zip"): _zip,
    ("en", "date"): _date,
    ("en", "age"): _age,
    ("en", "phone"): lambda rng: _us_phone(rng) if rng.random() < 0.8 else _abroad(rng),
    ("en", "fax"): _us_phone,
    ("en", "email"): _email,
    ("en", "ssn"): _ssn,
    ("en", "mrn"): _mrn,
    ("en", "health_plan"): _plan,
    ("en", "account"): _account,
    ("en", "bank_card"): _card,
    ("en", "licence"): _licence,
    ("en", "vin"): _vin,
    ("en", "plate"): _us_plate,
    ("en", "device"): _device,
    ("en", "url"): _url,
    ("en", "ip"): _ip,
    ("en", "biometric"): _record(("FP-", "IR", "VP-2"), 5, 8),
    ("en", "photo"): lambda rng: (
        rng.choice(("IMG_", "DSC0", "face_")) + _pick(rng, _DIGITS, 5) + rng.choice((".jpg", ".png", ""))
    ),
    ("en", "passport"): lambda rng: rng.choice((_pick(rng, _DIGITS, 9), _passport(rng))),
    ("en", "code"): _record(("A", "S-", "", "24-"), 6, 10),
    ("zh", "address"): _zh_address,
    ("zh", "date"): _zh_date,
    ("zh", "age"): _age,
    ("zh", "phone"): _zh_phone,
    ("zh", "fax"): lambda rng: (
        f"0{rng.choice(('10', '21', '755'))}-{_pick(rng, '23456789', 1)}{_pick(rng, _DIGITS, 7)}"
    ),
    ("zh", "email"): _email,
    ("zh", "mrn"): _record(("", "ZY", "B", "0"), 6, 9),
    ("zh", "health_plan"): _record(("", "YB", "3301"), 8, 10),
    ("zh", "account"): _record(("", "3100", "1202"), 10, 14),
    ("zh", "bank_card"): _card,
    ("zh", "licence"): _record(("", "1101", "A2019"), 8, 11),
    ("zh", "vin"): _vin,
    ("zh", "plate"): _zh_plate,
    ("zh", "device"): _device,
    ("zh", "url"): _url,
    ("zh", "ip"): _ip,
    ("zh", "biometric"): _record(("ZW", "SW-", ""), 6, 9),
    ("zh", "photo"): lambda rng: (
        rng.choice(("IMG_", "ZP", "face-")) + _pick(rng, _DIGITS, 6) + rng.choice((".jpg", ""))
    ),
    ("zh", "resident_id"): _resident,
    ("zh", "social_credit"): _credit,
    ("zh", "passport"): _passport,
    ("zh", "code"): _record(("", "JC", "LIS-"), 7, 12),
}
_NUMBERS = {"phone", "fax", "ssn", "mrn", "account", "bank_card", "vin", "resident_id", "social_credit", "health_plan"}
