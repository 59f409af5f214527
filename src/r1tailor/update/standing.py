"""What earlier days leave to a new one: material still to be learnt, error spent so far, whether to train anew.

It is frozen into ``day.json``, so that a day is repeated to the same bytes whatever is decided after it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from r1tailor import store
from r1tailor.schema.update import Update
from r1tailor.update.alpha_spending import Try
from r1tailor.update.day import Day, Selected, UpdateFolder, order, refuse_changed
from r1tailor.update.history import entries

PENDING, TRIES, ANEW = "pending", "tries", "anew"
KEPT, LEVEL, SHOWN = "kept", "level", "shown"  # keys of the history's entries
_HASH = 24  # hex digits


def standing(places: UpdateFolder, wanted: Update, before: str) -> dict[str, Any]:
    """Return what a new day is frozen with, as JSON values.

    Args:
        places: of the domain's update.
        wanted: the settings of the day.
        before: name of the new day.
    """
    told = entries(places.history)
    files = {name: places.days / name / "select" / "selected.jsonl" for name in pending(told)}
    there = {name: file for name, file in files.items() if file.is_file() and order(name) < order(before)}
    return {
        PENDING: {name: store.sha256_file(file) for name, file in there.items()},
        TRIES: [[one[LEVEL], one[SHOWN]] for one in _proofs(told)],
        ANEW: _is_due(told, wanted.train.anew_days),
    }


def pending(told: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the days whose material is still to be learnt, the earliest first.

    Their candidates wait for a promotion, or were refused only because no improvement was shown: nothing was harmed, so
    the next candidate is trained on that material as well.
    """
    newest = {one["day"]: one for one in told}
    waiting = [day for day, one in newest.items() if one["decision"] == "proven" or one.get(KEPT)]
    return sorted(waiting, key=order)


def pending_items(day: Day) -> dict[str, list[Selected]]:
    """Return what is still to be learnt of earlier days, by day.

    Raises:
        DataError: it was changed after the day was frozen.
    """
    found: dict[str, list[Selected]] = {}
    for name, sha256 in day.facts.get(PENDING, {}).items():
        earlier = Day(day.places, name)
        refuse_changed(earlier.stage("select") / "selected.jsonl", sha256)
        found[name] = earlier.selected()
    return found


def tries_of(day: Day) -> list[Try]:
    """Return the candidates that were put to the proof before a day."""
    return [Try(float(level), bool(shown)) for level, shown in day.facts.get(TRIES, ())]


def is_anew(day: Day) -> bool:
    """Whether a day's candidate is trained from the base model."""
    return bool(day.facts.get(ANEW, False))


def salted(salt: str, id_: str) -> str:
    """Return the hash by which the log knows an item that is forgotten."""
    return hashlib.sha256(f"{salt}{id_}".encode()).hexdigest()[:_HASH]


def is_forgotten(told: Sequence[Mapping[str, Any]], id_: str) -> bool:
    """Whether an item was forgotten: it never comes in again, although its source may still hold it."""
    forgotten = (one for one in told if one["decision"] == "forgotten")
    return any(salted(one["salt"], id_) in one["items"] for one in forgotten)


def _proofs(told: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the entries that tell a proof, one for each day."""
    return list({one["day"]: one for one in reversed(told) if LEVEL in one}.values())[::-1]


def _is_due(told: Sequence[Mapping[str, Any]], period: int | None) -> bool:
    """Whether as many days as a period has were proven since the last one that was trained anew."""
    if period is None:
        return False
    anew = [bool(one.get(ANEW)) for one in _proofs(told)]
    since = anew[::-1].index(True) if True in anew else len(anew)
    return since + 1 >= period
