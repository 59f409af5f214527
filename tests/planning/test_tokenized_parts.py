"""What is counted before training is what is trained on: loaded once, rendered once."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from r1tailor import config
from r1tailor.batching.tokens import ChatTokenizer, tokenize
from r1tailor.errors import DataError
from r1tailor.planning import tokenized_parts
from r1tailor.planning.lengths import too_long, trained_items
from r1tailor.planning.reasoning import taught
from r1tailor.planning.tokenized_parts import TokenizedParts
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from tests.support.training import trained

SOME = [Example(f"e{number}", "", "word " * (number + 1) * 20, "yes", "why") for number in range(4)]
TOY = ("domain=generic", "domain.sources.0.path=x", "model=tiny_llama")


def _settings(*overrides: str) -> Settings:
    return config.load([*TOY, *overrides])


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each tokenizer that is loaded and each example that is rendered."""
    noted: list[str] = []
    load, render = tokenized_parts.load.load_tokenizer, ChatTokenizer.render_all

    def loaded(*given: Any) -> ChatTokenizer:  # noqa: ANN401
        noted.append("load")
        return load(*given)

    def rendered(self: ChatTokenizer, examples: Sequence[Example]) -> Any:  # noqa: ANN401
        noted.extend(example.id for example in examples)
        return render(self, examples)

    monkeypatch.setattr(tokenized_parts.load, "load_tokenizer", loaded)
    monkeypatch.setattr(ChatTokenizer, "render_all", rendered)
    return noted


def test_counting_and_training_load_and_render_once(done: list[str]) -> None:
    settings, held_out = _settings(), [replace(one, id=f"v{one.id}") for one in SOME]
    tokens = TokenizedParts(settings, config.ROOT, {"train": SOME, "validation": held_out})
    assert trained_items(settings, tokens) == 4
    too_long(settings, tokens, {"test": [replace(SOME[0], id="t")]})
    taught(settings, tokens)
    tokens.within("train", 512)
    tokens.within("validation", 512, held_out[1:3])
    assert done == ["load", *(one.id for one in (*SOME, *held_out)), "t"]


def test_a_run_loads_its_tokenizer_once_and_renders_each_example_once(done: list[str], tmp_path: Path) -> None:
    short = ("trainer.precision=fp32", "trainer.max_steps=1", "trainer.batch_size=2", "trainer.validation_examples=1")
    held_out = [replace(one, id=f"v{one.id}") for one in SOME]
    trained(_settings(*short), {"train": SOME, "validation": held_out}, tmp_path)
    assert done == ["load", *(one.id for one in SOME), "ve0"]


def test_what_fits_is_what_tokenising_alone_gives() -> None:
    tokens = TokenizedParts(_settings(), config.ROOT, {"train": SOME})
    longest = sorted(map(len, tokens.whole("train")))
    for length in (longest[-1], longest[1]):
        assert tokens.within("train", length) == tokenize(SOME, tokens.tokenizer, length)
    assert [one.id for one in tokens.within("train", longest[-1], SOME[2:]).examples] == ["e2", "e3"]
    with pytest.raises(DataError, match=r"none of 4 examples fits into 3 tokens; raise trainer\.max_length"):
        tokens.within("train", 3)


def test_whole_texts_are_read_in_windows() -> None:
    texts = [Example("d", "", "", "A line of words.\n" * 300, fields={"kind": "text"})]
    tokens = TokenizedParts(_settings("domain.task.kind=text", "domain.goals=[]"), config.ROOT, {"train": texts})
    found = tokens.within("train", 128)
    assert len(found.examples) > 1
    assert found == tokenize(texts, tokens.tokenizer, 128)
