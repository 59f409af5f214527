"""What each day decided: lines of a chained log, each with the hash of the line before.

The log holds numbers, reasons and salted hashes, never a text: texts lie in the days' folders and can be deleted.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from r1tailor.chained import ChainedLog

Decision = Literal["proven", "promoted", "refused", "empty", "rolled_back", "forgotten"]
DECISIONS = get_args(Decision)


def decide(history: Path, day: str, decision: Decision, facts: Mapping[str, Any]) -> None:
    """Add what a day decided.

    Args:
        history: file of the log.
        day: its name.
        decision: what became of its candidate.
        facts: numbers and reasons, as plain JSON values without texts.
    """
    log = ChainedLog(history)
    try:
        log.append({"day": day, "decision": decision, "at": datetime.now(UTC).isoformat(timespec="seconds"), **facts})
    finally:
        log.close()


def entries(history: Path) -> list[dict[str, Any]]:
    """Return all lines, the earliest first."""
    return list(ChainedLog(history).entries()) if history.exists() else []


def decisions(history: Path) -> dict[str, Decision]:
    """Return the newest decision of each day, in the order of their first ones."""
    return {entry["day"]: entry["decision"] for entry in entries(history) if entry.get("decision") in DECISIONS}
