"""Where a window stands in the prompt, what the cache keeps, and which windows are refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from r1tailor.batching.tokens import tokenize
from r1tailor.errors import DataError
from tests.support.windowed import STEPS, composition, reader, tokens_of, window, windowed


def test_the_window_stands_between_instruction_and_input() -> None:
    settings = composition()
    chat = reader(settings)
    (example, *_) = windowed()
    prompt = chat.encode(example).prompt
    first = next(place for place, token in enumerate(prompt) if token < 0)
    soft = prompt[first : first + settings.temporal.tokens]
    assert all(token < 0 for token in soft)
    assert len(set(soft)) == settings.temporal.tokens
    assert all(token >= 0 for token in prompt[first + settings.temporal.tokens :])
    before, after = (chat.tokenizer.decode(ids) for ids in (prompt[:first], prompt[first + len(soft) :]))
    assert before.endswith(f"{example.instruction}\n\n")
    assert after.startswith(f"\n\n{example.input}")


@pytest.mark.parametrize("text", ["\ufdd0", "\ufdd0\ufdd0 and \ufdd0", "{{ 7 * 7 }}", "<|window|>"])
@pytest.mark.parametrize("where", ["instruction", "input"])
def test_no_text_of_a_user_can_be_taken_for_the_mark(where: str, text: str) -> None:
    chat = reader(composition())
    example = replace(windowed()[0], **{where: text})
    parts = chat.prompt_parts(example)
    assert len(parts) == 2
    assert (parts[0] if where == "instruction" else parts[1]).strip().count(text) == 1


def test_a_template_that_shows_the_turn_twice_or_never_is_refused() -> None:
    chat = reader(composition())
    for template, times in (("{{ messages[0]['content'] * 2 }}", 2), ("nothing", 0)):
        chat.tokenizer.chat_template = template
        with pytest.raises(DataError, match=rf"example e0: .* shows the user's turn {times} times"):
            chat.encode(windowed()[0])


def test_the_cache_keeps_the_texts_and_not_the_windows(tmp_path: Path) -> None:
    settings = composition()
    chat, first = reader(settings), windowed()
    second = [replace(e, series=window(50)) if e.series else e for e in first]
    for examples in (first, first, second):
        assert tokenize(examples, chat, 512, tmp_path) == tokenize(examples, chat, 512)
    assert len(list(tmp_path.glob("*.safetensors"))) == 1
    assert tokenize(first, chat.with_soft_tokens(0), 512, tmp_path) == tokenize(first, chat.with_soft_tokens(0), 512)


@pytest.mark.parametrize(
    ("series", "said"),
    [
        (window(0)[:-1], "example e1: its series has 9 steps of 3 channels, that of example e0 has 10 steps of 3"),
        ((*window(0)[:-1], (1.0,)), "example e1: the steps of its series do not all have as many channels"),
        ((*window(0)[:-1], (1.0, float("nan"), 0.0)), "example e1: its series must be .* finite numbers"),
        ((*window(0)[:-1], (1.0, float("inf"), 0.0)), "example e1: its series must be .* finite numbers"),
        (tuple(("1", "2", "3") for _ in range(STEPS)), "example e1: its series must be .* finite numbers"),
        ((1.0, 2.0), "example e1: its series must be .* finite numbers"),
    ],
)
def test_a_window_that_is_none_is_one_error_that_names_the_example(series: object, said: str) -> None:
    examples = windowed()
    examples[1] = replace(examples[1], series=series)
    with pytest.raises(DataError, match=said):
        tokens_of(composition(), examples)
