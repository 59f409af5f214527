"""Which column is asked, which one answers, and which ones decide the split: by names first, then by what stands there.

A name is looked for as a word in either language; where no name says it, the longest text is the question and the
column with the fewest different values the answer.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from r1tailor.proposal.cells import Column

MOST_LABELS = 60
_NEARLY_ALL = 0.95  # of the rows
_NAMES = {  # in the order of trust
    "output": (
        *("output", "answer", "response", "completion", "target", "label", "labels", "class", "category", "department"),
        *("diagnosis", "verdict", "outcome", "result", "species", "sentiment", "intent", "reply", "summary", "dx"),
        *("resolution", "solution", "decision", "disposition", "finding", "translation"),
        *("输出", "答案", "标签", "类别", "分类", "科室", "诊断", "结论", "回答", "回复", "判决", "摘要", "裁判结果"),
    ),
    "input": (
        *("input", "question", "query", "prompt", "text", "note", "notes", "content", "complaint", "description"),
        *("message", "body", "passage", "sentence", "document", "report", "context", "title", "q"),
        *("details", "detail", "dialogue", "history", "symptoms", "facts", "comment", "review", "subject"),
        *("输入", "问题", "提问", "文本", "内容", "主诉", "病历", "描述", "病史", "案情", "句子", "标题"),
    ),
    "instruction": ("instruction", "instructions", "task", "system", "指令", "任务"),
    "reasoning": (
        *("reasoning", "rationale", "explanation", "cot", "thought", "thinking", "think", "why"),
        *("推理", "理由", "解析", "思考", "分析"),
    ),
    "group": (
        *("group", "mrn", "patient", "patient_id", "subject_id", "pid", "case", "case_id", "user_id"),
        *("client", "client_id", "session", "conversation_id", "customer"),
        *("病案号", "患者编号", "患者", "住院号", "案号", "客户", "分组"),
    ),
    "date": ("date", "time", "datetime", "created", "created_at", "timestamp", "day", "日期", "时间"),
}
_WORD = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Roles:
    """Which columns have which part.

    Attributes:
        input: columns of the question, in order; several are written one under the other.
        output: column of the answer; empty where nothing answers.
        instruction: column of what is asked; empty if it is the same for all.
        reasoning: column of the reasoning before the answer.
        group: column of what must stay together (a patient, a case).
        date: column of the date on which a row was known.
        why: reason for each of them, as (English, Chinese).
    """

    input: tuple[str, ...] = ()
    output: str = ""
    instruction: str = ""
    reasoning: str = ""
    group: str = ""
    date: str = ""
    why: dict[str, tuple[str, str]] = field(default_factory=dict)


def named(role: str, name: str) -> int:
    """Return how well a column's name announces a role: the higher the better, 0 if it does not.

    A whole name comes before one that holds the word: Species before Clutch Completion.
    """
    words = _WORD.findall(name.casefold())
    whole = "_".join(words)
    for place, known in enumerate(_NAMES[role]):
        chinese = not known.isascii() and known in name
        if whole == known or known in words or chinese:
            return len(_NAMES[role]) - place + (len(_NAMES[role]) if whole == known else 0)
    return 0


def assign(columns: Sequence[Column]) -> Roles:
    """Return the roles of a table's columns; without an output, nothing in it reads as an answer."""
    free = [column for column in columns if column.filled]
    why: dict[str, tuple[str, str]] = {}
    output = _pick(free, "output", why, _answers) or _label(free, why)
    free = [column for column in free if column is not output]
    reasoning = _pick(free, "reasoning", why, lambda column: column.words)
    free = [column for column in free if column is not reasoning]
    dated = _pick(free, "date", why, lambda column: bool(column.dates)) or _dated(free, why)
    free = [column for column in free if column is not dated]
    group = _group(free, why)
    free = [column for column in free if column is not group]
    instruction = _pick(free, "instruction", why, lambda column: column.words)
    rest = [column for column in free if column is not instruction]
    asked = _input(rest, why)
    if not asked and instruction:  # the instruction is the question
        asked, instruction = (instruction.name,), None
        why["input"] = why.pop("instruction")
    chosen = {"output": output, "instruction": instruction, "reasoning": reasoning, "group": group, "date": dated}
    return Roles(asked, why=why, **{role: column.name for role, column in chosen.items() if column})


def _pick(
    columns: Sequence[Column], role: str, why: dict[str, tuple[str, str]], fits: Callable[[Column], bool]
) -> Column | None:
    """Return the column whose name announces a role best and whose cells fit it."""
    ranked = sorted(((named(role, column.name), column.name, column) for column in columns), key=lambda r: -r[0])
    for score, name, column in ranked:
        if score and fits(column):
            why[role] = f"its name says so: {name}", f"列名如此：{name}"
            return column
    return None


def _answers(column: Column) -> bool:
    """Whether cells can be answers: text, or numbers of which there are few."""
    return column.plain and not column.dates and (not column.numeric or len(column.values) <= MOST_LABELS)


def _label(columns: Sequence[Column], why: dict[str, tuple[str, str]]) -> Column | None:
    """Return the column that looks most like a closed set of answers: few values, each often."""
    closed = [column for column in columns if _answers(column) and is_closed(column)]
    worded = [column for column in closed if column.words] or closed
    if not worded:
        return None
    chosen = min(reversed(worded), key=lambda column: len(column.values))
    count = len(chosen.values)
    why["output"] = (
        f"no name says it; {chosen.name} has the fewest different values ({count})",
        f"列名未说明；{chosen.name} 的不同取值最少（{count} 个）",
    )
    return chosen


def is_closed(column: Column) -> bool:
    """Whether the values of a column are a closed set: few, repeated, and no longer than a sentence or two.

    Spellings that differ in case alone count once.
    """
    folded = {value.casefold() for value in column.values}
    most = min(MOST_LABELS, max(2, column.filled // 4))
    return 2 <= len(folded) <= most and column.length <= 200


def _dated(columns: Sequence[Column], why: dict[str, tuple[str, str]]) -> Column | None:
    found = next((column for column in columns if column.dates), None)
    if found is not None:
        why["date"] = f"its cells are dates: {found.name}", f"该列是日期：{found.name}"
    return found


def _group(columns: Sequence[Column], why: dict[str, tuple[str, str]]) -> Column | None:
    """Return the column of patients, cases or users, if its name says so and nearly every row has one."""
    filled = [column for column in columns if column.filled >= _NEARLY_ALL * column.rows]
    fits = [column for column in filled if column.plain and column.length <= 60]
    return _pick(fits, "group", why, lambda column: len(column.values) > 1)


def _input(columns: Sequence[Column], why: dict[str, tuple[str, str]]) -> tuple[str, ...]:
    """Return the question: the column that is named so, the longest text, or every column where all are short."""
    told = [column for column in columns if 2 * column.filled >= column.rows and not _code(column)]
    texts = [column for column in told if column.words]
    chosen = _pick([column for column in texts if column.distinct > 0.02], "input", why, lambda column: True)
    longest = max(texts, key=lambda column: column.length, default=None)
    if chosen is None and longest is not None and longest.length >= 20:
        chosen = longest
        why["input"] = f"the longest text: {longest.name}", f"最长的文本：{longest.name}"
    if chosen is not None:
        return (chosen.name,)
    short = [column for column in told if column.plain] or list(columns)
    if short:
        why["input"] = "no long text: all other columns together", "没有长文本：其余各列合在一起"
    return tuple(column.name for column in short)


def _code(column: Column) -> bool:
    """Whether cells are codes of their row: all different, short, and without blanks."""
    spaced = sum(" " in value for value in column.values)
    digits = sum(value.isascii() and any(map(str.isdigit, value)) for value in column.values)
    short = column.length <= 24 and not column.numeric
    numbered = re.search(r"(?:^|[_\W])(?:id|no|number|编号|序号)$", column.name.casefold()) is not None
    return (
        column.distinct == 1.0
        and column.filled > 1
        and (numbered or (short and not spaced and digits > 0.8 * len(column.values)))
    )
