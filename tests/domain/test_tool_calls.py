"""Calls of tools are read in the forms that templates write, and compared as JSON."""

import pytest

from r1tailor.domain.base import Domain
from r1tailor.domain.tool_calls import called, calls_in
from r1tailor.records import Document, Example, Prediction
from tests.support.made_examples import FACTS, generic_domain

CALL = {"type": "function", "function": {"name": "dose", "arguments": {"kg": 5, "drug": "甲"}}}
WANTED = [("dose", '{"drug": "甲", "kg": 5}')]
FORMS = [
    '<tool_call>\n{"name": "dose", "arguments": {"drug": "甲", "kg": 5.0}}\n</tool_call>',
    'I look it up. {"name": "dose", "parameters": {"kg": 5, "drug": "甲"}}',
    '[TOOL_CALLS] [{"name": "dose", "arguments": {"kg": 5, "drug": "甲"}}]',
    '{"function": {"name": "dose", "arguments": "{\\"kg\\": 5, \\"drug\\": \\"甲\\"}"}}',
    "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>dose\n```json\n"
    '{"kg": 5, "drug": "甲"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>dose<｜tool▁sep｜>{"kg": 5, "drug": "甲"}<｜tool▁call▁end｜>',
]


@pytest.mark.parametrize("text", FORMS)
def test_the_forms_of_templates_are_one(text: str) -> None:
    assert calls_in(text) == called([CALL]) == WANTED


@pytest.mark.parametrize("text", ["", "no call", "{", '{"name": "dose"}', "[1, {]", '{"a": {"b": 1}}', "[" * 100_000])
def test_what_is_no_call_is_none(text: str) -> None:
    assert calls_in(text) == []


def test_two_calls_are_both_found() -> None:
    assert calls_in(FORMS[0] + '\n<tool_call>{"name": "stop", "arguments": {}}</tool_call>') == [
        *WANTED,
        ("stop", "{}"),
    ]


def _domain(*overrides: str) -> Domain:
    calling = {"role": "assistant", "content": "", "trained": True, "fields": {"tool_calls": [CALL]}}
    turns = [{"role": "user", "content": "dose?"}, calling]
    fields = {"instruction": "", "reasoning": "", "group": "", "entities": [], "output": "", "turns": turns}
    return generic_domain([Document("d", "dose?", position="line 1", fields=fields, **FACTS)], *overrides)


@pytest.mark.parametrize(
    ("answer", "calls", "names"),
    [
        (FORMS[0], 1.0, 1.0),
        (f"<think>\n{FORMS[1]}\n</think>\n\n{FORMS[2]}", 1.0, 1.0),
        ('{"name": "dose", "arguments": {"kg": 50, "drug": "甲"}}', 0.0, 1.0),
        ('{"name": "stop", "arguments": {"kg": 5, "drug": "甲"}}', 0.0, 0.0),
        (FORMS[0] * 2, 0.0, 0.0),
        ("5 mg", 0.0, 0.0),
        ("", 0.0, 0.0),
    ],
)
def test_an_answer_that_calls_tools_is_scored_by_its_calls_alone(answer: str, calls: float, names: float) -> None:
    domain = _domain()
    (example,) = domain.examples()
    assert {"tool_calls", "tool_names"} <= {metric.name for metric in domain.metrics}
    found = domain.scores(example, Prediction(example.id, answer, 0.0, 1, ""))
    assert found == {"tool_calls": calls, "tool_names": names}


def test_an_answer_in_words_is_scored_as_ever_and_a_domain_without_calls_measures_none() -> None:
    said = Example("e", "", "q", "5 mg", fields={"entities": []})
    assert _domain().scores(said, Prediction("e", "5 mg", 0.0, 1, "")) == {"exact_match": 1.0}
    assert "tool_calls" not in {metric.name for metric in generic_domain([]).metrics}
    named = _domain("domain.task.metrics=[{name: tool_calls, called: right}]").metrics
    assert [metric.name for metric in named if "tool" in metric.name or metric.name == "right"] == [
        "right",
        "tool_names",
    ]
