"""Why each value of a draft is what it is: as comments in the YAML, and as decisions on the terminal."""

from collections.abc import Iterator

from r1tailor.proposal import bars
from r1tailor.proposal import labels as closed
from r1tailor.proposal.draft import KEY, Draft, preset, repeated, span
from r1tailor.proposal.goals import metric, metrics, reason
from r1tailor.proposal.tongue import Decision
from r1tailor.proposal.values import divided_by

_WAYS = {
    "text": (
        "continue pre-training on the text: loss on all tokens",
        "在文本上继续预训练：所有词元都计损失",
    ),
    "passages": ("name the section that a passage comes from", "指出一段文字出自哪一节"),
    "annotate": ("people label the documents first: r1tailor tasks", "先由人标注：r1tailor tasks"),
}


def header(draft: Draft, place: str) -> str:
    """Return the comment that opens the file: who uses the model for what, and what was decided."""
    say = draft.say
    users = draft.wishes.users or say(
        "not said; write here who uses the model, and for what", "未说明；请写明谁用它做什么"
    )
    lines = [
        say(f"Proposed by: r1tailor propose {place}", f"由 r1tailor propose {place} 提出"),
        say(f"Used by: {users}", f"用途：{users}"),
        *map(str, decisions(draft)),
    ]
    return "\n".join(lines)


def decisions(draft: Draft) -> list[Decision]:
    """Return what was decided about the data, in the order of the sections."""
    if draft.close:
        return [*_reading(draft), *_market(draft)]
    return [*_reading(draft), *_roles(draft), *_labels(draft), *_people(draft), *_split(draft)]


def _reading(draft: Draft) -> Iterator[Decision]:
    looked, say = draft.looked, draft.say
    many = say(f", {looked.files} files", f"，{looked.files} 个文件") if looked.files > 1 else ""
    yield Decision(say("material", "材料"), f"{looked.shape} ({looked.suffix or 'url'}{many})")
    if looked.others:
        listed = ", ".join(looked.others[:5]) + (", …" if len(looked.others) > 5 else "")
        yield Decision(say("not read", "未读"), listed, say(f"not {looked.suffix}", f"不是 {looked.suffix}"))
    for name, value in looked.reader.items():
        if name in looked.said:
            shown = str(value) if name != "separator" else repr(value)
            yield Decision(name, shown, draft.in_words(looked.said[name]))
    if looked.faults:
        count, first = len(looked.faults), looked.faults[0]
        yield Decision(say("unreadable", "无法读取"), say(f"{count} rows", f"{count} 行"), first)
    if same := repeated(list(draft.columns.values())):
        yield Decision(
            say("constant", "常数列"), ", ".join(same), say("the same in each row; not used", "每行相同，不使用")
        )
    yield Decision(say("language", "语言"), draft.wishes.language or draft.say.language)


def _market(draft: Draft) -> Iterator[Decision]:
    say, found = draft.say, bars.source(draft.columns, draft.name, draft.close)
    why = say("one date and figures: daily prices", "只有日期与数字：日行情")
    yield Decision(say("kind", "类型"), "finance", why)
    yield Decision(say("index", "指数"), draft.close, say("closing prices", "收盘价"))
    yield Decision(
        say("dates", "日期"), found["columns"]["date"], say(f"from {found['since']}", f"自 {found['since']}")
    )
    if "thousands" in found:
        yield Decision("thousands", repr(found["thousands"]), say("numbers are written so", "数字如此书写"))
    others = [name for name in draft.columns if name not in (draft.close, found["columns"]["date"])]
    if others:
        yield Decision(say("not used", "未使用"), ", ".join(others))


def _roles(draft: Draft) -> Iterator[Decision]:
    roles, say = draft.roles, draft.say
    for role in ("instruction", "input", "output", "reasoning", "group", "date"):
        chosen = getattr(roles, role)
        if chosen:
            shown = ", ".join(chosen) if isinstance(chosen, tuple) else chosen
            yield Decision(role, shown, draft.in_words(roles.why[role]) if role in roles.why else "")
    unused = [name for name in draft.columns if name not in used(draft)]
    if unused:
        yield Decision(say("not used", "未使用"), ", ".join(unused[:12]) + (", …" if len(unused) > 12 else ""))
    if draft.way:
        others = [way for way in _WAYS if way != draft.way]
        yield Decision(
            say("no answers", "没有答案"),
            f"--way {draft.way}: {draft.in_words(_WAYS[draft.way])}",
            say("or ", "或 ") + "; ".join(f"--way {way}: {draft.in_words(_WAYS[way])}" for way in others),
        )


def used(draft: Draft) -> set[str]:
    """Return the columns that have a part."""
    roles = draft.roles
    return {*roles.input, roles.output, roles.instruction, roles.reasoning, roles.group, roles.date}


def _labels(draft: Draft) -> Iterator[Decision]:
    labels, say = draft.labels, draft.say
    if labels is None:
        return
    yield Decision(say("labels", "标签"), closed.shown(labels.counts), say("a closed set", "封闭集合"))
    if labels.folded:
        folded = "; ".join(f"{', '.join(map(repr, odd))} -> {label}" for label, odd in labels.folded.items())
        yield Decision(say("folded", "合并写法"), folded)
    if labels.nothing:
        odd = ", ".join(f"{spelling!r} {count}" for spelling, count in labels.nothing.items())
        yield Decision(say("no label", "缺标签"), odd, say("these rows are left out", "这些行不使用"))
    if labels.few:
        yield Decision(
            say("few items", "样本过少"),
            closed.shown(labels.few),
            say("too few to learn or to measure: merge them, or collect more", "太少，学不会也测不出：合并或补充"),
        )


def _people(draft: Draft) -> Iterator[Decision]:
    found, say = draft.survey, draft.say
    if found is None:
        return
    if found.identifiers:
        rates = ", ".join(f"{kind} {100 * count / found.sampled:.0f} %" for kind, count in found.identifiers.items())
        yield Decision(
            say("identifiers", "个人标识"), rates, say(f"of {found.sampled} documents", f"抽查 {found.sampled} 篇")
        )
    chosen = preset(draft)
    why = (
        say("identifiers are frequent", "个人标识频繁出现")
        if found.identifies
        else say("few identifiers", "个人标识很少")
    )
    yield Decision(say("preset", "合规预设"), chosen, say("asked for", "按要求") if draft.wishes.preset else why)
    if found.reasoned:
        yield Decision(say("reasoning", "推理"), say(f"in {found.reasoned} answers", f"{found.reasoned} 条答案带推理"))
    if found.turns:
        yield Decision(say("turns", "轮次"), f"{found.turns:.1f}", say("mean of a conversation", "每段对话平均"))


def _split(draft: Draft) -> Iterator[Decision]:
    say, days, group = draft.say, span(draft), draft.roles.group
    column = draft.columns.get(group)
    if group and column is not None and len(column.values) < column.filled:
        why = say(f"rows of one {group} stay together", f"同一{group}的行不拆开")
    elif group:
        why = say(f"each {group} occurs once; near-identical rows stay together", f"{group} 各不相同；近似的行不拆开")
    elif days and divided_by(draft) == "time":
        why = say(f"the dates span {days} days", f"日期跨度 {days} 天")
    else:
        why = say("near-identical records stay together", "近似的记录不拆开")
    named = [name for name in metrics(draft) if name != metric(draft)]
    yield Decision(say("metrics", "指标"), ", ".join([metric(draft), *named]), reason(draft))
    if draft.passage:
        why = say("few documents: parts of them are held out", "文档少：按片段留出")
        yield Decision(say("pieces", "片段"), say(f"{draft.passage} characters", f"{draft.passage} 字"), why)
    validation, test = draft.shares
    shares = say(f"{validation:.0%} validation, {test:.0%} test", f"验证 {validation:.0%}，测试 {test:.0%}")
    yield Decision(say("split", "划分"), shares, why)


def comments(draft: Draft) -> dict[str, str]:
    """Return the comment of each value, by its dotted key."""
    say = draft.say
    reasons = {
        "compliance": say("or none, hipaa, securities", "或 none、hipaa、securities"),
        "goals.metric": say("docs: reference/metrics", "见 reference/metrics"),
        "sources.licence": say("write under which terms the data is used", "请写明数据的使用条件"),
        "sources.available_at": say("date of the file", "文件日期"),
        "sources.on_damage": say("damaged rows are counted and listed; or stop", "坏行计数并列出；或 stop"),
        "cleaning.privacy": say(f"needs the variable {KEY}", f"需要变量 {KEY}") if preset(draft) != "none" else "",
        "task.instruction": say("say it in your words", "请用自己的话改写"),
        "task.labels": say("the most frequent spelling of each", "各取最常见的写法"),
        "task.label_rules": say("rows outside the set are dropped and counted", "集合之外的行计数后舍弃"),
        "split.by": "; ".join(decision.why for decision in decisions(draft) if decision.what in ("split", "划分")),
        "annotation": "" if draft.way == "annotate" else say("people's labels; none", "人工标注；无"),
    }
    return {key: comment for key, comment in reasons.items() if comment}
