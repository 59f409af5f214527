"""A place becomes a draft: what is found there, and what a person says where it cannot be known."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from r1tailor import config
from r1tailor.config_messages import did_you_mean
from r1tailor.errors import DataError, UserError
from r1tailor.proposal.bars import closes
from r1tailor.proposal.cells import Column, described
from r1tailor.proposal.draft import Draft, name_of, preset
from r1tailor.proposal.labels import Labels, labels_of
from r1tailor.proposal.look import Looked, look
from r1tailor.proposal.roles import Roles, assign, is_closed
from r1tailor.proposal.survey import answers_of, language, survey
from r1tailor.proposal.tongue import Tongue
from r1tailor.proposal.values import instruction, values
from r1tailor.proposal.wishes import PRESETS, WAYS, Asker, Wishes
from r1tailor.records import Document

_SAMPLE = 300  # rows whose language is looked at


def opened(place: str, wishes: Wishes, ask: Asker, query: str = "") -> Draft:
    """Return the draft for a place, as far as it follows from looking at it.

    Raises:
        DataError: there is nothing that can be read.
        UserError: a column that a person named is not there.
    """
    looked = look(place, query)
    say = Tongue("zh" if _language(looked, wishes) == "zh" else "en")
    name = wishes.name or ask(say("name of the domain", "领域名称"), name_of(place))
    wishes = replace(wishes, name=name)
    if looked.shape not in ("table", "database"):
        _refuse_columns(looked, wishes)
        return _asked_way(Draft(looked, name, wishes, say, roles=_of_keys(looked.columns)), ask)
    columns = {column: described(column, looked.rows) for column in looked.columns}
    if (close := closes(columns)) and not wishes.output:
        return Draft(looked, name, wishes, say, columns, close=close)
    roles = _corrected(assign(list(columns.values())), columns, wishes)
    roles = _asked(roles, columns, ask, say)
    labels = _labels(looked, columns, roles)
    if not roles.input:
        raise DataError(f"{place}: no column holds anything that a model could read")
    return _asked_way(Draft(looked, name, wishes, say, columns, roles, labels), ask)


def _refuse_columns(looked: Looked, wishes: Wishes) -> None:
    """Refuse columns that were named for material without columns, or in a format that has its own keys."""
    for option in ("input", "output", "group"):
        if getattr(wishes, option):
            form = looked.reader.get("format", looked.shape)
            raise UserError(f"--{option} names a column of a table; {looked.place} is read as {form}")


def _language(looked: Looked, wishes: Wishes) -> str:
    cells = (str(cell) for row in looked.rows[:_SAMPLE] for cell in row.values() if cell is not None)
    return wishes.language or language(cells)


def _of_keys(keys: Sequence[str]) -> Roles:
    """Return the roles of records in a known format: their keys are called so."""
    parts = [part for part in ("instruction", "output", "reasoning", "group") if part in keys]
    return Roles(("input",) if "input" in keys else (), **{part: part for part in parts})  # type: ignore[arg-type]


def _of_answers(answers: Sequence[str]) -> Labels | None:
    """Return the closed set that the answers of records are, once their reasoning is taken out."""
    rows = [{"output": answer} for answer in answers]
    return labels_of(rows, "output") if rows and is_closed(described("output", rows)) else None


def _labels(looked: Looked, columns: dict[str, Column], roles: Roles) -> Labels | None:
    column = columns.get(roles.output)
    return labels_of(looked.rows, column.name) if column is not None and is_closed(column) else None


def _corrected(roles: Roles, columns: dict[str, Column], wishes: Wishes) -> Roles:
    """Return the roles with the columns that a person named."""
    given = {"input": wishes.input, "output": wishes.output, "group": wishes.group}
    for role, named in given.items():
        for column in (named,) if isinstance(named, str) else named:
            if column and column not in columns:
                meant = did_you_mean(column, columns)
                raise UserError(
                    f"--{role} {column}: no such column; there are {', '.join(columns)}{meant and '.' + meant}"
                )
    chosen = {role: named for role, named in given.items() if named}
    said = dict.fromkeys(chosen, ("as you said", "按您所说"))
    taken = {*wishes.input, wishes.output, wishes.group}
    freed = {
        role: "" for role in ("output", "reasoning", "instruction", "group", "date") if getattr(roles, role) in taken
    }
    left = tuple(column for column in roles.input if column not in taken)
    changed: dict[str, Any] = {"input": left, **freed, **chosen}
    return replace(roles, **changed, why={**roles.why, **said})


def _asked(roles: Roles, columns: dict[str, Column], ask: Asker, say: Tongue) -> Roles:
    names = [*columns, "-"]
    output = ask(say("column of the answer, - for none", "答案所在的列，没有则填 -"), roles.output or "-", names)
    asked = ask(say("columns of the question", "问题所在的列"), ", ".join(roles.input) or "-", list(columns))
    group = ask(
        say("column of what stays together, - for none", "需保持在一起的分组列，没有则填 -"), roles.group or "-", names
    )
    if asked == (", ".join(roles.input) or "-"):
        chosen = roles.input
    else:
        chosen = tuple(part.strip() for part in asked.split(","))
    kept = tuple(column for column in chosen if column != output)
    return replace(
        roles,
        input=kept,
        output=output.replace("-", "") if output == "-" else output,
        group="" if group == "-" else group,
    )


def _asked_way(draft: Draft, ask: Asker) -> Draft:
    say = draft.say
    if draft.answered and draft.wishes.way:
        answers = draft.roles.output or "its records"
        raise UserError(f"--way {draft.wishes.way} is for documents without answers; here {answers} answers")
    if draft.answered:
        return draft
    question = say(
        "no answers here: annotate, passages (name where a passage is from), text (continue pre-training)",
        "没有答案：annotate 标注、passages 指出段落出处、text 继续预训练",
    )
    return replace(draft, wishes=replace(draft.wishes, way=ask(question, draft.way, WAYS)))


def settled(draft: Draft, documents: Sequence[Document], ask: Asker) -> Draft:
    """Return the draft with what its documents hold, and what a person says to it."""
    found = survey(documents)
    if draft.looked.shape == "records" or (draft.labels is None and found.reasoned):
        single = [document for document in documents if _answers_once(document)]
        draft = replace(draft, labels=_of_answers([*answers_of(single)]))
    if not draft.wishes.language and not draft.looked.rows:
        draft = replace(draft, say=Tongue("zh" if found.language == "zh" else "en"))
    draft = replace(draft, survey=found)
    say = draft.say
    chosen = ask(say("regulation", "合规要求"), preset(draft), PRESETS)
    asked = ask(say("what the model is asked", "向模型提出的任务"), instruction(draft)) if instruction(draft) else ""
    users = draft.wishes.users or ask(say("who uses it, for what", "谁用它做什么"), "")
    draft = replace(draft, wishes=replace(draft.wishes, preset=_said(chosen, draft), instruction=asked, users=users))
    goal = values(draft, config.ROOT)["goals"][0]
    threshold = goal.get("at_least", goal.get("at_most"))
    given = ask(say(f"goal: {goal['metric']} of", f"目标：{goal['metric']}"), f"{threshold:g}")
    why = ask(say("what goes wrong below it", "达不到会怎样"), goal["why"])
    return replace(draft, wishes=replace(draft.wishes, threshold=_number(given), why=why))


def _answers_once(document: Document) -> bool:
    return [turn["role"] for turn in document.fields.get("turns", ())].count("assistant") <= 1


def _said(chosen: str, draft: Draft) -> str:
    """Return a preset only where a person chose it, so that its reason says so."""
    return chosen if draft.wishes.preset or chosen != preset(draft) else ""


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UserError(f"{text!r} is no number") from error
