"""The header of a GGUF file gives a tokenizer, its chat template and the figures of a published model."""

from pathlib import Path

import pytest
from gguf import GGUFWriter, TokenType

from r1tailor import config, store
from r1tailor.errors import DataError, ModelUnavailableError
from r1tailor.model import gguf_header, load
from r1tailor.model.gguf_header import FIGURES, header_folder, read_header, tokenizer_of
from r1tailor.model.shapes import published
from r1tailor.schema.model import HubModel, RandomModel

SETTINGS = config.load(["model=tiny_r1_distill_qwen"]).model
NAMES = ["a", "b", "ab", "<begin>", "<end>", "<pad>", "<think>", "[PAD7]"]


def header_file(path: Path, cut: str = "deepseek-r1-qwen") -> Path:
    """Write a file with the header of a toy tokenizer, and nothing behind it."""
    types = [TokenType.NORMAL] * 3 + [TokenType.CONTROL] * 3 + [TokenType.USER_DEFINED, TokenType.UNUSED]
    writer = GGUFWriter(path, "qwen2")
    writer.add_block_count(28)
    writer.add_tokenizer_pre(cut)
    writer.add_token_list(NAMES)
    writer.add_token_types(types)
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(3)
    writer.add_eos_token_id(4)
    writer.add_pad_token_id(5)
    writer.add_chat_template("{{ bos_token }}")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path


def test_a_header_gives_a_tokenizer_with_its_ids_and_flags(tmp_path: Path) -> None:
    tokenizer = tokenizer_of(read_header(header_file(tmp_path / "h.gguf")))
    assert tokenizer("ab<think>a<end>")["input_ids"] == [3, 2, 6, 0, 4]
    flags = {token.content: token.special for token in tokenizer.added_tokens_decoder.values()}
    assert flags == {"<begin>": True, "<end>": True, "<pad>": True, "<think>": False}
    assert tokenizer.chat_template == "{{ bos_token }}"


def test_a_tokenizer_that_cuts_text_in_another_way_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a tokenizer that cuts text as smollm does is not read; deepseek-r1-qwen is"):
        tokenizer_of(read_header(header_file(tmp_path / "h.gguf", "smollm")))


def test_a_header_is_fetched_once_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("R1TAILOR_CACHE", str(tmp_path / "cache"))
    fetched: list[int | None] = []

    def download(pin: object, target: Path, first_bytes: int | None = None) -> None:
        fetched.append(first_bytes)
        header_file(target)

    monkeypatch.setattr(gguf_header, "download_member", download)
    assert isinstance(SETTINGS, RandomModel)
    assert SETTINGS.tokenizer is not None
    toy = SETTINGS.tokenizer.model_copy(update={"vocabulary": len(NAMES)})
    folder = header_folder(toy)
    assert header_folder(toy) == folder
    assert fetched == [5_953_246]
    assert store.read_json(folder / FIGURES)["qwen2.block_count"] == 28
    other = toy.model_copy(update={"vocabulary": 9, "sha256": "0" * 64})
    with pytest.raises(DataError, match="its vocabulary has 8 tokens, expected 9"):
        header_folder(other)
    with pytest.raises(ModelUnavailableError, match="the tokenizer of model tiny_r1_distill_qwen cannot be had: gguf-"):
        load.load_tokenizer(SETTINGS.model_copy(update={"tokenizer": other}), config.ROOT)


def test_the_distill_in_conf_and_its_shape_are_those_of_the_published_header() -> None:
    assert isinstance(SETTINGS, RandomModel)
    assert SETTINGS.tokenizer is not None
    figures = store.read_json(header_folder(SETTINGS.tokenizer) / FIGURES)
    composed = config.load(["model=r1_distill_qwen_7b"]).model
    assert isinstance(composed, HubModel)
    shape = published(composed.hub_id)
    assert shape is not None
    assert figures["general.name"] == "DeepSeek R1 Distill Qwen 7B"
    assert figures["qwen2.context_length"] == composed.context_length
    assert SETTINGS.tokenizer.vocabulary == shape.vocab_size
    names = {
        "block_count": "num_hidden_layers",
        "embedding_length": "hidden_size",
        "feed_forward_length": "intermediate_size",
        "attention.head_count": "num_attention_heads",
        "attention.head_count_kv": "num_key_value_heads",
    }
    assert {key: figures[f"qwen2.{key}"] for key in names} == {key: getattr(shape, name) for key, name in names.items()}
    parameters = sum(parameter.numel() for parameter in load.skeleton(shape).parameters())
    assert parameters == composed.parameters


def test_every_distill_of_qwen_in_conf_reads_as_far_as_the_header_says() -> None:
    assert isinstance(SETTINGS, RandomModel)
    assert SETTINGS.tokenizer is not None
    figures = store.read_json(header_folder(SETTINGS.tokenizer) / FIGURES)
    for size in ("1_5b", "7b", "14b", "32b"):
        composed = config.load([f"model=r1_distill_qwen_{size}"]).model
        assert composed.context_length == figures["qwen2.context_length"]
        assert composed.chat == "tokenizer"
