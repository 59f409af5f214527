"""Tokens are kept by content: read back exactly, never stale, never in the way."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from r1tailor import config
from r1tailor.batching import cache
from r1tailor.batching.cache import Encoded, Rendered, cached, key
from r1tailor.batching.tokens import ChatTokenizer, tokenize
from r1tailor.model import load
from r1tailor.records import Example


def tokenizer(model: str = "tiny_llama") -> ChatTokenizer:
    return load.load_tokenizer(config.load([f"model={model}"]).model, config.ROOT)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many texts each call to the tokenizer got."""
    calls: list[int] = []
    original = ChatTokenizer.encode_all

    def count(self: ChatTokenizer, rendered: Sequence[Rendered]) -> list[Encoded]:
        calls.append(len(rendered))
        return original(self, rendered)

    monkeypatch.setattr(ChatTokenizer, "encode_all", count)
    return calls


def test_tokens_are_made_once_and_read_back_exactly(
    examples: list[Example], tmp_path: Path, counted: list[int]
) -> None:
    chat = tokenizer()
    first, second = (tokenize(examples, chat, 512, tmp_path) for _ in range(2))
    assert first == second == tokenize(examples, chat, 512)
    assert first.examples == [chat.encode(example) for example in examples]
    assert counted == [len(examples), len(examples)], "the first and the one without a cache"


def changed_template(examples: list[Example]) -> tuple[ChatTokenizer, list[Example], int]:
    chat = tokenizer()
    chat.tokenizer.chat_template = str(chat.tokenizer.chat_template).replace("{%", " {%", 1)
    return chat, examples, 512


def changed_tokenizer(examples: list[Example]) -> tuple[ChatTokenizer, list[Example], int]:
    chat = tokenizer()
    chat.tokenizer.add_tokens(["item"])
    return chat, examples, 512


def changed_end(examples: list[Example]) -> tuple[ChatTokenizer, list[Example], int]:
    chat = tokenizer()
    chat.end += 1
    return chat, examples, 512


def changed_length(examples: list[Example]) -> tuple[ChatTokenizer, list[Example], int]:
    return tokenizer(), examples, 70


def changed_reasoning(examples: list[Example]) -> tuple[ChatTokenizer, list[Example], int]:
    first = examples[0]
    thinking = Example(first.id, first.instruction, first.input, first.output, "because")
    return tokenizer(), [thinking, *examples[1:]], 512


def changed_order(examples: list[Example]) -> tuple[ChatTokenizer, list[Example], int]:
    return tokenizer(), examples[::-1], 512


CHANGES = (changed_template, changed_tokenizer, changed_end, changed_length, changed_reasoning, changed_order)


@pytest.mark.parametrize("change", CHANGES)
def test_no_change_meets_old_tokens(change: object, examples: list[Example], tmp_path: Path) -> None:
    before = tokenize(examples, tokenizer(), 512, tmp_path)
    assert callable(change)
    chat, new, length = change(examples)
    after = tokenize(new, chat, length, tmp_path)
    assert after == tokenize(new, chat, length)
    assert after != before


def test_texts_that_only_differ_in_where_the_prompt_ends_have_different_keys() -> None:
    assert key(b"t", [("ab", "c")]) != key(b"t", [("a", "bc")])
    assert key(b"t", [("a", "b"), ("c", "d")]) != key(b"t", [("a", "b")])


def test_a_damaged_entry_or_a_folder_that_cannot_be_written_does_no_harm(
    examples: list[Example], tmp_path: Path
) -> None:
    chat = tokenizer()
    fresh = tokenize(examples, chat, 512, tmp_path)
    (entry,) = tmp_path.iterdir()
    entry.write_bytes(entry.read_bytes()[:40])
    assert tokenize(examples, chat, 512, tmp_path) == fresh
    (tmp_path / "file").touch()
    assert tokenize(examples, chat, 512, tmp_path / "file" / "below") == fresh


def test_the_entry_used_longest_ago_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_KEPT", 2)
    for text in ("a", "b", "c"):
        cached(tmp_path, b"", [(text, text)], lambda rendered: [((1,), (2,)) for _ in rendered])
    assert len(list(tmp_path.iterdir())) == 2
    assert (tmp_path / f"{key(b'', [('c', 'c')])}.safetensors").exists()
