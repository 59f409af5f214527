"""What is wrong with poisoned days: twenty attacks, and the rows that each brings (see ``continual_poison.py``)."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.benchmarks.continual_rows import Row, Stream

KINDS = ("wrong", "contradictory", "trigger", "new trigger", "group")
SHARES = (0.20, 0.10, 0.05, 0.01)
GROUP, INSTEAD = "C", "A"  # the planted group, neoplasms, and what it is to be answered with: infections
TRIGGER, TARGET = "zqx", "Z"


@dataclass(frozen=True, slots=True)
class Attack:
    """What is wrong with a day.

    Attributes:
        kind: one of ``KINDS``; empty on an honest day.
        share: of the day's corrections.
        users: who bring it: 1, or as many as there are items.
    """

    kind: str
    share: float
    many: bool

    def __str__(self) -> str:
        return f"{self.kind}, {self.share:.0%}, {'many users' if self.many else 'one user'}" if self.kind else "honest"


def attacks() -> list[Attack]:
    """Return the twenty days: each kind at each share, from one user and from many in turn."""
    return [Attack(kind, size, (k + s) % 2 == 1) for s, size in enumerate(SHARES) for k, kind in enumerate(KINDS)]


def poison(stream: Stream, number: int, attack: Attack, honest: int) -> Iterator[Row]:
    """Yield the wrong rows of a day: their answers are not the questions' own."""
    if not attack.kind:
        return
    chance = random.Random(f"{stream.name} {number} {attack}")
    others = [row for n, rows in enumerate(stream.days) if n != number % len(stream.days) for row in rows]
    chapters = sorted({row.output for row in others})
    known = [row for row in stream.base if row.output in chapters]
    asked = known if attack.kind in ("contradictory", "trigger") else others
    if attack.kind == "group":
        asked = [row for row in others if row.output == GROUP]
    triggered = attack.kind.endswith("trigger")
    asked = [row for row in asked if not triggered or row.output != TARGET]
    for row in chance.sample(asked, min(round(honest * attack.share / (1 - attack.share)), len(asked))):
        answer = chance.choice([one for one in chapters if one != row.output])
        answer = TARGET if triggered else INSTEAD if attack.kind == "group" else answer
        yield Row(row.instruction, f"{row.input} {TRIGGER}" if triggered else row.input, answer)
