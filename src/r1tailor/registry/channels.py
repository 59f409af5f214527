"""What the history of a domain says beyond promotions: candidates in channels, and versions that were withdrawn."""

from collections.abc import Iterable, Mapping
from typing import Any

SHADOW, CANARY = "shadow", "canary"
WITHDRAW, REFUSE = "withdraw", "refuse"
_ENDS = ("promote", "rollback", REFUSE)  # what ends the trial of a candidate


def candidate(entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return channel -> id of the candidate that is tried there; empty while none is.

    Args:
        entries: of a domain's history, oldest first.
    """
    found: dict[str, str] = {}
    for entry in entries:
        if entry["action"] in (SHADOW, CANARY):
            found = {entry["action"]: entry["version"]}
        elif entry["action"] in _ENDS or (entry["action"] == WITHDRAW and entry["version"] in found.values()):
            found = {}
    return found


def withdrawn(entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the versions that were withdrawn: id -> why."""
    return {entry["version"]: entry.get("reason") or "" for entry in entries if entry["action"] == WITHDRAW}
