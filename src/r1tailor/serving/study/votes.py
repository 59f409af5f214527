"""The votes of a study: lines that are only added. Taking one back is a line too; the newest of a page counts."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from r1tailor.errors import UserError

Choice = Literal["a", "b", "tie", "bad"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
REASONS = ("accuracy", "completeness", "clarity", "reasoning", "safety", "instruction")
SCALE = (1, 2, 3, 4, 5)  # satisfaction: not at all ... very
LONGEST_COMMENT = 2000  # characters


@dataclass(frozen=True, slots=True)
class Vote:
    """What a rater answered on one page, in terms of what was shown: nothing here tells the subjects.

    Attributes:
        choice: the better answer, ``tie`` or ``bad`` (both are).
        reasons: some of ``REASONS``.
        comment: free text.
        satisfaction: with answer A and with answer B, of ``SCALE``; None where it was not given.
    """

    choice: Choice
    reasons: tuple[str, ...] = ()
    comment: str = ""
    satisfaction: tuple[int | None, int | None] = (None, None)


def vote_of(fields: Mapping[str, Any], reasons: Iterable[str] = ()) -> Vote:
    """Return the vote of a submitted form.

    Args:
        fields: ``choice``, and optionally ``comment``, ``satisfaction_a``, ``satisfaction_b``.
        reasons: the ticked ones.

    Raises:
        UserError: a value is not one that the form offers.
    """
    choice, ticked, comment = str(fields.get("choice", "")), tuple(reasons), str(fields.get("comment", "")).strip()
    if choice not in CHOICES:
        raise UserError(f"choice: one of {', '.join(CHOICES)}")
    if unknown := [reason for reason in ticked if reason not in REASONS]:
        raise UserError(f"reason: {len(unknown)} unknown; one of {', '.join(REASONS)}")
    if len(comment) > LONGEST_COMMENT:
        raise UserError(f"comment: {len(comment)} characters; at most {LONGEST_COMMENT}")
    satisfaction = _scale(fields, "satisfaction_a"), _scale(fields, "satisfaction_b")
    return Vote(choice, tuple(dict.fromkeys(ticked)), comment, satisfaction)


def _scale(fields: Mapping[str, Any], name: str) -> int | None:
    written = str(fields.get(name, ""))
    if not written:
        return None
    if written not in map(str, SCALE):
        raise UserError(f"{name}: a whole number from {SCALE[0]} to {SCALE[-1]}")
    return int(written)


def voted(rater: int, page: int, vote: Vote) -> dict[str, Any]:
    """Return the line of a vote; ``page`` is its index among the rater's pages."""
    return {"action": "vote", "rater": rater, "page": page, **asdict(vote), "at": _now()}


def taken_back(rater: int, page: int) -> dict[str, Any]:
    """Return the line that takes a vote back."""
    return {"action": "undo", "rater": rater, "page": page, "at": _now()}


def closed(reason: str) -> dict[str, Any]:
    """Return the line that ends a study."""
    return {"action": "close", "reason": reason, "at": _now()}


@dataclass(frozen=True)
class Standing:
    """Where a study stands.

    Attributes:
        votes: those that stand, by rater and page.
        earlier: those that were taken back and not given again, by rater and page.
        closed: why the study was closed; None while it is open.
    """

    votes: Mapping[tuple[int, int], Vote]
    earlier: Mapping[tuple[int, int], Vote]
    closed: str | None


def standing(lines: Iterable[Mapping[str, Any]]) -> Standing:
    """Return what stands after all lines."""
    votes: dict[tuple[int, int], Vote] = {}
    earlier: dict[tuple[int, int], Vote] = {}
    ended: str | None = None
    for line in lines:
        match line["action"]:
            case "vote":
                place = line["rater"], line["page"]
                votes[place] = _read(line)
                earlier.pop(place, None)
            case "undo":
                place = line["rater"], line["page"]
                if place in votes:
                    earlier[place] = votes.pop(place)
            case "close":
                ended = line["reason"]
    return Standing(votes, earlier, ended)


def _read(line: Mapping[str, Any]) -> Vote:
    a, b = line["satisfaction"]
    return Vote(line["choice"], tuple(line["reasons"]), line["comment"], (a, b))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
