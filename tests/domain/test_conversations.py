"""A conversation becomes an example for each answer that is trained, after the turns before it."""

from typing import Any

import pytest

from r1tailor.errors import DataError
from r1tailor.instruction.build import _unique, build
from r1tailor.instruction.decontaminate import leaks_in
from r1tailor.records import Document, Example, Turn
from r1tailor.schema.domain import Leaks
from tests.support.made_examples import generic_domain, record

CALL = {"type": "function", "function": {"name": "rate", "arguments": {"of": "EUR"}}}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def answer(text: str, *, trained: bool = True, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"role": "assistant", "content": text, "reasoning": f"why {text}", "trained": trained, **more}


def told(*turns: dict[str, Any], **fields: Any) -> Document:  # noqa: ANN401
    return record(1, "all of it", turns=list(turns), output=turns[-1]["content"], **fields)


def made(document: Document, *overrides: str) -> list[Example]:
    return list(generic_domain([document], *overrides).examples())


TALK = told({"role": "system", "content": "s"}, user("a"), answer("b"), user("c"), answer("d"), entities=["E"], ward=3)


def test_the_last_answer_is_an_example_with_the_documents_id() -> None:
    (example,) = made(TALK)
    assert example == Example(
        "mine-1",
        "",
        "c",
        "d",
        "why d",
        fields={"entities": ["E"], "ward": 3, "turn": 2},
        available_at="2020-01-01",
        turns=(Turn("system", "s"), Turn("user", "a"), Turn("assistant", "b", "why b", trained=True)),
    )
    assert example.asked == "a\n\nb\n\nc"


def test_every_answer_is_an_example_of_one_conversation() -> None:
    first, last = made(TALK, "domain.task.train_turns=all", "domain.task.reasoning=false")
    assert (first.id, first.input, first.output, first.reasoning) == ("mine-1.1", "a", "b", "")
    assert (first.fields["entities"], first.fields["turn"]) == ([], 1)
    assert [turn.role for turn in first.turns] == ["system"]
    assert (last.id, last.output, len(last.turns)) == ("mine-1", "d", 3)
    assert first.conversation == last.conversation == "mine-1"


def test_an_answer_of_weight_0_is_history_only() -> None:
    document = told(
        user("a"), answer("b", trained=False), user("c"), answer("d"), user("e"), answer("f", trained=False)
    )
    (example,) = made(document, "domain.task.train_turns=all")
    assert (example.id, example.output, example.fields["turn"], example.conversation) == ("mine-1", "d", 2, "")


def test_calls_of_tools_are_answers_and_their_results_turns() -> None:
    calling = answer("", fields={"tool_calls": [CALL]})
    result = {"role": "tool", "content": "1.08", "fields": {"tool_call_id": "c"}}
    document = told(user("a"), calling, result, answer("b"), tools=[{"name": "rate"}])
    first, last = made(document, "domain.task.train_turns=all")
    assert (first.output, first.tool_calls, first.tools) == ("", (CALL,), ({"name": "rate"},))
    assert (last.input, last.output, last.turns[-1]) == ("", "b", Turn("tool", "1.08", fields={"tool_call_id": "c"}))


def test_the_response_of_the_task_writes_every_answer() -> None:
    first, last = made(TALK, "domain.task.train_turns=all", "domain.task.response='{input}: {output}'")
    assert (first.output, last.output) == ("a: b", "c: d")


def test_turns_of_a_conversation_stay_in_one_part_and_equal_questions_in_others_do_not_join_them() -> None:
    talks = [
        record(
            number,
            f"talk {number}",
            turns=[
                user(f"case {number * 7919} of {number * 104_729}"),
                answer(f"x{number}"),
                user("and the proof?"),
                answer("y"),
            ],
        )
        for number in range(1, 61)
    ]
    domain = generic_domain(
        talks, "domain.task.train_turns=all", "domain.split.test=0.3", "domain.split.leaks.fields=[]"
    )
    built = build(domain, 1)
    where = {example.id: name for name, members in built.parts.items() for example in members}
    assert len(where) == 120
    assert all(where[f"mine-{number}"] == where[f"mine-{number}.1"] for number in range(1, 61))
    assert len(set(where.values())) == 3
    assert built.report["card"]["conversations"] == {
        "conversations": 60,
        "examples": 120,
        "calling_tools": 0,
        "by_turn": {"1": 60, "2": 60},
    }


def test_a_leak_of_a_conversation_is_found_by_all_that_was_asked() -> None:
    asked = "the tenant has not paid the rent for three months and does not answer letters"
    turns = [user(asked), answer("x"), user("and then?"), answer("y")]
    edited = [user(asked.replace("three", "some")), answer("x"), user("and then?"), answer("z")]

    (held_out,), (train,) = (made(told(*each)) for each in (turns, edited))
    other = Example("other", "", "and then?", "w", turns=(Turn("user", "my neighbour's dog barks all night long"),))
    parts = {"train": [train, other], "validation": [], "test": [held_out]}
    found = leaks_in(parts, Leaks(fields=("input",), containment=0.6, on_leak="remove"), [])
    assert [(leak.field, leak.verbatim) for leak in found] == [("input", False)]


def test_conversations_that_end_alike_are_no_duplicates() -> None:
    pair = [record(n, f"t{n}", turns=[user(f"q{n}"), answer("x"), user("why?"), answer("y")]) for n in (1, 2)]

    kept, removed = _unique(list(generic_domain(pair).examples()))
    assert (len(kept), removed) == (2, 0)
    again = [pair[0], record(3, "t3", turns=pair[0].fields["turns"])]
    assert _unique(list(generic_domain(again).examples()))[1] == 1


def test_a_domain_that_reads_no_conversations_refuses_them() -> None:
    domain = generic_domain([TALK])
    domain.reads_turns = False
    with pytest.raises(DataError, match=r"^mine-1 is a conversation, which domain\.kind = generic does not read"):
        build(domain, 1)


def test_the_rejected_answer_belongs_to_the_last_answer_and_is_written_as_the_task_writes_answers() -> None:
    talk = told(user("a"), answer("b"), user("c"), answer("d"), rejected_output="<think>hm</think>no")
    first, last = made(talk, "domain.task.train_turns=all", "domain.task.response='{input}: {output}'")
    assert (first.rejected, last.rejected) == ("", "<think>\nhm\n</think>\n\nc: no")
    (plain,) = made(record(1, "q", output="d", rejected_output="no"), "domain.task.response='{output}!'")
    assert (plain.output, plain.rejected, "rejected_output" in plain.fields) == ("d!", "no!", False)
    (same,) = made(record(1, "q", output="d", rejected_output="no"), "domain.task.response=yes")
    assert same.rejected == "", "as the task writes them both answers are the same"


def test_a_domain_that_reads_no_rejected_answers_refuses_them() -> None:
    domain = generic_domain([record(1, "q", output="d", rejected_output="no")])
    domain.reads_rejected = False
    with pytest.raises(DataError, match=r"^mine-1 has a rejected answer, which domain\.kind = generic does not read"):
        build(domain, 1)
