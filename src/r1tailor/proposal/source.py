"""The source of a proposal: where its material lies, how it is read, and which columns become what."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from r1tailor.proposal.draft import Draft

_YEAR_FIRST = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日")
_MISSING = ("NaN", "nan", "NULL", "null", "<NA>", "#N/A")  # what a table takes for empty by itself


def source(draft: Draft, root: Path) -> dict[str, Any]:
    """Return the settings of the source."""
    looked = draft.looked
    common = {
        "name": draft.name,
        "licence": draft.say("our own", "自有数据"),
        "available_at": file_date(looked.place),
        "on_damage": "list",
    }
    where = {"path": shown(looked.place, root)}
    match looked.shape:
        case "table":
            return {"kind": "table", **where, **looked.reader, "columns": _columns(draft), **_cells(draft), **common}
        case "records":
            return {"kind": "jsonl", **where, **looked.reader, **common}
        case "pubmed":
            return {"kind": "pubmed", **where, **common}
        case "jats":
            return {"kind": "jats", **where, "unit": "section", **common}
        case "judgments":
            return {"kind": "judgments", **where, "encoding": looked.reader.get("encoding", "utf-8"), **common}
        case "database":
            return {"kind": "sql", **looked.reader, "columns": _columns(draft), **_cells(draft), **common}
    if looked.suffix == ".pdf":
        return {"kind": "pdf", **where, "unit": "section", **common}
    return {"kind": "text", **where, "unit": "section", **common}


def _columns(draft: Draft) -> dict[str, Any]:
    roles = draft.roles
    asked: Any = list(roles.input) if len(roles.input) > 1 else next(iter(roles.input), "")
    named = {
        "instruction": roles.instruction,
        "input": asked,
        "output": roles.output,
        "reasoning": roles.reasoning,
        "group": roles.group,
        "date": roles.date,
    }
    chosen: dict[str, Any] = {role: column for role, column in named.items() if column}
    optional = [
        role
        for role in ("reasoning", "date")
        if role in chosen and draft.columns[named[role]].filled < len(draft.looked.rows)
    ]
    return chosen | {"fields": []} | ({"optional": optional} if optional else {})


def _cells(draft: Draft) -> dict[str, Any]:
    """Return how the cells of a table are written: dates that are not year, month, day, and what stands for nothing."""
    column = draft.columns.get(draft.roles.date)
    dates = column.dates if column is not None else ""
    found = sorted(set(draft.labels.nothing) - {"", *_MISSING}) if draft.labels else []
    return ({"dates": dates} if dates not in ("", "auto", *_YEAR_FIRST) else {}) | (
        {"missing": [*_MISSING, *found]} if found else {}
    )


def file_date(place: str) -> str:
    """Return the day on which a file was last written; of a URL, the first day that a computer counts."""
    path = Path(place)
    seconds = path.stat().st_mtime if path.exists() else 0
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def shown(place: str, root: Path) -> str:
    """Return a path below the project's root as it is written in YAML; others stay absolute."""
    path = Path(place).resolve()
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
