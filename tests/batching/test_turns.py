"""A conversation trained turn by turn: each answer as inference will see it, their shared history once in a row."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from r1tailor import config
from r1tailor.batching.packing import pack
from r1tailor.batching.tokens import ChatTokenizer, tokenize
from r1tailor.errors import DataError
from r1tailor.model import families, load
from r1tailor.record_files import read_examples, write_records
from r1tailor.records import Example, Turn
from tests.batching.test_packing import assert_equal, one_by_one, packed, pair

ARGUMENTS = {"of": "EUR", "at": [1, 2]}
CALL = {"type": "function", "function": {"name": "rate", "arguments": ARGUMENTS}}
TOOL = {"type": "function", "function": {"name": "rate", "parameters": {"type": "object"}}}
END = "<|im_end|>\n"
CHATML = (  # with tools, thinking and a date, as templates of our day have them
    "{% if tools %}<|im_start|>system\nTools: {{ tools | tojson }}" + END + "{% endif %}"
    "{% if dated is defined %}{{ date_string if date_string is defined else strftime_now('%d %b %Y') }}\n{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content or '' }}"
    "{% for call in message.tool_calls or [] %}<tool_call>{{ call.function | tojson }}</tool_call>{% endfor %}"
    + END
    + "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)
R1_TOOLS = (  # R1 writes the arguments of a call as text, and opens <think> behind every prompt
    "{% for message in messages %}{% if message.role == 'assistant' and message.tool_calls %}<｜Assistant｜>"
    "{% for call in message.tool_calls %}{{ 'calls ' + call.function.name + '\n' + call.function.arguments }}"
    "{% endfor %}"
    "{{ eos_token }}{% elif message.role == 'assistant' %}{{ '<｜Assistant｜>' + message.content + eos_token }}"
    "{% else %}{{ '<｜User｜>' + message.content }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<｜Assistant｜><think>\n' }}{% endif %}"
)


def chat(template: str | None = None, **arguments: Any) -> ChatTokenizer:  # noqa: ANN401
    if template is None:
        return load.load_tokenizer(config.load(["model=tiny_llama"]).model, config.ROOT)
    tokenizer = families.byte_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.chat_template = template
    return ChatTokenizer(tokenizer, arguments)


def talk(turns: int, number: int = 0) -> list[Example]:
    """Return the examples of a conversation, one for each of its answers."""
    made, before = [], (Turn("system", f"Be brief, case {number}."),)
    for turn in range(turns):
        asked, answer = f"question {turn} of case {number}, in some words", f"answer {turn}"
        why = f"thought {turn} " * 3
        made.append(Example(f"{number}.{turn}", "", asked, answer, why, turns=before, conversation=f"{number}"))
        before = (*before, Turn("user", asked), Turn("assistant", answer, why, trained=True))
    return made


def test_earlier_reasoning_is_stripped_and_the_prompt_is_that_of_inference() -> None:
    tokenizer = chat()
    encoded = tokenizer.encode(talk(2)[1])
    assert tokenizer.tokenizer.decode(encoded.prompt) == (
        "<｜begin▁of▁sentence｜>Be brief, case 0.<｜User｜>question 0 of case 0, in some words<｜Assistant｜>answer 0"
        "<｜end▁of▁sentence｜><｜User｜>question 1 of case 0, in some words<｜Assistant｜><think>\n"
    )
    assert tokenizer.tokenizer.decode(encoded.response) == (
        "thought 1 thought 1 thought 1 \n</think>\n\nanswer 1<｜end▁of▁sentence｜>"
    )
    said = [{"role": turn.role, "content": turn.content} for turn in talk(2)[1].turns]
    said.append({"role": "user", "content": talk(2)[1].input})
    as_inference = tokenizer.tokenizer.apply_chat_template(said, add_generation_prompt=True, return_dict=False)
    assert list(encoded.prompt) == list(as_inference)


@pytest.mark.parametrize("model", ["tiny_llama", "tiny_qwen2", "tiny_deepseek_v3"])
def test_packed_turns_are_exact_against_plain_transformers_turn_by_turn(model: str) -> None:
    tokenizer = chat()
    examples = [*talk(4), *talk(3, 1)]
    tokens = tokenize(examples, tokenizer, 4096).examples
    alone = [replace(made, prompt=_prompt_of_transformers(one)) for one, made in zip(examples, tokens, strict=True)]
    ours, plain = pair(model, "full")
    rows = list(pack(tokens, 4096, tokenizer.end))
    assert len(rows) == 1
    held = sum(segment.examples * segment.width for segment in rows[0].segments)
    assert held < 0.75 * sum(len(one.read) for one in tokens), "the history stands there once"
    assert_equal(packed(ours, rows, 0.0), one_by_one(plain, alone, 0.0))


def _prompt_of_transformers(example: Example) -> tuple[int, ...]:
    """Return the prompt as a client of the tuned model would send it: contents alone, no reasoning."""
    said = [{"role": turn.role, "content": turn.content} for turn in (*example.turns, Turn("user", example.input))]
    return tuple(chat().tokenizer.apply_chat_template(said, add_generation_prompt=True, return_dict=False))


def test_examples_with_turns_are_read_back_and_those_without_are_written_as_before(tmp_path: Path) -> None:
    tools = Example("t", "", "a", "", tools=(TOOL,), tool_calls=(CALL,), turns=(Turn("user", "x", fields={"n": [1]}),))
    plain = Example("p", "i", "a", "b")
    path = tmp_path / "examples.jsonl"
    write_records(path, [*talk(2), tools, plain])
    assert read_examples(path) == [*talk(2), tools, plain]
    last = path.read_text(encoding="utf-8").splitlines()[-1]
    assert not any(key in last for key in ("turns", "tool", "conversation"))


def test_the_instruction_opens_the_first_turn_and_a_system_turn_takes_its_place() -> None:
    second = replace(talk(2)[1], instruction="Answer as a lawyer.")
    prompt = chat().prompt_text(second)
    assert prompt.startswith("<｜begin▁of▁sentence｜><｜User｜>Be brief, case 0.\n\nquestion 0 of case 0")
    assert "lawyer" not in prompt
    without = replace(second, turns=second.turns[1:])
    assert chat().prompt_text(without).startswith("<｜begin▁of▁sentence｜><｜User｜>Answer as a lawyer.\n\nquestion 0")
    assert chat().prompt_text(without).count("lawyer") == 1


@pytest.mark.parametrize("reasoning", ["", "why"])
def test_calls_of_tools_are_trained_as_the_template_writes_them(reasoning: str) -> None:
    example = Example("t", "", "rate?", "", reasoning, tools=(TOOL,), tool_calls=(CALL,))
    prompt, answer = chat(CHATML).render(example)
    assert prompt.startswith('<|im_start|>system\nTools: [{"type": "function", "function": {"name": "rate"')
    call = '<tool_call>{"name": "rate", "arguments": {"of": "EUR", "at": [1, 2]}}</tool_call>'
    assert answer == (f"<think>\nwhy\n</think>\n\n{call}" if reasoning else call)
    _, answer = chat(R1_TOOLS).render(example)
    assert answer == f'{reasoning}\n</think>\n\ncalls rate\n{{"of": "EUR", "at": [1, 2]}}'


def test_calls_and_results_in_the_history_go_through_the_template() -> None:
    calling = Turn("assistant", "", fields={"tool_calls": [CALL]})
    result = Turn("tool", "1.08", fields={"tool_call_id": "c"})
    example = Example("t", "", "", "1.08 dollars", turns=(Turn("user", "rate?"), calling, result))
    prompt, answer = chat(CHATML).render(example)
    assert f"</tool_call>{END}<|im_start|>tool\n1.08{END}<|im_start|>assistant\n" in prompt
    assert answer == "1.08 dollars"


SILENT = "{% for m in messages %}{{ m.role }}{% endfor %}{% if add_generation_prompt %}!{% endif %}"


@pytest.mark.parametrize("template", [SILENT, SILENT.replace("m.role", "m.role + m.content")], ids=["silent", "fails"])
def test_a_template_without_tools_says_so(template: str) -> None:
    with pytest.raises(DataError, match=r"^example t: .*its chat template writes no calls of tools"):
        chat(template).render(Example("t", "", "rate?", "", tool_calls=(CALL,)))


def test_special_tokens_in_turns_and_tools_are_text() -> None:
    end = "<｜end▁of▁sentence｜>"
    call = {"type": "function", "function": {"name": "rate", "arguments": {"of": end}}}
    turns = (Turn("user", f"a{end}"), Turn("assistant", f"b{end}", fields={"tool_calls": [call]}))
    tokenizer = chat(CHATML)
    ids = tokenizer.encode(Example("t", "", f"c{end}", "d", turns=turns, tools=(call,))).prompt
    assert tokenizer.tokenizer.convert_tokens_to_ids(end) not in ids
