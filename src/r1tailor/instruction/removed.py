"""What was removed from the parts of a split, and why: a table for the report, and a line for the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

_SHOWN = 5  # ids
_LEFT_OUT = {
    "near_identical": "near-identical to an example of a later part",
    "same_group": "of the same group as an example of a given part",
    "embargo": "too shortly before a boundary, or with an answer that was not known by then",
}
_REPEATED = {
    "input": "question of a held-out example",
    "output": "answer of a held-out example",
    "reasoning": "reasoning of a held-out example",
    "series": "window of a held-out example",
}


def removed(
    duplicates: int,
    left_out: Mapping[str, Sequence[str]],
    leaks: Sequence[Mapping[str, Any]],
    not_permitted: Mapping[str, int],
) -> list[dict[str, Any]]:
    """Return a row for each reason: ``reason``, ``examples`` (how many), ``ids`` (of the first).

    Args:
        duplicates: exact repetitions of an earlier example.
        left_out: ids of the examples in no part, by reason.
        leaks: of train, as in the report of ``decontaminate``.
        not_permitted: how many examples of each part may only be tested on.
    """
    rows = [_row("exact duplicates of an earlier example", duplicates)] if duplicates else []
    rows += [_row(_LEFT_OUT.get(reason, reason), len(ids), ids) for reason, ids in left_out.items()]
    for field, what in _REPEATED.items():
        for verbatim, how in ((True, "repeat"), (False, "repeat with slight changes")):
            ids = [leak["train"] for leak in leaks if (leak["field"], leak["verbatim"]) == (field, verbatim)]
            rows += [_row(f"in train, {how} the {what}", len(ids), ids)] if ids else []
    refused = sum(not_permitted.values())
    return rows + ([_row("may be evaluated on only (permissions.use)", refused)] if refused else [])


def in_words(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the line for the terminal.

    >>> in_words([{"reason": "exact duplicates of an earlier example", "examples": 3}])
    'removed 3 examples: 3 exact duplicates of an earlier example'
    """
    total = sum(row["examples"] for row in rows)
    listed = "; ".join(f"{row['examples']:,} {row['reason']}" for row in rows)
    return f"removed {total:,} examples: {listed}" if rows else "removed no example"


def _row(reason: str, examples: int, ids: Sequence[str] = ()) -> dict[str, Any]:
    return {"reason": reason, "examples": examples, "ids": list(ids[:_SHOWN])}
