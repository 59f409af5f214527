"""The domain that is proposed, as plain values in the order of the sections."""

from pathlib import Path
from typing import Any

from r1tailor.proposal import bars
from r1tailor.proposal.draft import Draft, compliance, preset, span
from r1tailor.proposal.goals import goals, metrics
from r1tailor.proposal.source import file_date, shown, source

_RULES = ["normalise_unicode", "remove_control_characters", "straighten_quotes", "collapse_whitespace"]
_LONG_SPAN = 180  # days over which the data has to reach, for a split in time to say anything


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
        "goals": goals(draft),
        "sources": [source(draft, root)],
        "cleaning": {"rules": _RULES, "privacy": _privacy(draft), "terms": None, "duplicates": None},
        "annotation": _annotation(draft),
        "task": _task(draft),
        "split": _split(draft),
    }


def _market(draft: Draft, root: Path) -> dict[str, Any]:
    """Return what differs from ``conf/domain/finance.yaml``."""
    place, say = draft.looked.place, draft.say
    prices = {
        "kind": "bars",
        "name": "prices",
        "path": shown(place, root),
        **bars.source(draft.columns, draft.name, draft.close),
        "licence": say("our own", "自有数据"),
        "available_at": file_date(place),
        "on_damage": "list",
        "permissions": bars.permissions(),
    }
    return {
        "name": draft.name,
        "title": say("An index, and the risk ahead of it", "指数走势与未来风险"),
        "sources": [prices],
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


def _privacy(draft: Draft) -> Any:  # noqa: ANN401
    chosen = preset(draft)
    return chosen if chosen in ("hipaa", "pipl") else None


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
        "reasoning": bool(draft.roles.reasoning or (draft.survey and draft.survey.reasoned)),
        "labels": list(labels.counts) if labels else None,
    }
    if named := metrics(draft):
        task["metrics"] = named
    if labels is not None:
        task["label_rules"] = {"strip": True, "fold_case": True, "outside": "drop"}
    if draft.way == "text":
        task["kind"] = "text"
        task["passage_characters"] = draft.passage
    if draft.way == "passages":
        task |= {"response": "{title}", "passage_characters": 120 if draft.say.language == "zh" else 400}
    if draft.survey is not None and draft.survey.turns > 2:
        task["train_turns"] = "all"
    return task


def divided_by(draft: Draft) -> str:
    """Return what divides the examples: time where the data spans half a year and names no groups."""
    return draft.by or ("time" if span(draft) >= _LONG_SPAN and not draft.roles.group else "similarity")


def _split(draft: Draft) -> dict[str, Any]:
    validation, test = draft.shares
    if draft.way == "text":
        fields = ["output"]  # the text itself
    else:
        fields = ["input", "output", "reasoning"] if draft.labels is None and draft.answered else ["input"]
    return {
        "validation": validation,
        "test": test,
        "similarity": 0.80,
        "by": divided_by(draft),
        "leaks": {"fields": fields, "containment": 0.75, "on_leak": "remove"},
    }
