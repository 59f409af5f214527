"""Twenty days of material from three worlds, for the experiments on daily learning (``continual.py``).

- ``icd10``: terms of the ICD-10-CM list -> their chapter (``continual_icd10.py``).
- ``education``: which of two numbers is larger; every fourth day the level rises, from two digits to sums and decimals.
- ``market``: closing prices of 20 stocks over some days, up to the day that is replayed -> did they rise, fall or stay.

Each world also asks something that no day brings up (``general``), to see what is forgotten of it.
"""

import csv
import gzip
import random
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from r1tailor import config
from tests.benchmarks.continual_icd10 import icd10
from tests.benchmarks.continual_rows import BASE, DAYS, FRESH, GENERAL, Row, Stream, balanced, shuffled


def education(seed: int, of_day: int = 240, base: int = BASE) -> Stream:
    """Return the days of comparing numbers; every fourth day the level rises."""
    chance = random.Random(f"education {seed}")
    beside = min(GENERAL, base // 5)
    taken: set[str] = set()
    levels = (_two_digits, _three_digits, _sums, _decimals, _negative, _four_digits)
    first = _unique(levels[0], base - beside + 1500, chance, taken)
    general = _unique(_parity, beside + 500, chance, taken)
    days = [_unique(levels[1 + number // 4], of_day + FRESH, chance, taken) for number in range(DAYS)]
    made = shuffled([*first[: base - beside], *general[:beside]], chance)
    labels = ("A", "B", "D", "E")
    return Stream(
        "comparing",  # a name that no domain of conf/ has
        labels,
        made,
        [rows[:of_day] for rows in days],
        [rows[of_day:] for rows in days],
        first[base - beside :],
        general[beside:],
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
    return Row("Which is larger?", f"{one} or {other}", "A" if first else "B")


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
    beside = min(GENERAL, base // 5)
    dates, prices = _bars(config.ROOT / "data" / "packaged" / "stocks" / "sp500_dataset.csv.gz")
    last = len(dates) - DAYS
    before = shuffled(
        (_moved(prices[s], end, w) for s in prices for end in range(last - 600, last) for w in (3, 5)), chance
    )
    known = balanced(before, base - beside + 1500)
    general = _unique(_parity, beside + 500, chance, set())
    days = [
        shuffled((_moved(prices[s], last + n, w) for s in prices for w in range(2, 17)), chance) for n in range(DAYS)
    ]
    made = shuffled([*known[: base - beside], *general[:beside]], chance)
    labels = ("U", "N", "F", "D", "E")
    return Stream(
        "market",
        labels,
        made,
        [rows[:of_day] for rows in days],
        [rows[of_day:] for rows in days],
        known[base - beside :],
        general[beside:],
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


STREAMS: dict[str, Callable[..., Stream]] = {"icd10": icd10, "education": education, "market": market}


@cache
def stream_of(world: str, seed: int, *sizes: int) -> Stream:
    """Return a world's stream; it is made once in a process.

    Args:
        world: name of the stream.
        seed: of everything that is drawn.
        sizes: rows of a day and of the first champion, where they are not the stream's own.
    """
    return STREAMS[world](seed, *sizes)
