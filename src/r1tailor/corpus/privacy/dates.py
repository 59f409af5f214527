"""Dates, and ages over 89.

A date counts when it is more precise than a year. Day and month need their year, a month's name or the Chinese 月
and 日: 5/10 may be a score and 120/80 is a blood pressure, so two bare numbers need a word before them that asks for
a date.
"""

import re
from collections.abc import Iterator

from r1tailor.corpus.privacy.findings import LEFT, RIGHT, Finding, guarded, one_of

MONTHS: tuple[str, ...] = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTH = r"(?P<month>" + "|".join(f"{m[:3].title()}(?:{m[3:]})?" if m != "may" else "May" for m in MONTHS) + r"|Sept"
_MONTH += "|" + "|".join(m.upper() for m in MONTHS) + "|" + "|".join(m[:3].upper() for m in MONTHS) + r")\.?"
_YEAR = r"(?P<year>(?:1[89]|2[0O])[0-9OolI]{2})"
_DAY = r"(?P<day>[0-3]?[0-9])(?:st|nd|rd|th)?"
_NUMERAL = "〇零○一二三四五六七八九十"
PATTERNS = tuple(
    re.compile(f"{LEFT}{pattern}")
    for pattern in (
        rf"{_YEAR}(?P<sep> ?[-/.] ?)(?P<month>[01]?[0-9OlI])(?P=sep)(?P<day>[0-3]?[0-9OlI])(?:(?=T[0-9])|{RIGHT})",
        rf"(?P<month>[0-3]?[0-9OlI])(?P<sep> ?[-/.] ?)(?P<day>[0-3]?[0-9OlI])(?P=sep){_YEAR}{RIGHT}",
        rf"(?P<month>[0-3]?[0-9])(?P<sep>[-/])(?P<day>[0-3]?[0-9])(?P=sep)(?P<short>[0-9]{{2}}){RIGHT}(?![-/.][0-9])",
        rf"{_MONTH} {{0,2}}{_DAY}(?:(?:,| |, {{1,2}}){_YEAR})?{RIGHT}(?!\.[0-9])",
        rf"{_DAY}(?: of)?[ -]{{0,2}}{_MONTH}(?:(?:,? {{1,2}}|-){_YEAR})?{RIGHT}",
        rf"{_MONTH}(?:,| of)? {{0,2}}{_YEAR}{RIGHT}",
        rf"(?P<month>0?[1-9]|1[0-2])/{_YEAR}{RIGHT}(?!/)",
        rf"(?P<year>(?:19|20)[0-9]{{2}})(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12][0-9]|3[01]){RIGHT}",
        r"(?P<year>[0-9OolI]{4}) ?年 ?(?P<month>[0-9OlI]{1,2}) ?月(?: ?(?P<day>[0-9OlI]{1,2}) ?[日号])?",
        r"(?P<short>[0-9]{2}) ?年 ?(?P<month>[0-9]{1,2}) ?月(?: ?(?P<day>[0-9]{1,2}) ?[日号])?",
        r"(?P<month>[0-9]{1,2}) ?月 ?(?P<day>[0-9]{1,2}) ?[日号]",
        rf"(?:(?P<numerals>[{_NUMERAL}]{{4}})年)(?:[{_NUMERAL}]{{1,3}})月(?:[{_NUMERAL}]{{1,3}}[日号])?",
        rf"(?<![{_NUMERAL}])[{_NUMERAL}]{{1,3}}月[{_NUMERAL}]{{1,3}}[日号]",
    )
)
_NUMBERS = re.compile("[0-9OlI] ?[-/.] ?[0-9OlI]{1,2} ?[-/.]").search
_ANY_MONTH = re.compile("|".join(name[:3] for month in MONTHS for name in (month.title(), month.upper()))).search
_SLASH, _COMPACT, _CHINESE = re.compile("/[12]").search, re.compile("[12][09][0-9]{4}").search, re.compile("月").search
_GUARDS = (*[_NUMBERS] * 3, *[_ANY_MONTH] * 3, _SLASH, _COMPACT, *[_CHINESE] * 5)
_ASKED = re.compile(
    r"(?<![A-Za-z])(?:on|since|dated?|until|admitted|discharged|seen|from|d/c|visit|exam|dos|by)[ :]{1,3}"
    r"(?P<date>(?:0?[1-9]|1[0-2])[/-](?:0?[1-9]|[12][0-9]|3[01]))(?![A-Za-z0-9/.-]|\s?(?:mm|mg|pain|/))",
    re.IGNORECASE | re.ASCII,
)
_DAY_OF_MONTH = re.compile("[0-9][/-][0-9]").search
# A birth date tells an age, also one over 89: no part of it stays.
_BIRTH = re.compile(
    r"(?:(?<![A-Za-z])(?:d\.?o\.?b\.?|birth ?date|date of birth|born(?: on| in)?)|出生(?:日期|年月日?|于|时间)?"
    r"|生于|生日)"
    r"[ :为是]{0,4}",
    re.IGNORECASE | re.ASCII,
)
_ANY_BIRTH = one_of("birth", "born", "dob", "d.ob", "do.b", "d.o.b", "出生", "生于", "生日")
_BIRTH_YEAR = re.compile(
    r"(?:1[89]|20)[0-9]{2}(?:年|(?![0-9A-Za-z]))|[0-9]{4}年|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}"
)
_ANY_DIGIT = re.compile("[0-9]")
_TENS = "ninety(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?"
_HUNDRED = "(?:a|one) hundred(?:(?: and)? (?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve))?"
_ANY_AGE = re.compile("9[0-9]|1[0-3][0-9]|岁|ninety|hundred", re.IGNORECASE)
_OLD = r"(?P<age>9[0-9]|1[0-3][0-9])"
_NOT_PLUS = r"(?![0-9A-Za-z%+]|\.[0-9])"  # "90+" is what we write ourselves
_AGES = tuple(
    re.compile(pattern, re.IGNORECASE | re.ASCII)
    for pattern in (
        rf"{LEFT}{_OLD}[ -]{{0,2}}(?:years?|yrs?\.?|y)[ -]{{0,2}}(?:old|of[ -]age|-?o(?![a-z]))",
        rf"{LEFT}{_OLD} ?(?:y[/-]?o|y\.o\.|yo[mf]|years? young|y/?[mf]|/[mf])(?![a-z])",
        rf"{LEFT}{_OLD}(?: yrs?)? (?:male|female|man|woman|gentleman|lady)(?![a-z])",
        # 94F is an age or a temperature: what follows tells
        rf"{LEFT}(?<!temp )(?<! t )(?<!of ){_OLD}(?-i:[MF])"
        r"(?= (?:with|w/|c/o|s/p|p/w|h/o|hx|pmh|presents|who|adm|fell|here))",
        rf"(?<![a-z])aged?(?: of| is| in years| ?\(years?\))?[ :=]{{1,3}}{_OLD}{_NOT_PLUS}",
        rf"(?<![a-z])turn(?:ed|s|ing) {_OLD}{_NOT_PLUS}",
        rf"{LEFT}(?P<age>{_TENS}|{_HUNDRED})[ -](?:years?|yrs?)[ -](?:old|of age)",
        rf"(?<![0-9.]){_OLD} ?(?:多|余)? ?(?:周?岁|周龄岁)",
        rf"(?:年龄|现年|享年|终年|年)[ :为]{{0,3}}{_OLD}(?![0-9.%+年月])",
        rf"[男女][ ,,]{{0,2}}{_OLD}(?![0-9.%+年月/])",
        r"(?P<age>九十[一二三四五六七八九多余]?|一百[零〇]?[一二三四五六七八九十]{0,3})(?=周?岁)",
    )
)


def find(text: str) -> Iterator[Finding]:
    """Yield dates that say more than a year."""
    if not (_ANY_DIGIT.search(text) or "月" in text):
        return
    for guard, pattern in zip(_GUARDS, PATTERNS, strict=True):
        for match in guarded(guard, pattern, text):
            if _is_calendar(match):
                yield Finding("date", *match.span())
    for match in guarded(_DAY_OF_MONTH, _ASKED, text):
        yield Finding("date", *match.span("date"))


def find_births(text: str) -> Iterator[Finding]:
    """Yield birth dates, with their label, so that it is known for one."""
    if not _ANY_DIGIT.search(text):
        return
    for label in guarded(_ANY_BIRTH, _BIRTH, text):
        found = [match for pattern in PATTERNS if (match := pattern.match(text, label.end()))]
        found += [match] if (match := _BIRTH_YEAR.match(text, label.end())) else []
        if found:
            yield Finding("date", label.start(), max(match.end() for match in found))


def find_ages(text: str) -> Iterator[Finding]:
    """Yield ages over 89: the number alone."""
    if not _ANY_AGE.search(text):
        return
    for pattern in _AGES:
        for match in pattern.finditer(text):
            yield Finding("age", *match.span("age"))


def _is_calendar(match: re.Match[str]) -> bool:
    """Whether day and month can be meant: 1.2.2021 is a date, 45.60.2021 is none; a mistyped 31 February is one."""
    parts = match.groupdict()
    numbers = [int(part) for name in ("month", "day") if (part := parts.get(name)) and part.isdigit()]
    return all(1 <= number <= 31 for number in numbers) and (len(numbers) < 2 or min(numbers) <= 12)
