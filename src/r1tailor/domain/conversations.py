"""A conversation becomes examples: one for each answer that is trained, with the turns before it.

Every answer is seen as inference will see it: after its history, without the reasoning of earlier answers
(``instruction/template.py``). Which answers are trained is ``task.train_turns`` and the record's own choice: a turn
with weight 0 is history only.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from r1tailor.domain.base import written
from r1tailor.records import Document, Example, Turn
from r1tailor.schema.domain import Task
from r1tailor.thinking import marked, parted


def turned(document: Document, fields: Mapping[str, Any], kept: Mapping[str, Any], task: Task) -> Iterator[Example]:
    """Yield the examples of a document that holds ``turns``.

    The last answer has the document's id, each before it ``<id>.<number>``; ``fields["turn"]`` is that number, from 1.
    ``entities`` are what the last answer must mention.

    Args:
        document: of which the turns are.
        fields: its fields, each there.
        kept: what examples keep of them.
        task: ``train_turns``, ``instruction``, ``response`` and ``reasoning`` are read.
    """
    turns = [Turn(**(turn if task.keeps_reasoning else turn | {"reasoning": ""})) for turn in fields["turns"]]
    answers = [place for place, turn in enumerate(turns) if turn.role == "assistant"]
    trained = [place for place in answers if turns[place].trained]
    chosen = trained if task.train_turns == "all" else trained[-1:]
    for place in chosen:
        last = place == chosen[-1]
        number = 1 + answers.index(place)
        output, asked = _output(turns[place], turns[:place], task), asked_after(turns[:place])
        yield Example(
            id=document.id if last else f"{document.id}.{number}",
            instruction=task.instruction,
            **asked,
            output=output,
            reasoning=turns[place].reasoning,
            group=fields["group"],
            fields={**kept, "entities": kept["entities"] if last else [], "turn": number},
            available_at=document.available_at,
            tools=tuple(fields.get("tools", ())),
            tool_calls=tuple(turns[place].fields.get("tool_calls", ())),
            conversation=document.id if len(chosen) > 1 else "",
            rejected=rejected_answer(asked["input"], fields, task, output) if place == len(turns) - 1 else "",
        )


def rejected_answer(question: str, fields: Mapping[str, Any], task: Task, output: str) -> str:
    """Return the answer of a record that ``output`` is preferred to, as the task writes answers; empty without one.

    It is empty, too, where the task writes both alike.

    Args:
        question: of the record.
        fields: of the record; ``rejected_output`` is read.
        task: ``response`` and ``reasoning`` are read.
        output: the reference answer.
    """
    rejected = fields.get("rejected_output", "")
    if not rejected:
        return ""
    thought, said = parted(rejected)
    answer = written(task, {"input": question, **fields, "output": said, "reasoning": thought})
    return "" if answer == output else marked(thought if task.keeps_reasoning else "", answer)


def asked_after(before: list[Turn]) -> dict[str, Any]:
    """Return the question that an answer follows, and the turns before it; a tool's result is a turn, no question."""
    if before[-1].role == "user" and not before[-1].fields:
        return {"input": before[-1].content, "turns": tuple(before[:-1])}
    return {"input": "", "turns": tuple(before)}


def _output(turn: Turn, before: list[Turn], task: Task) -> str:
    """Return the reference answer; what a turn writes next to the calls of tools stands as it is."""
    if turn.fields.get("tool_calls"):
        return turn.content
    question = next((earlier.content for earlier in reversed(before) if earlier.role == "user"), "")
    return written(task, {"input": question, "output": turn.content, "reasoning": turn.reasoning})
