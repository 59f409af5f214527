"""The domain that is proposed: its values, and the reason of each in a comment."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from r1tailor.proposal import bars
from r1tailor.proposal.cells import Column, as_date
from r1tailor.proposal.labels import Labels
from r1tailor.proposal.look import Looked
from r1tailor.proposal.roles import Roles
from r1tailor.proposal.survey import Survey
from r1tailor.proposal.tongue import Tongue
from r1tailor.proposal.wishes import Wishes

KEY = "R1TAILOR_PRIVACY_KEY"
_RULES = ["normalise_unicode", "remove_control_characters", "straighten_quotes", "collapse_whitespace"]
_YEAR_FIRST = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日")
_MISSING = ("NaN", "nan", "NULL", "null", "<NA>", "#N/A")  # what a table takes for empty by itself
_LONG_SPAN = 180  # days over which the data has to reach, for a split in time to say anything
_LONGEST_EXACT = 40  # characters of a mean answer that can be expected word for word


@dataclass(frozen=True)
class Draft:
    """All that a proposal rests on.

    Attributes:
        looked: what lies at the place.
        name: of the domain.
        columns: of a table, what stands in each.
        roles: of a table, which column has which part.
        labels: the closed set of answers, if there is one.
        wishes: what a person said.
        say: the language of reasons.
        survey: what the documents hold; None before they were read.
        close: of a table of daily figures, the column of closing prices.
        shares: of validation and test.
        gated: whether the preset may also stop the data, where it is a gate.
    """

    looked: Looked
    name: str
    wishes: Wishes
    say: Tongue
    columns: Mapping[str, Column] = field(default_factory=dict)
    roles: Roles = field(default_factory=Roles)
    labels: Labels | None = None
    survey: Survey | None = None
    close: str = ""
    shares: tuple[float, float] = (0.1, 0.2)
    gated: bool = True

    @property
    def answered(self) -> bool:
        """Whether there is something to learn an answer from."""
        return bool(self.roles.output or self.close) or self.looked.shape == "records"

    @property
    def way(self) -> str:
        """What is done with documents without answers; empty where there are answers."""
        return "" if self.answered else self.wishes.way or "text"

    def in_words(self, pair: tuple[str, str]) -> str:
        """Return a reason in the draft's language."""
        return self.say(*pair)


def name_of(place: str) -> str:
    """Return a name for a domain, from that of a file, folder or database.

    >>> name_of("exports/Triage Notes (final).csv"), name_of("data/门诊.csv")
    ('triage_notes_final', 'mine')
    """
    stem = Path(place.partition("?")[0].rstrip("/")).stem
    plain = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")[:60]
    return plain if plain and plain not in ("registry", "runs", "serving", "sweeps", "tasks") else "mine"


def option(draft: Draft) -> str:
    """Return the option of ``conf/domain`` that a draft starts from."""
    return "finance" if draft.close else "generic"


def defaults(draft: Draft) -> str:
    """Return the defaults of the YAML: a domain that it inherits from, or settings that follow the data."""
    inherited = "finance" if draft.close else "learning@_global_: auto  # passes, rate and layers follow the data"
    return f"defaults:\n  - {inherited}\n  - _self_"


def values(draft: Draft, root: Path) -> dict[str, Any]:
    """Return the domain as plain values, in the order of the sections."""
    if draft.close:
        return _market(draft, root)
    return {
        "kind": "titled_passages" if draft.way == "passages" else "generic",
        "name": draft.name,
        "title": _title(draft),
        "language": draft.wishes.language or draft.say.language,
        "compliance": compliance(draft),
        "goals": _goals(draft),
        "sources": [_source(draft, root)],
        "cleaning": {"rules": _RULES, "privacy": _privacy(draft), "terms": None, "duplicates": None},
        "annotation": _annotation(draft),
        "task": _task(draft),
        "split": _split(draft),
    }


def _market(draft: Draft, root: Path) -> dict[str, Any]:
    """Return what differs from ``conf/domain/finance.yaml``."""
    place, say = draft.looked.place, draft.say
    source = {
        "kind": "bars",
        "name": "prices",
        "path": _shown(place, root),
        **bars.source(draft.columns, draft.name, draft.close),
        "licence": say("our own", "自有数据"),
        "available_at": _file_date(place),
        "on_damage": "list",
        "permissions": bars.permissions(),
    }
    return {
        "name": draft.name,
        "title": say("An index, and the risk ahead of it", "指数走势与未来风险"),
        "sources": [source],
        "task": bars.task(),
        "split": bars.split(draft.columns),
    }


def _title(draft: Draft) -> str:
    if draft.roles.output and draft.looked.shape in ("table", "database"):
        asked = ", ".join(draft.roles.input)
        return draft.say(f"{draft.roles.output} for {asked}", f"由{asked}判断{draft.roles.output}")[:120]
    return draft.say(f"{draft.name}: {draft.looked.shape}", f"{draft.name}：{_SHAPES_ZH[draft.looked.shape]}")


_SHAPES_ZH = {
    "table": "表格",
    "records": "对话",
    "documents": "文档",
    "judgments": "裁判文书",
    "pubmed": "文献",
    "jats": "论文",
    "database": "数据库",
}


def preset(draft: Draft) -> str:
    """Return the regulation that the data is taken to be under."""
    if draft.wishes.preset:
        return draft.wishes.preset
    if draft.survey is None or not draft.survey.identifies:
        return "none"
    return "pipl" if draft.say.language == "zh" else "hipaa"


def compliance(draft: Draft) -> str:
    """Return the value of ``compliance``: the preset, unless its gate would stop the data."""
    return preset(draft) if draft.gated else "none"


def _privacy(draft: Draft) -> Any:  # noqa: ANN401
    chosen = preset(draft)
    return chosen if chosen in ("hipaa", "pipl") else None


def metric(draft: Draft) -> str:
    """Return the metric of the goal: labels where there is a closed set, words where answers are short."""
    if not draft.answered:
        return "title_accuracy" if draft.way == "passages" else "perplexity"
    if draft.labels is not None:
        return "label_accuracy"
    long = draft.survey is None or draft.survey.length > _LONGEST_EXACT
    return "bleu" if long else "exact_match"


def _goals(draft: Draft) -> list[dict[str, Any]]:
    measured = metric(draft)
    limit = "at_most" if measured == "perplexity" else "at_least"
    proposed, why = _threshold(draft, measured)
    given = draft.wishes.threshold
    return [{"metric": measured, limit: proposed if given is None else given, "why": draft.wishes.why or why}]


def _threshold(draft: Draft, measured: str) -> tuple[float, str]:
    say = draft.say
    if measured == "label_accuracy" and draft.labels is not None:
        top, share = next(iter(draft.labels.counts)), draft.labels.majority
        return round((1 + share) / 2, 2), say(
            f"always answering {top} is right for {share:.2f} of the items; halfway from there to no error",
            f"始终回答“{top}”已有 {share:.2f} 的正确率；目标取其与全对之间的中点",
        )
    if measured == "title_accuracy":
        return 0.5, say("whoever knows the material tells its documents apart", "熟悉材料的人能分辨各篇文档")
    if measured == "exact_match":
        return 0.5, say("every second answer must stand as it is", "至少一半答案可直接使用")
    if measured == "bleu":
        return 0.2, say(
            "below it the wording has little in common with the reference", "低于此值，措辞与参考答案差别过大"
        )
    return 20.0, say("the model must expect the wording of the material", "模型应能预期材料的措辞")


def _source(draft: Draft, root: Path) -> dict[str, Any]:
    looked = draft.looked
    common = {
        "name": draft.name,
        "licence": draft.say("our own", "自有数据"),
        "available_at": _file_date(looked.place),
        "on_damage": "list",
    }
    where = {"path": _shown(looked.place, root)}
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


def _annotation(draft: Draft) -> Any:  # noqa: ANN401
    if draft.way != "annotate":
        return None
    return {
        "scheme": {"kind": "shipped", "name": "legal" if draft.looked.shape == "judgments" else "medical"},
        "exports": [],
        "gate": {"kappa": 0.80, "lower_bound": 0.67, "items": 50, "resamples": 1000, "confidence": 0.95},
        "merge": "exact",
        "adjudication": None,
    }


def instruction(draft: Draft) -> str:
    """Return what the model is asked, for records without an instruction of their own."""
    if draft.wishes.instruction or draft.roles.instruction or draft.looked.shape == "records":
        return draft.wishes.instruction
    if not draft.answered:
        asked = draft.say("Name the document that this passage is from.", "请指出这段文字出自哪份文档。")
        return asked if draft.way == "passages" else ""
    asked, answer = ", ".join(draft.roles.input), draft.roles.output
    if len(asked) > 80:
        asked = draft.say("this record", "这条记录")
    return draft.say(f"Give the {answer} for this {asked}.", f"请根据下面的{asked}给出{answer}。")


def _task(draft: Draft) -> dict[str, Any]:
    labels = draft.labels
    task: dict[str, Any] = {
        "instruction": instruction(draft),
        "response": "{output}",
        "reasoning": "keep" if draft.roles.reasoning or (draft.survey and draft.survey.reasoned) else "unsupervised",
        "labels": list(labels.counts) if labels else None,
    }
    if labels is not None:
        task["label_rules"] = {"strip": True, "fold_case": True, "outside": "drop"}
    if draft.way == "text":
        task["kind"] = "text"
    if draft.way == "passages":
        task |= {"response": "{title}", "passage_characters": 120 if draft.say.language == "zh" else 400}
    if draft.survey is not None and draft.survey.turns > 2:
        task["train_turns"] = "all"
    return task


def _split(draft: Draft) -> dict[str, Any]:
    validation, test = draft.shares
    if draft.way == "text":
        fields = ["output"]  # the text itself
    else:
        fields = ["input", "output", "reasoning"] if draft.labels is None and draft.answered else ["input"]
    by = "time" if span(draft) >= _LONG_SPAN and not draft.roles.group else "similarity"
    return {
        "validation": validation,
        "test": test,
        "similarity": 0.80,
        "by": by,
        "leaks": {"fields": fields, "containment": 0.75, "on_leak": "remove"},
    }


def span(draft: Draft) -> int:
    """Return how many days lie between the first and the last date of the table; 0 without dates."""
    column = draft.columns.get(draft.roles.date)
    if column is None or not column.dates:
        return 0
    found = [day for text in column.values if (day := as_date(text, column.dates))]
    return (max(found) - min(found)).days if found else 0


def _file_date(place: str) -> str:
    path = Path(place)
    seconds = path.stat().st_mtime if path.exists() else 0
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _shown(place: str, root: Path) -> str:
    path = Path(place).resolve()
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def repeated(columns: Sequence[Column]) -> list[str]:
    """Return the columns whose cells are all the same."""
    return [column.name for column in columns if column.filled > 1 and len(column.values) == 1]
