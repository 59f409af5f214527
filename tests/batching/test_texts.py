"""Whole texts in windows: nothing lost, cut where it should be, and exact against plain transformers."""

import copy
from functools import cache
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from peft.tuners.lora import Linear as PeftLinear
from torch import Tensor, nn

from r1tailor import config
from r1tailor.batching.packing import pack
from r1tailor.batching.texts import cut, windows
from r1tailor.batching.tokens import ChatTokenizer, tokenize
from r1tailor.domain.text import Texts
from r1tailor.errors import DataError
from r1tailor.kernels.attention import unwrapped
from r1tailor.model import load
from r1tailor.objective.supervised import summed_loss
from r1tailor.records import Document, Example
from r1tailor.strategy import open_strategy

WORDS = ("The patient was given aspirin.", "She went home; he did not.", "血压应当每天测量。", "x" * 30, "10⁹/L")
_PROPERTY = settings(deadline=None, derandomize=True, database=None, max_examples=60)


@cache
def tokenizer() -> ChatTokenizer:
    return load.load_tokenizer(config.load(["model=tiny_llama"]).model, config.ROOT)


def text_example(id_: str, text: str) -> Example:
    section = config.load(["domain=generic", "domain.sources.0.path=x", "domain.task.kind=text"]).domain
    (example,) = Texts(section, [Document(id_, text, "s", "l", "0", "1", "2026-01-01")]).examples()
    return example


def written(seed: int, paragraphs: int) -> str:
    return "\n\n".join(f"{WORDS[(seed + n) % len(WORDS)]} {seed}-{n}" for n in range(paragraphs))


def _parts(text: str, most: int) -> list[str]:
    whole = tokenizer().tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    starts = [start for start, _ in whole["offset_mapping"]]
    parts = list(cut(text, most, tokenizer().ids, starts))
    assert all(len(ids) <= most and ids == tokenizer().ids(part) for part, ids in parts)
    return [part for part, _ in parts]


@_PROPERTY
@given(st.lists(st.sampled_from([*WORDS, "\n", "\n\n", "\n \n", " ", "\t", "😀", "e\u0301"]), min_size=1, max_size=40))
def test_the_windows_of_a_text_joined_are_the_text(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert "".join(_parts(text, 24)) == text


def test_a_text_is_cut_at_the_end_of_a_paragraph() -> None:
    paragraphs = [f"Paragraph {n} of the text, of one line.\n\n" for n in range(6)]
    most = len(tokenizer().ids("".join(paragraphs[:3]))) + 3  # the fourth begins within, and does not fit
    assert _parts("".join(paragraphs), most) == ["".join(paragraphs[:3]), "".join(paragraphs[3:])]


@pytest.mark.parametrize("end", ["\n", ". ", "。", " "])
def test_a_long_paragraph_is_cut_at_the_end_of_a_line_a_sentence_or_a_word(end: str) -> None:
    text = end.join(f"sentence{n}" for n in range(30))
    assert all(part.endswith(end) for part in _parts(text, 60)[:-1])


def test_a_word_that_no_window_holds_is_cut_within() -> None:
    assert len(_parts("x" * 500, 20)) > 1


def test_every_token_is_supervised_and_a_text_ends_once() -> None:
    text = written(1, 40)
    found = tokenize([text_example("a", text), text_example("b", "Short.")], tokenizer(), 64)
    assert found.too_long == []
    long = [one for one in found.examples if one.id == "a"]
    own = tokenizer().tokenizer
    assert len(long) > 3
    assert {one.prompt for one in found.examples} == {(own.bos_token_id,)}
    assert [one.response[-1] == own.eos_token_id for one in long] == [False] * (len(long) - 1) + [True]
    assert max(map(len, found.examples)) <= 64
    assert own.decode([token for one in long for token in one.response][:-1]) == text
    assert found.examples[-1].response == (*tokenizer().ids("Short."), own.eos_token_id)


def test_the_name_of_a_special_token_is_text() -> None:
    own = tokenizer().tokenizer
    (found,) = tokenize([text_example("a", f"He wrote {own.eos_token} here.")], tokenizer(), 64).examples
    assert own.eos_token_id not in found.response[:-1]


def test_windows_come_from_the_cache_and_another_length_is_another_entry(tmp_path: Path) -> None:
    example = text_example("a", written(2, 30))
    first = tokenize([example], tokenizer(), 64, tmp_path)
    assert tokenize([example], tokenizer(), 64, tmp_path) == first == tokenize([example], tokenizer(), 64)
    assert len(list(tmp_path.iterdir())) == 1
    assert tokenize([example], tokenizer(), 48, tmp_path) != first
    assert len(list(tmp_path.iterdir())) == 2


def test_a_window_that_holds_nothing_is_refused() -> None:
    with pytest.raises(DataError, match=r"trainer\.max_length = 8: texts are read in windows of at least 16 tokens"):
        windows(["text"], tokenizer().tokenizer, 0, 8)


def _plain(ours: nn.Module) -> nn.Module:
    """Return a copy in plain transformers, and plain peft."""
    plain = copy.deepcopy(ours)
    for module in plain.modules():
        if isinstance(module, PeftLinear):
            module.__class__ = PeftLinear
    unwrapped(plain).set_attn_implementation("eager")
    return plain.train()


def _trained(model: nn.Module) -> dict[str, Tensor]:
    return {name: p.grad for name, p in model.named_parameters() if p.requires_grad and p.grad is not None}


@pytest.mark.parametrize("strategy", ["full", "lora"])
def test_packed_texts_have_the_loss_and_gradients_of_plain_transformers(strategy: str) -> None:
    options = ["strategy.target_modules=all_linear", "strategy.dropout=0.0"] if strategy == "lora" else []
    composed = config.load(["model=tiny_llama", f"strategy={strategy}", *options])
    base = load.load_model(composed.model, config.ROOT, torch.float32, seed=3)
    ours = open_strategy(composed.strategy).apply(base).train()
    generator = torch.Generator().manual_seed(7)
    for name, parameter in ours.named_parameters():
        if "lora_B" in name:
            parameter.data = 0.05 * torch.randn(parameter.shape, generator=generator)
    plain, own = _plain(ours), tokenizer().tokenizer
    examples = [text_example(str(number), written(number, 2 + 7 * number)) for number in range(4)]
    tokens = tokenize(examples, tokenizer(), 64).examples
    assert len(tokens) > len(examples)
    expected = torch.zeros(())
    for one in tokens:  # the loss over every token of each window, one at a time
        ids = torch.tensor([[*one.prompt, *one.response]])
        logits = plain(input_ids=ids, use_cache=False).logits[0, :-1].float()
        expected = expected + F.cross_entropy(logits, ids[0, 1:], reduction="sum")
    expected.backward()
    rows = list(pack(tokens, 256, own.eos_token_id))
    total = torch.stack([summed_loss(ours, row, 0.0) for row in rows]).sum()
    total.backward()
    assert len(rows) < len(tokens)
    assert total.item() == pytest.approx(expected.item(), rel=1e-5)
    wanted, found = _trained(plain), _trained(ours)
    assert wanted.keys() == found.keys()
    for name, gradient in wanted.items():
        assert (found[name] - gradient).norm() <= 1e-5 * gradient.norm(), name
