"""A chat template renders the same text each day, with the arguments that settings give it."""

import pytest

from r1tailor import config
from r1tailor.errors import ConfigError
from r1tailor.model import load
from r1tailor.records import Example
from tests.batching.test_turns import CHATML, chat


def test_a_prompt_does_not_change_with_the_day() -> None:
    dated = "{% set dated = 1 %}" + CHATML
    example = Example("x", "", "a", "b")
    assert chat(dated).prompt_text(example).startswith("01 Jan 2026\n")
    assert chat(dated, date_string="29 Feb 2024").prompt_text(example).startswith("29 Feb 2024\n")
    always = "{{ strftime_now('%Y') }}" + CHATML
    assert chat(always).prompt_text(example).startswith("2026")
    assert chat(always, date_string="2024-02-29").prompt_text(example).startswith("2024-02-29")
    named = "{% set form = '%Y' %}{{ strftime_now(form) }}" + CHATML
    assert chat(named).prompt_text(example).startswith("2026-01-01")


def test_enable_thinking_reaches_the_template_and_changes_its_hash() -> None:
    example = Example("x", "", "a", "b")
    on, off = chat(CHATML), chat(CHATML, enable_thinking=False)
    assert on.prompt_text(example).endswith("assistant\n")
    assert off.prompt_text(example).endswith("<think>\n\n</think>\n\n")
    assert off.render(example)[1] == "b"
    assert on.template_sha256 == chat(CHATML).template_sha256 != off.template_sha256
    off_but_kept = ["domain.task.template.enable_thinking=false", "domain.task.reasoning=keep"]
    with pytest.raises(ConfigError, match="leaves no room for reasoning"):
        config.load(["domain=generic", "domain.sources.0.path=x", *off_but_kept])
    settings = config.load(["+domain.task.template={enable_thinking: false}", "domain.task.reasoning=none"])
    tokenizer = load.load_tokenizer(config.load(["model=tiny_llama"]).model, config.ROOT, settings.domain.task.template)
    assert tokenizer._template.arguments == {"enable_thinking": False}
