"""Whether a correction is accepted, and by whose word.

Each reviewer's newest decision counts. One reviewer decides; two must agree where the two-person rule is set, or where
somebody asked for a second opinion. Whoever corrected an answer never decides about it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from r1tailor.serving.feedback.log import Decision, Record

Status = Literal["open", "second", "accepted", "rejected", "rating"]
STATUSES: tuple[Status, ...] = ("open", "second", "accepted", "rejected", "rating")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a record stands.

    Attributes:
        status: ``second`` waits for a second opinion; ``rating`` has nothing to review.
        text: the accepted answer; empty unless accepted and kept.
        by: the reviewers behind it.
    """

    status: Status
    text: str = ""
    by: tuple[str, ...] = ()


def outcome(record: Record, *, two_person: bool) -> Outcome:
    """Return where a record stands."""
    if not record.corrects:
        return Outcome("rating")
    second = any(decision.said == "second" for decision in record.decisions)
    needed = 2 if two_person or second else 1
    said = {decision.by: decision for decision in record.decisions if decision.said != "second"}
    votes: dict[tuple[str, int], list[str]] = {}
    for reviewer, decision in said.items():
        votes.setdefault(_about(record, decision), []).append(reviewer)
    for (verdict, number), by in votes.items():
        if len(by) >= needed:
            accepted = verdict == "accepted"
            return Outcome("accepted" if accepted else "rejected", _text(record, number) if accepted else "", tuple(by))
    return Outcome("second" if second or record.decisions else "open")


def _about(record: Record, decision: Decision) -> tuple[str, int]:
    """Return what a decision is for: rejection, or the text of the newest edit up to it (-1: the correction itself)."""
    if decision.said == "reject":
        return "rejected", 0
    edits = [one.number for one in record.decisions if one.said == "edit" and one.number <= decision.number]
    return "accepted", max(edits, default=-1)


def _text(record: Record, edit: int) -> str:
    if record.texts is None:
        return ""
    return record.texts.corrected if edit < 0 else record.decisions[edit].edit


@dataclass(frozen=True, slots=True)
class Slice:
    """Which records a reviewer looks at; an empty value takes all.

    Attributes:
        status: see ``Outcome``.
        version: which model answered.
        thumb: ``up`` or ``down``.
        contains: a part of prompt, answer, correction or reason, ignoring case.
    """

    status: str = ""
    version: str = ""
    thumb: str = ""
    contains: str = ""

    def takes(self, record: Record, status: Status) -> bool:
        """Whether a record belongs to it."""
        wanted = (self.status, status), (self.version, record.version), (self.thumb, record.thumb)
        return all(asked in ("", found) for asked, found in wanted) and self._mentions(record)

    def _mentions(self, record: Record) -> bool:
        if not self.contains:
            return True
        texts = record.texts
        said = (texts.prompt, texts.given, texts.corrected, texts.reason) if texts else ()
        return any(self.contains.casefold() in text.casefold() for text in said)


def queue(records: Iterable[Record], wanted: Slice, *, two_person: bool) -> list[tuple[Record, Outcome]]:
    """Return the records of a slice, those that wait for a reviewer first, then the newest."""
    found = [(record, outcome(record, two_person=two_person)) for record in records]
    taken = [(record, state) for record, state in found if wanted.takes(record, state.status)]
    taken.sort(key=lambda pair: pair[0].at, reverse=True)
    return sorted(taken, key=lambda pair: pair[1].status not in ("open", "second"))
