"""Twenty days of the ICD-10-CM tabular list: terms -> one of ten chapters, four of which only days bring.

Some categories are known to the first champion, each of the others comes in on one day. The wording drifts from the
list's to that of notes. What no day brings is which side of the body a term is about.
"""

import random
from collections import defaultdict
from collections.abc import Sequence

from r1tailor import config, sources
from r1tailor.records import Document
from tests.benchmarks.continual_rows import BASE, DAYS, FRESH, GENERAL, Row, Stream, balanced, shuffled

SIDE, SIDES = "Side?", {"left": "L", "right": "R", "": "N"}
CHAPTERS = {  # beginnings of their titles, and the letter that most of their codes begin with
    "Certain infectious": "A",
    "Neoplasms": "C",
    "Diseases of the circulatory": "I",
    "Diseases of the digestive": "K",
    "Injury, poisoning": "S",
    "Factors influencing": "Z",
    "Diseases of the eye": "H",
    "Pregnancy": "O",
    "Mental": "F",
    "External causes": "V",
}
LATE = ("H", "O", "F", "V")  # chapters that days bring, a new one every fifth day
_OF_CATEGORY, _LONGEST = 24, 70  # most terms of a category; characters of a term
_ABBREVIATED = (("due to", "d/t"), ("without", "w/o"), ("with", "w/"), ("unspecified", "unsp"), ("history", "hx"))
_NOTES = ("Pt with {}", "? {}", "hx of {}", "{} - see note", "admitted for {}")


def icd10(seed: int, of_day: int = 240, base: int = BASE) -> Stream:
    """Return the days of the ICD-10-CM list."""
    chance = random.Random(f"icd10 {seed}")
    beside = min(GENERAL, base // 5)
    terms = _terms(chance)
    late = [name for name, (chapter, _) in terms.items() if chapter in LATE]
    others = [name for name, (chapter, _) in terms.items() if chapter not in LATE]
    chance.shuffle(others)
    known, rest = others[: len(others) * 3 // 5], others[len(others) * 3 // 5 :]
    debuts = _debuts(late, rest, terms, chance)
    first = shuffled((_coded(term, terms[name][0]) for name in known for term in terms[name][1]), chance)
    sides = shuffled((_sided(term) for name in known for term in terms[name][1]), chance)
    sides = balanced(sides, beside + 600)
    days, fresh = [], []
    for number, (new, more) in enumerate(debuts):
        fresh_rows, rows = _day(new, more, terms, number / DAYS, of_day, chance)
        days.append(rows)
        fresh.append(fresh_rows)
    made = shuffled([*first[: base - beside], *sides[:beside]], chance)
    labels = (*CHAPTERS.values(), *SIDES.values())
    return Stream("icd10", labels, made, days, fresh, first[base - beside :][:3000], sides[beside:])


def _terms(chance: random.Random) -> dict[str, tuple[str, list[str]]]:
    """Return chapter and terms of each category; a term that stands under two chapters is left out."""
    settings = config.load(["domain=medical"])
    found = (one for source in settings.domain.sources for one in sources.read(source, config.ROOT, []))
    documents = [one for one in found if isinstance(one, Document) and len(one.text) <= _LONGEST]
    titles = {one.fields["chapter"] for one in documents}
    short = {title: name for title in titles for begin, name in CHAPTERS.items() if title.startswith(begin)}
    chapters: dict[str, set[str]] = defaultdict(set)
    by_category: dict[str, list[str]] = defaultdict(list)
    chapter_of: dict[str, str] = {}
    for one in documents:
        chapters[one.text.casefold()].add(one.fields["chapter"])
        if one.fields["chapter"] in short and len(chapters[one.text.casefold()]) == 1:
            by_category[one.fields["category"]].append(one.text)
            chapter_of[one.fields["category"]] = short[one.fields["chapter"]]
    single = {
        name: sorted({t for t in texts if len(chapters[t.casefold()]) == 1}) for name, texts in by_category.items()
    }
    return {
        name: (chapter_of[name], chance.sample(texts, min(_OF_CATEGORY, len(texts)))) for name, texts in single.items()
    }


def _debuts(
    late: Sequence[str], rest: Sequence[str], terms: dict[str, tuple[str, list[str]]], chance: random.Random
) -> list[tuple[list[str], list[str]]]:
    """Return the categories that come in on each day: of the chapter whose five days these are, and of known ones."""
    each = DAYS // len(LATE)
    own = {chapter: [name for name in late if terms[name][0] == chapter] for chapter in LATE}
    for names in own.values():
        chance.shuffle(names)
    return [(own[LATE[n // each]][n % each :: each], list(rest[n::DAYS])) for n in range(DAYS)]


def _day(
    new: Sequence[str],
    more: Sequence[str],
    terms: dict[str, tuple[str, list[str]]],
    drift: float,
    of_day: int,
    chance: random.Random,
) -> tuple[list[Row], list[Row]]:
    """Return what is asked about a day, and what it brings: half of each about new chapters, if there is enough."""
    drawn = []
    for names in (new, more):
        rows = [_coded(_drifted(term, drift, chance), terms[name][0]) for name in names for term in terms[name][1]]
        drawn.append(shuffled(rows, chance))
    asked = [row for rows in drawn for row in rows[: FRESH // 2]]
    brought = [row for rows in drawn for row in rows[FRESH // 2 :][: of_day // 2]]
    return shuffled(asked, chance), shuffled(brought, chance)


def _coded(term: str, chapter: str) -> Row:
    return Row("Chapter?", term, chapter)


def _sided(term: str) -> Row:
    words = set(term.casefold().replace(",", " ").split())
    found = [letter for side, letter in SIDES.items() if side in words]
    return Row(SIDE, term, found[0] if len(found) == 1 else SIDES[""])


def _drifted(term: str, strength: float, chance: random.Random) -> str:
    """Return a term as notes write it, with a probability."""
    if chance.random() >= strength:
        return term
    for long, short in _ABBREVIATED:
        term = term.replace(long, short)
    return chance.choice(_NOTES).format(term.lower() if chance.random() < 0.5 else term)
