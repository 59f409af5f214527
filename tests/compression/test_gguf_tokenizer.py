"""llama.cpp tokenises as transformers does, or the export is refused by name."""

import json
from pathlib import Path
from typing import Any

import pytest
from gguf import GGUFReader
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from tokenizers.pre_tokenizers import PreTokenizer
from transformers import LlamaConfig, PreTrainedTokenizerFast

from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.compression.gguf_tokenizer import _KNOWN, _pre_tokenizer, _tokens
from r1tailor.compression.gguf_writer import write_gguf
from r1tailor.compression.probes import TEXTS
from r1tailor.errors import UserError
from r1tailor.inference.gguf import GgufEngine
from r1tailor.model.families import DEEPSEEK_CHAT_TEMPLATE
from tests.support.shapes import toy

SPECIAL = ["<|begin|>", "<|end|>", "<｜User｜>", "<｜Assistant｜>", "<think>", "</think>"]


def _made(cut: list[PreTokenizer], *, nfc: bool = False, whole_words: bool = False) -> ChatTokenizer:
    """Return a tokenizer trained on the texts that cuts text in a given way."""
    inner = Tokenizer(models.BPE(ignore_merges=whole_words))
    inner.pre_tokenizer = pre_tokenizers.Sequence(cut)
    if nfc:
        inner.normalizer = normalizers.NFC()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=900, initial_alphabet=alphabet, show_progress=False)
    inner.train_from_iterator(TEXTS, trainer)
    inner.add_special_tokens(SPECIAL[:2])
    inner.add_tokens(SPECIAL[2:])
    fast = PreTrainedTokenizerFast(tokenizer_object=inner, bos_token=SPECIAL[0], eos_token=SPECIAL[1])
    fast.chat_template = DEEPSEEK_CHAT_TEMPLATE
    return ChatTokenizer(fast)


def _steps(name: str) -> list[PreTokenizer]:
    from tokenizers import Regex

    known, _ = _KNOWN[name]
    made: list[PreTokenizer] = []
    for rule in known:
        if isinstance(rule, str):
            made.append(pre_tokenizers.Split(Regex(rule), "isolated"))
        elif rule["type"] == "Digits":
            made.append(pre_tokenizers.Digits(individual_digits=True))
        else:
            made.append(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=rule["use_regex"]))
    return made


def _engine(folder: Path, tokenizer: ChatTokenizer) -> GgufEngine:
    size = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    model = toy(LlamaConfig(**size, num_key_value_heads=1, vocab_size=len(tokenizer.tokenizer) + 9))
    path = folder / "model.gguf"
    write_gguf(path, model.config, model.state_dict(), tokenizer, 128, "toy", "f16")
    return GgufEngine(path, context_length=128, threads=1)


@pytest.mark.parametrize("name", _KNOWN)
def test_every_known_way_to_cut_text_gives_the_same_ids(name: str, tmp_path: Path) -> None:
    tokenizer = _made(_steps(name), nfc=name == "qwen2", whole_words=_KNOWN[name][1])
    engine = _engine(tmp_path, tokenizer)
    texts = [*TEXTS, "".join(SPECIAL), "a<think>b</think>c<｜User｜>d", ""]
    assert {text: engine.tokenize(text) for text in texts} == {text: list(tokenizer.ids(text)) for text in texts}
    engine.close()


def test_another_name_gives_other_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = _made(_steps("gpt-2"))
    monkeypatch.setattr("r1tailor.compression.gguf_tokenizer._pre_tokenizer", lambda rules: "smollm")
    engine = _engine(tmp_path, tokenizer)
    assert any(engine.tokenize(text) != list(tokenizer.ids(text)) for text in TEXTS)
    engine.close()


def test_special_tokens_template_and_fillers_are_in_the_file(tmp_path: Path) -> None:
    tokenizer = _made(_steps("gpt-2"))
    _engine(tmp_path, tokenizer).close()
    fields = GGUFReader(tmp_path / "model.gguf").fields
    assert fields["tokenizer.chat_template"].contents() == DEEPSEEK_CHAT_TEMPLATE
    assert fields["tokenizer.ggml.eos_token_id"].contents() == tokenizer.end
    assert fields["tokenizer.ggml.add_bos_token"].contents() is False  # the template writes it
    assert fields["tokenizer.ggml.tokens"].contents(-1) == f"[PAD{len(tokenizer.tokenizer) + 8}]"


def test_the_prompt_of_a_chat_is_that_of_our_template(tmp_path: Path) -> None:
    tokenizer = _made(_steps("gpt-2"))
    engine = _engine(tmp_path, tokenizer)
    turns = [{"role": "user", "content": "患者男，45岁"}]
    answer = engine.chat({"messages": turns, "max_tokens": 1})
    text = tokenizer.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    assert answer["usage"]["prompt_tokens"] == len(tokenizer.ids(text))
    engine.close()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"model": {"type": "Unigram", "merges": []}},
            "a Unigram tokenizer of this kind is not supported",
        ),
        ({"normalizer": {"type": "Lowercase"}}, "a tokenizer with normalizer Lowercase is not supported; NFC is"),
        (
            {"pre_tokenizer": {"type": "Whitespace"}},
            "llama.cpp is not known to cut text as this tokenizer does: [",
        ),
    ],
)
def test_what_llama_cpp_cannot_do_is_refused_by_name(change: dict[str, Any], message: str) -> None:
    rules = json.loads(_made(_steps("gpt-2")).tokenizer.backend_tokenizer.to_str()) | change
    with pytest.raises(UserError) as refused:
        _pre_tokenizer(rules)
    assert str(refused.value).startswith(f"GGUF: {message}")


def test_a_token_that_takes_spaces_with_it_is_refused_by_name() -> None:
    rules = json.loads(_made(_steps("gpt-2")).tokenizer.backend_tokenizer.to_str())
    rules["added_tokens"][0]["lstrip"] = True
    with pytest.raises(UserError, match=r"token '<\|begin\|>' has lstrip = true, which llama\.cpp does not know"):
        _tokens(rules, 1000)
