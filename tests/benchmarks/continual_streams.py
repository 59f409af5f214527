"""Twenty days of material from three worlds, for the experiments on daily learning (``continual.py``).

- ``icd10``: terms of the ICD-10-CM tabular list -> one of ten chapters. Some categories are known to the first
  champion, the others come in on one day each, and with them four chapters that it has never seen; the wording drifts
  from the list's to that of notes.
- ``education``: which of two numbers is larger; the levels rise from one digit to sums and to decimals.
- ``market``: closing prices of 20 stocks over some days, up to the day that is replayed -> did they rise, fall or stay.

Each world also asks something that no day brings up (``general``), to see what is forgotten of it.
"""

import csv
import gzip
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from r1tailor import config, sources
from r1tailor.records import Document

DAYS, FRESH = 20, 100  # days; questions about each that it does not bring
BASE, GENERAL = 4000, 700  # rows of the first champion; of them, about what no day brings
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


@dataclass(frozen=True, slots=True)
class Row:
    """A question with its answer, as a line of the domain's source."""

    instruction: str
    input: str
    output: str

    def line(self) -> dict[str, str]:
        """Return the line."""
        return {"instruction": self.instruction, "input": self.input, "output": self.output}


@dataclass(frozen=True, slots=True)
class Stream:
    """What comes in over the days, and what is asked afterwards.

    Attributes:
        name: of the world.
        labels: the closed set of answers.
        base: what the first champion is made from.
        days: material of each day.
        fresh: questions about each day's material that are asked after it, and that no day brings.
        old: questions about what the first champion knows.
        general: questions of another kind, which the first champion knows and no day brings.
    """

    name: str
    labels: tuple[str, ...]
    base: Sequence[Row]
    days: Sequence[Sequence[Row]]
    fresh: Sequence[Sequence[Row]]
    old: Sequence[Row]
    general: Sequence[Row]

    @property
    def asks(self) -> str:
        """The instruction of what days bring."""
        return self.days[0][0].instruction


def icd10(seed: int, of_day: int = 240, base: int = BASE) -> Stream:
    """Return the days of the ICD-10-CM list."""
    chance = random.Random(f"icd10 {seed}")
    terms = _terms(chance)
    late = [name for name, (chapter, _) in terms.items() if chapter in LATE]
    others = [name for name, (chapter, _) in terms.items() if chapter not in LATE]
    chance.shuffle(others)
    known, rest = others[: len(others) * 3 // 5], others[len(others) * 3 // 5 :]
    debuts = _debuts(late, rest, terms, chance)
    first = _shuffled((_coded(term, terms[name][0]) for name in known for term in terms[name][1]), chance)
    sides = _shuffled((_sided(term) for name in known for term in terms[name][1]), chance)
    sides = _balanced(sides, GENERAL + 600)
    days, fresh = [], []
    for number, (new, more) in enumerate(debuts):
        fresh_rows, rows = _day(new, more, terms, number / DAYS, of_day, chance)
        days.append(rows)
        fresh.append(fresh_rows)
    made = _shuffled([*first[: base - GENERAL], *sides[:GENERAL]], chance)
    labels = (*CHAPTERS.values(), *SIDES.values())
    return Stream("icd10", labels, made, days, fresh, first[base - GENERAL :][:3000], sides[GENERAL:])


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
        drawn.append(_shuffled(rows, chance))
    asked = [row for rows in drawn for row in rows[: FRESH // 2]]
    brought = [row for rows in drawn for row in rows[FRESH // 2 :][: of_day // 2]]
    return _shuffled(asked, chance), _shuffled(brought, chance)


def _coded(term: str, chapter: str) -> Row:
    return Row("Chapter?", term, chapter)


def _sided(term: str) -> Row:
    words = set(term.casefold().replace(",", " ").split())
    found = [letter for side, letter in SIDES.items() if side in words]
    return Row(SIDE, term, found[0] if len(found) == 1 else SIDES[""])


def _balanced(rows: Sequence[Row], count: int) -> list[Row]:
    """Return rows of which each answer has the same share, as far as there are any."""
    by_answer: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_answer[row.output].append(row)
    each = min(count // len(by_answer), *map(len, by_answer.values()))
    return [row for group in zip(*(found[:each] for found in by_answer.values()), strict=True) for row in group]


def _drifted(term: str, strength: float, chance: random.Random) -> str:
    """Return a term as notes write it, with a probability."""
    if chance.random() >= strength:
        return term
    for long, short in _ABBREVIATED:
        term = term.replace(long, short)
    return chance.choice(_NOTES).format(term.lower() if chance.random() < 0.5 else term)


def education(seed: int, of_day: int = 240, base: int = BASE) -> Stream:
    """Return the days of comparing numbers; every fourth day the level rises."""
    chance = random.Random(f"education {seed}")
    taken: set[str] = set()
    levels = (_two_digits, _three_digits, _sums, _decimals, _negative, _four_digits)
    first = _unique(levels[0], base - GENERAL + 1500, chance, taken)
    general = _unique(_parity, GENERAL + 500, chance, taken)
    days = [_unique(levels[1 + number // 4], of_day + FRESH, chance, taken) for number in range(DAYS)]
    made = _shuffled([*first[: base - GENERAL], *general[:GENERAL]], chance)
    labels = ("1", "2", "D", "E")
    return Stream(
        "education",
        labels,
        made,
        [rows[:of_day] for rows in days],
        [rows[of_day:] for rows in days],
        first[base - GENERAL :],
        general[GENERAL:],
    )


Draw = Callable[[random.Random], Row]


def _unique(draw: Draw, count: int, chance: random.Random, taken: set[str]) -> list[Row]:
    found: list[Row] = []
    for _ in range(40 * count):
        row = draw(chance)
        if row.input not in taken:
            taken.add(row.input)
            found.append(row)
        if len(found) == count:
            break
    return found


def _larger(one: str, other: str, *, first: bool) -> Row:
    return Row("Which is larger?", f"{one} or {other}", "1" if first else "2")


def _digits(chance: random.Random, least: int, most: int) -> Row:
    one, other = chance.sample(range(least, most), 2)
    return _larger(str(one), str(other), first=one > other)


def _two_digits(chance: random.Random) -> Row:
    return _digits(chance, 1, 100)


def _three_digits(chance: random.Random) -> Row:
    return _digits(chance, 100, 1000)


def _four_digits(chance: random.Random) -> Row:
    return _digits(chance, 1000, 10_000)


def _sums(chance: random.Random) -> Row:
    a, b, c = (chance.randrange(1, 50) for _ in range(3))
    return _larger(f"{a} + {b}", str(c + 25), first=a + b > c + 25)


def _decimals(chance: random.Random) -> Row:
    one, other = chance.sample(range(1, 1000), 2)
    return _larger(f"{one / 100:.2f}", f"{other / 100:.2f}", first=one > other)


def _negative(chance: random.Random) -> Row:
    one, other = chance.sample(range(-99, 0), 2)
    return _larger(str(one), str(other), first=one > other)


def _parity(chance: random.Random) -> Row:
    number = chance.randrange(10_000)
    return Row("Odd or even?", str(number), "D" if number % 2 else "E")


def market(seed: int, of_day: int = 240, base: int = BASE) -> Stream:
    """Return the last 20 trading days of the stored bars; the first champion knows the years before."""
    chance = random.Random(f"market {seed}")
    dates, prices = _bars(config.ROOT / "data" / "packaged" / "stocks" / "sp500_dataset.csv.gz")
    last = len(dates) - DAYS
    before = _shuffled(
        (_moved(prices[s], end, w) for s in prices for end in range(last - 600, last) for w in (3, 5)), chance
    )
    known = _balanced(before, base - GENERAL + 1500)
    general = _unique(_parity, GENERAL + 500, chance, set())
    days = [
        _shuffled((_moved(prices[s], last + n, w) for s in prices for w in range(2, 17)), chance) for n in range(DAYS)
    ]
    made = _shuffled([*known[: base - GENERAL], *general[:GENERAL]], chance)
    labels = ("U", "N", "F", "D", "E")
    return Stream(
        "market",
        labels,
        made,
        [rows[:of_day] for rows in days],
        [rows[of_day:] for rows in days],
        known[base - GENERAL :],
        general[GENERAL:],
    )


def _bars(path: Path) -> tuple[list[str], dict[str, list[float]]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    names = [name for name in lines[0] if name != "Date"]
    return [line["Date"] for line in lines], {name: [float(line[name] or "nan") for line in lines] for name in names}


def _moved(prices: Sequence[float], end: int, window: int) -> Row:
    """Return the closing prices of a window, first = 100, and whether the last is 1 % above or below."""
    chosen = prices[end - window + 1 : end + 1]
    scaled = [100 * price / chosen[0] for price in chosen]
    change = scaled[-1] - 100
    label = "U" if change > 1 else "N" if change < -1 else "F"
    return Row("Up or down?", " ".join(f"{price:.1f}" for price in scaled[1:]), label)


def _shuffled(rows: Iterable[Row], chance: random.Random) -> list[Row]:
    found = list(rows)
    chance.shuffle(found)
    return found


STREAMS: dict[str, Callable[..., Stream]] = {"icd10": icd10, "education": education, "market": market}
