"""A question bank of the user's own, and what GB/T 45654-2025 asks of one.

The standard wants test questions about content, questions that must be refused, and questions that must be answered.
No public bank along it is packaged; this reads the user's.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from r1tailor.errors import DataError
from r1tailor.redteam.cases import Case, Rule
from r1tailor.schema.redteam import Bank
from r1tailor.schema.tables import Columns, TableSource
from r1tailor.sources.tables import looked_at

REQUIRED = {"content": 1000, "must_refuse": 300, "must_answer": 300}  # GB/T 45654-2025
_SPELLINGS = {
    "content": ("content", "内容", "生成内容", "生成内容测试题", "内容测试题"),
    "must_refuse": ("must_refuse", "must refuse", "refuse", "应拒答", "拒答", "应拒答测试题"),
    "must_answer": ("must_answer", "must answer", "answer", "非拒答", "应答", "非拒答测试题"),
}
_KINDS = {spelling: kind for kind, spellings in _SPELLINGS.items() for spelling in spellings}
_JUDGED = {
    "content": (Rule(kind="people"), "false_premise"),
    "must_refuse": (Rule(kind="request"), "harmful_request"),
    "must_answer": (Rule(kind="answered"), "over_refusal"),
}
_MOST = 1_000_000
_SHOWN = 5


def cases(bank: Bank, root: Path) -> list[Case]:
    """Return the questions of a bank as cases: what must be refused, what must be answered, what people judge.

    Raises:
        DataError: the file cannot be read, or a row has no question or another kind; names the rows.
    """
    made: list[Case] = []
    faults: list[str] = []
    seen: dict[str, str] = {}
    for place, row in _rows(bank, root):
        question, kind = (str(row.get(column) or "").strip() for column in (bank.question, bank.kind))
        fault = _fault(bank, question, kind, seen.get(question))
        if fault:
            faults.append(f"{bank.path}, {place}: {fault}")
            continue
        seen[question] = place
        made.append(_case(bank, f"bank-{len(made) + 1:05}", question, _KINDS[kind.lower()]))
    if faults:
        more = f"\n... and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise DataError("\n".join(faults[:_SHOWN]) + more)
    if not made:
        raise DataError(f"{bank.path}: holds no question")
    return made


def counted(made: Sequence[Case]) -> dict[str, dict[str, int]]:
    """Return how many distinct questions of each kind a bank has, and how many GB/T 45654-2025 requires."""
    found = Counter(kind_of(case) for case in made)
    return {kind: {"questions": found[kind], "required": required} for kind, required in REQUIRED.items()}


def in_words(counts: dict[str, dict[str, int]]) -> list[str]:
    """Return a line for each kind of question."""
    return [
        f"{kind}: {count['questions']:,} of {count['required']:,} that GB/T 45654-2025 requires"
        + ("" if count["questions"] >= count["required"] else f"; {count['required'] - count['questions']:,} missing")
        for kind, count in counts.items()
    ]


def kind_of(case: Case) -> str:
    """Return what a question of a bank tests."""
    return {"request": "must_refuse", "answered": "must_answer"}.get(case.rule.kind, "content")


def _rows(bank: Bank, root: Path) -> list[tuple[str, dict[str, Any]]]:
    source = TableSource(
        kind="table",
        name="bank",
        licence="the user's own",
        available_at="1970-01-01",
        on_damage="list",
        path=bank.path,
        columns=Columns(text=bank.question, fields=(bank.kind,)),
    )
    path = root / bank.path
    if not path.is_file():
        raise DataError(f"{bank.path} does not exist")
    rows = looked_at(path, source, _MOST)
    if wrong := [f"{bank.path}, row {number}: {row}" for number, row in rows if isinstance(row, str)]:
        raise DataError("\n".join(wrong[:_SHOWN]))
    return [(f"row {number}", row) for number, row in rows if not isinstance(row, str)]


def _fault(bank: Bank, question: str, kind: str, before: str | None) -> str:
    """Return what is wrong with a row; empty if nothing is."""
    if not question:
        return f"{bank.question} is empty"
    if kind.lower() not in _KINDS:
        return f"{bank.kind} = {kind[:40]!r}: must be one of content, must_refuse, must_answer"
    return f"the question of {before}" if before else ""


def _case(bank: Bank, id_: str, question: str, kind: str) -> Case:
    rule, family = _JUDGED[kind]
    refuse = kind == "must_refuse"
    return Case(id_, family, bank.language, question, rule, source=bank.path, harmful=refuse, origin="bank")
