"""Before training it is said what the examples teach a model that thinks; without a choice it is refused."""

import pytest

from r1tailor import config
from r1tailor.errors import ConfigError, PreflightError
from r1tailor.planning.reasoning import taught
from r1tailor.planning.tokenized_parts import TokenizedParts
from r1tailor.records import Example
from r1tailor.schema.settings import Settings

BARE = [Example(f"e{i}", "", f"a {i}", "b") for i in range(4)]
HALF = [*BARE[:2], *(Example(f"r{i}", "", f"c {i}", "d", "why") for i in range(2))]


def composed(*overrides: str) -> Settings:
    return config.load(["domain=generic", "domain.sources.0.path=x", "model=tiny_llama", *overrides])


def _taught(settings: Settings, examples: list[Example]) -> list[str]:
    return taught(settings, TokenizedParts(settings, config.ROOT, {"train": examples}))


def test_a_thinking_model_without_reasoning_to_learn_is_refused_with_the_choices() -> None:
    with pytest.raises(PreflightError) as refused:
        _taught(composed(), BARE)
    said = str(refused.value)
    assert said.startswith("none of 4 training examples has reasoning, and model tiny_llama thinks before it answers")
    assert "\n" not in said
    assert all(f"{choice} (" in said for choice in ("unsupervised", "empty", "none", "distil"))
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("choice", ["keep", "empty", "unsupervised", "none"])
def test_a_choice_is_taken_and_said(choice: str) -> None:
    (line,) = _taught(composed(f"domain.task.reasoning={choice}"), BARE)
    assert line.startswith(f"reasoning: {choice}: 0 of 4 examples (0%) have reasoning: ")
    assert ("stops thinking" in line) is (choice != "unsupervised")


def test_the_share_is_said_and_some_reasoning_needs_no_choice() -> None:
    (line,) = _taught(composed(), HALF)
    assert line.endswith(
        "2 of 4 examples (50%) have reasoning: the model is trained to think before about 50% of its answers"
    )


def test_whole_texts_have_no_reasoning() -> None:
    assert _taught(composed("domain.task.kind=text"), BARE) == []


def test_distil_needs_a_teacher_that_writes() -> None:
    with pytest.raises(ConfigError, match=r"domain\.task\.reasoning = distil has a teacher write reasoning: choose"):
        composed("domain.task.reasoning=distil")
    taught_by = ("objective=distillation_sequences", "objective.teacher=base")
    assert composed("domain.task.reasoning=distil", *taught_by).domain.task.keeps_reasoning


@pytest.mark.parametrize(("written", "read"), [("true", "keep"), ("false", "none")])
def test_the_booleans_of_earlier_releases_are_read(written: str, read: str) -> None:
    assert composed(f"domain.task.reasoning={written}").domain.task.reasoning == read


def test_another_value_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="must be one of refuse, keep, empty, unsupervised, none, distil"):
        composed("domain.task.reasoning=all")
