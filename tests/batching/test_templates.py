"""Training text is generation text, on the templates of R1's family: prompt and response are what a template writes."""

from typing import Any

import pytest

from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.errors import DataError
from r1tailor.instruction.template import messages
from r1tailor.records import Example, Turn
from r1tailor.schema.domain import Reasoning
from tests.support.chat_templates import real_chat, toy_chat

ASKED = Example("e", "Name the colour.", "the sky", "blue")
REASONED = Example("e", "Name the colour.", "the sky", "blue", "It scatters.")
QWEN_END, R1_END, LLAMA_END = "<|im_end|>", "<｜end▁of▁sentence｜>", "<|eot_id|>"
NO_THINKING = {"enable_thinking": False}
PLACES = {  # template, its arguments: where its blocks are, the end of a turn
    "r1": ({}, "opened", R1_END),
    "r1_0528": ({}, "written", R1_END),
    "v3_1": ({}, "closed", R1_END),
    "v3_1 thinking": ({"enable_thinking": True}, "opened", R1_END),
    "qwen3": ({}, "written", QWEN_END),
    "qwen3 off": (NO_THINKING, "closed", QWEN_END),
    "llama3": ({}, "none", LLAMA_END),
}
RESPONSES: list[tuple[str, Reasoning, str, str]] = [  # template, task.reasoning: response without and with reasoning
    ("r1", "keep", "\n</think>\n\nblue", "It scatters.\n</think>\n\nblue"),
    ("r1", "empty", "\n</think>\n\nblue", "\n</think>\n\nblue"),
    ("r1", "none", "\n</think>\n\nblue", "\n</think>\n\nblue"),
    ("r1_0528", "keep", "blue", "<think>\nIt scatters.\n</think>\n\nblue"),
    ("r1_0528", "empty", "<think>\n\n</think>\n\nblue", "<think>\n\n</think>\n\nblue"),
    ("r1_0528", "none", "blue", "blue"),
    ("v3_1", "empty", "blue", "blue"),
    ("v3_1 thinking", "keep", "</think>blue", "It scatters.</think>blue"),
    ("qwen3", "keep", "<think>\n\n</think>\n\nblue", "<think>\nIt scatters.\n</think>\n\nblue"),
    ("qwen3", "empty", "<think>\n\n</think>\n\nblue", "<think>\n\n</think>\n\nblue"),
    ("qwen3", "none", "blue", "blue"),
    ("qwen3 off", "empty", "blue", "blue"),
    ("llama3", "keep", "blue", "<think>\nIt scatters.\n</think>\n\nblue"),
    ("llama3", "empty", "blue", "blue"),
]


def chat(name: str, reasoning: Reasoning = "keep") -> ChatTokenizer:
    return toy_chat(name.split()[0], reasoning, **PLACES[name][0])


def rendered(tokenizer: ChatTokenizer, example: Example, **arguments: Any) -> str:  # noqa: ANN401
    """Return a whole conversation as plain transformers renders it."""
    turn = {"role": "assistant", "content": example.output, "reasoning_content": example.reasoning}
    whole = [*messages(example, reasoned=True), turn]
    return str(tokenizer.tokenizer.apply_chat_template(whole, tokenize=False, **arguments))


def text_of(tokenizer: ChatTokenizer, example: Example) -> str:
    encoded = tokenizer.encode(example)
    return str(tokenizer.tokenizer.decode([*encoded.prompt, *encoded.response]))


@pytest.mark.parametrize("name", PLACES)
def test_where_blocks_are_and_what_ends_a_turn_is_read_off_the_template(name: str) -> None:
    _, place, end = PLACES[name]
    tokenizer = chat(name)
    assert tokenizer.blocks.place == place
    assert tokenizer.tokenizer.convert_ids_to_tokens(tokenizer.end) == end
    assert name == "r1" or end == R1_END or tokenizer.end not in tokenizer.tokenizer.all_special_ids  # trap 40


@pytest.mark.parametrize(("name", "reasoning", "without", "reasoned"), RESPONSES)
def test_the_response_continues_the_prompt_of_generation(
    name: str, reasoning: Reasoning, without: str, reasoned: str
) -> None:
    tokenizer, end = chat(name, reasoning), PLACES[name][2]
    for example, written in ((ASKED, without), (REASONED, reasoned)):
        encoded = tokenizer.encode(example)
        assert encoded.prompt == tokenizer.prompt(example).prompt
        assert tokenizer.tokenizer.decode(encoded.response) == f"{written}{end}"
    assert tokenizer.continuation(tokenizer.prompt_text(ASKED), "blue") == tokenizer.encode(ASKED).response[:-1]


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("r1_0528", ASKED),
        ("v3_1", ASKED),
        ("qwen3", ASKED),
        ("qwen3", REASONED),
        ("llama3", ASKED),
    ],
)
def test_training_text_is_what_the_template_renders_of_the_whole_conversation(name: str, example: Example) -> None:
    tokenizer = chat(name)
    assert text_of(tokenizer, example) == rendered(tokenizer, example, **PLACES[name][0]).rstrip("\n")


def test_the_real_template_of_r1_distill_qwen_renders_the_training_text() -> None:
    tokenizer = real_chat("r1_distill_qwen")
    assert tokenizer is not None
    assert tokenizer.blocks.place == "written"
    assert text_of(tokenizer, ASKED) == rendered(tokenizer, ASKED)
    assert text_of(tokenizer, REASONED).endswith("<｜Assistant｜><think>\nIt scatters.\n</think>\n\nblue" + R1_END)


@pytest.mark.parametrize("name", ["r1", "r1_0528", "v3_1 thinking", "qwen3"])
@pytest.mark.parametrize("example", [ASKED, REASONED], ids=["without reasoning", "with reasoning"])
def test_unsupervised_holds_the_block_and_the_loss_skips_all_of_it(name: str, example: Example) -> None:
    """Trap 45: neither a prefilled mark nor the closing one is trained, and both are there."""
    tokenizer, end = chat(name, "unsupervised"), PLACES[name][2]
    encoded = tokenizer.encode(example)
    assert tokenizer.tokenizer.decode(encoded.response) == f"blue{end}"
    asked = tokenizer.prompt(example).prompt
    assert encoded.prompt[: len(asked)] == asked, "the text begins with the prompt of generation"
    block = tokenizer.tokenizer.decode(encoded.prompt[len(asked) :])
    assert "</think>" in block
    assert example.reasoning in block
    assert text_of(tokenizer, example) == text_of(chat(name, "empty" if example is ASKED else "keep"), example)


def test_without_thinking_empty_unsupervised_and_none_are_the_same() -> None:
    for name in ("llama3", "v3_1", "qwen3 off"):
        first, *others = (chat(name, reasoning).encode(ASKED) for reasoning in ("empty", "unsupervised", "none"))
        assert others == [first, first]


def test_distil_trains_the_traces_there_are_and_skips_the_block_of_the_others() -> None:
    tokenizer = chat("r1", "distil")
    assert tokenizer.encode(REASONED) == chat("r1", "keep").encode(REASONED)
    assert tokenizer.encode(ASKED) == chat("r1", "unsupervised").encode(ASKED)


def test_reasoning_behind_a_closed_block_is_refused() -> None:
    with pytest.raises(DataError, match=r"^example e has reasoning, and the prompts of .* end in a closed block: set "):
        chat("v3_1").render(REASONED)


def test_earlier_reasoning_is_stripped_as_the_template_does() -> None:
    """Trap 46: R1's template strips all of it; Qwen3's keeps what belongs to the question that is still open."""
    call = {"type": "function", "function": {"name": "look", "arguments": {}}}
    turns = (Turn("user", "first"), Turn("assistant", "one", "old thought"), Turn("user", "second"))
    tools = (*turns, Turn("assistant", "two", "new thought"), Turn("tool", "seen", fields={"name": "look"}))
    asked = Example("e", "", "third", "three", "last thought", turns=turns[:2])
    prompt = chat("qwen3").prompt_text(asked)
    assert "thought" not in prompt
    assert "thought" not in chat("r1").prompt_text(asked)
    going_on = Example("e", "", "", "three", "last thought", turns=tools, tools=(call,))
    prompt = chat("qwen3").prompt_text(going_on)
    assert "<think>\nnew thought\n</think>\n\ntwo" in prompt
    assert "old thought" not in prompt
    assert "thought" not in chat("r1").prompt_text(going_on)


def test_an_earlier_answer_of_a_client_comes_without_its_reasoning() -> None:
    said = [("user", "a"), ("assistant", "<think>\nwhy\n</think>\n\nb"), ("user", "c")]
    bare = [("user", "a"), ("assistant", "b"), ("user", "c")]
    for name in ("r1", "qwen3", "llama3"):
        assert chat(name).conversation(said) == chat(name).conversation(bare)
    marked = [("user", "what closes </think>?")]
    assert "what closes < /think>?" in chat("r1").conversation(marked)
