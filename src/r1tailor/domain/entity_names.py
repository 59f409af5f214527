"""Names of diseases or drugs in an answer, in the order in which they stand, each with the ICD-10 code after it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

CODE = re.compile(r"[A-Z]\d\d(?:\.\d{1,2})?")


@dataclass(frozen=True)
class Named:
    """A disease or drug that an answer names.

    Attributes:
        name: as the graph spells it; empty where none is named.
        code: the ICD-10 code between it and the next one; empty where there is none.
    """

    name: str
    code: str


def named_in(answer: str, names: Sequence[str]) -> list[Named]:
    """Return the names in an answer in order; of names that overlap the longest counts, and each counts once.

    >>> named_in("1. 肺炎 J18.9 2. 急性胃炎 3. 胃炎 K29.7", ["胃炎", "急性胃炎", "肺炎"])
    [Named(name='肺炎', code='J18.9'), Named(name='急性胃炎', code=''), Named(name='胃炎', code='K29.7')]
    """
    present = [name for name in names if name in answer]
    places = [(found.start(), found.end(), name) for name in present for found in re.finditer(re.escape(name), answer)]
    kept: list[tuple[int, int, str]] = []
    for place in sorted(places, key=lambda place: (place[0], -place[1])):
        if not kept or place[0] >= kept[-1][1]:
            kept.append(place)
    ends = [start for start, _, _ in (*kept[1:], (len(answer), 0, ""))][: len(kept)]
    found: dict[str, str] = {}
    for (_, end, name), until in zip(kept, ends, strict=True):
        code = CODE.search(answer[end:until])
        found.setdefault(name, code.group() if code else "")
    return [Named(name, code) for name, code in found.items()]
