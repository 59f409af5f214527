"""Trap 12: stale tokens, and a finished run that is taken for another."""

import copy
import dataclasses
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from r1tailor import config
from r1tailor.batching import cache
from r1tailor.batching import tokens as tokens_of
from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.model import families, load
from r1tailor.records import Example
from tests.batching.test_tokens import deepseek
from tests.strategy.test_lora import base_model
from tests.traps.forked import toy_settings, train
from tests.traps.shown import shown
from tests.traps.test_data_traps import many

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning", "ignore:.*LeafSpec.*:FutureWarning")


def check_cache(folder: Path) -> None:
    """Template, tokenizer, length and mask policy, changed one at a time over one cache: the tokens of no cache."""
    shutil.rmtree(folder, ignore_errors=True)
    retold = [dataclasses.replace(example, reasoning="") for example in many()]  # nothing but the answer is supervised
    plain = deepseek()
    other, added = (ChatTokenizer(copy.deepcopy(plain.tokenizer)) for _ in range(2))
    other.tokenizer.chat_template = other.tokenizer.chat_template.replace("<｜User｜>", "<｜User｜>Now: ")
    added.tokenizer.add_tokens(["word"])
    changes: dict[str, tuple[list[Example], ChatTokenizer, int]] = {
        "nothing": (many(), plain, 200),
        "the template": (many(), other, 200),
        "the tokenizer": (many(), added, 200),
        "the length": (many(), plain, 90),
        "the mask policy": (retold, plain, 200),
        "the order": (many()[::-1], plain, 200),
        "nothing again": (many(), plain, 200),
    }
    for what, given in changes.items():
        assert tokens_of.tokenize(*given, folder) == tokens_of.tokenize(*given), f"stale after a change of {what}"
    assert len(list(folder.glob("*.safetensors"))) == 5, "as the trap needs it: length is cut off after reading"


def keyed_without(what: str, patched: pytest.MonkeyPatch) -> None:
    """The key leaves something out of what it is made of."""
    original = cache.key

    def key(tokenizer: bytes, rendered: list[tuple[str, str]]) -> str:
        match what:
            case "the tokenizer":
                return original(b"", rendered)
            case "the template":
                return original(tokenizer, [("", answer) for _, answer in rendered])
            case "the mask policy":
                return original(tokenizer, [(prompt, answer.split("</think>")[-1]) for prompt, answer in rendered])
            case _:
                return original(tokenizer, sorted(rendered))

    patched.setattr(cache, "key", key)


@pytest.mark.parametrize("what", ["the template", "the tokenizer", "the mask policy", "the order"])
def test_trap_12_no_change_meets_stale_tokens(what: str, tmp_path: Path) -> None:
    shown(partial(check_cache, tmp_path / "cache"), partial(keyed_without, what), f"stale after a change of {what}")


def test_trap_12_length_is_no_part_of_what_is_kept(tmp_path: Path) -> None:
    """What is kept is whole: a cache of what fits one length would be stale for another."""

    def kept_when_cut(patched: pytest.MonkeyPatch) -> None:
        original = ChatTokenizer.encode_all

        def cut(self: ChatTokenizer, rendered: list[tuple[str, str]]) -> Any:  # noqa: ANN401
            return [(prompt[:90], answer[: 90 - len(prompt)]) for prompt, answer in original(self, rendered)]

        patched.setattr(ChatTokenizer, "encode_all", cut)

    def check() -> None:
        tokenizer = deepseek()
        tokens_of.tokenize(many(), tokenizer, 90, tmp_path)
        whole = [tokenizer.encode(example) for example in many()]
        assert tokens_of.tokenize(many(), tokenizer, 200, tmp_path).examples == whole, "cut to an earlier length"
        shutil.rmtree(tmp_path)

    shown(check, kept_when_cut, "cut to an earlier length")


def test_trap_12_a_flipped_bit_in_the_cache_is_not_trained_on(tmp_path: Path) -> None:
    first = tokens_of.tokenize(many(), deepseek(), 200, tmp_path)
    (entry,) = tmp_path.glob("*.safetensors")
    data = bytearray(entry.read_bytes())
    data[-8] ^= 1  # within the ids
    entry.write_bytes(data)
    assert tokens_of.tokenize(many(), deepseek(), 200, tmp_path) == first


@pytest.mark.parametrize("others", [slice(3), slice(None, None, -1)], ids=["fewer", "as many"])
def test_trap_12_an_entry_of_other_examples_is_not_trained_on(others: slice, tmp_path: Path) -> None:
    first = tokens_of.tokenize(many(), deepseek(), 200, tmp_path)
    tokens_of.tokenize(many()[others], deepseek(), 200, tmp_path / "other")
    (entry,), (other,) = tmp_path.glob("*.safetensors"), (tmp_path / "other").glob("*.safetensors")
    other.replace(entry)
    assert tokens_of.tokenize(many(), deepseek(), 200, tmp_path) == first


def test_trap_12_a_local_tokenizer_that_changed_makes_another_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("R1TAILOR_CACHE", str(tmp_path / "cache"))
    base_model().save_pretrained(tmp_path / "base")
    tokenizer = families.byte_tokenizer()
    settings = toy_settings("model=local", f"model.path={tmp_path / 'base'}", "trainer.max_steps=2")
    for template in (families.DEEPSEEK_CHAT_TEMPLATE, families.DEEPSEEK_CHAT_TEMPLATE.replace("User", "Assistant")):
        tokenizer.chat_template = template
        tokenizer.save_pretrained(tmp_path / "base")
        assert load.load_tokenizer(settings.model, config.ROOT).tokenizer.chat_template == template
        train(settings, tmp_path / "run")
    assert "not trained again" not in capsys.readouterr().out
