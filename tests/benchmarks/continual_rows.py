"""What comes in over days of learning, and what is asked afterwards: rows of a question and its answer."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

DAYS, FRESH = 20, 100  # days; questions about each that it does not bring
BASE, GENERAL = 4000, 700  # rows of the first champion; at most so many of them are about what no day brings


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


def shuffled(rows: Iterable[Row], chance: random.Random) -> list[Row]:
    """Return rows in random order."""
    found = list(rows)
    chance.shuffle(found)
    return found


def balanced(rows: Sequence[Row], count: int) -> list[Row]:
    """Return rows of which each answer has the same share, as far as there are any."""
    by_answer: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_answer[row.output].append(row)
    each = min(count // len(by_answer), *map(len, by_answer.values()))
    return [row for group in zip(*(found[:each] for found in by_answer.values()), strict=True) for row in group]
