"""A tokenizer and its chat template as llama.cpp reads them; another kind of tokenizer is refused by name.

llama.cpp knows pre-tokenizers by a name, not by their rules: ours is looked up by its rules. What it cannot do is
Unicode normalisation (Qwen's NFC): the file records it under a key of our own, and ``inference/gguf.py`` applies it.
"""

import json
from typing import Any

from gguf import GGUFWriter, TokenType

from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.errors import UserError
from r1tailor.inference.gguf import NORMALIZER

_BYTES = {"type": "ByteLevel", "use_regex": False}
_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_KNOWN: dict[str, tuple[list[Any], bool]] = {  # llama.cpp's name: the rules, and whether whole words go before merges
    "gpt-2": ([{"type": "ByteLevel", "use_regex": True}], False),
    "smollm": ([{"type": "Digits", "individual_digits": True}, {"type": "ByteLevel", "use_regex": True}], False),
    "llama-bpe": ([_CONTRACTIONS + r"\p{N}{1,3}" + _REST, _BYTES], True),
    "qwen2": ([_CONTRACTIONS + r"\p{N}" + _REST, _BYTES], False),
    "deepseek-v3": (
        [
            r"\p{N}{1,3}",
            "[一-龥぀-ゟ゠-ヿ]+",
            r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|"
            r" ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            _BYTES,
        ],
        False,
    ),
}


def write_tokenizer(writer: GGUFWriter, tokenizer: ChatTokenizer, vocabulary: int) -> None:
    """Add a tokenizer, its special tokens and its chat template to a file.

    Args:
        writer: of the file.
        tokenizer: of the model.
        vocabulary: rows of the model's embedding; those without a token are filled up.

    Raises:
        UserError: llama.cpp cannot tokenise as it does.
    """
    inner, rules = tokenizer.tokenizer, json.loads(tokenizer.tokenizer.backend_tokenizer.to_str())
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_pre_tokenizer(rules))
    tokens, types = _tokens(rules, vocabulary)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    merges = rules["model"]["merges"]
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in merges] or [""])
    for add, id_ in (
        (writer.add_bos_token_id, inner.bos_token_id),
        (writer.add_eos_token_id, inner.eos_token_id if inner.eos_token_id is not None else tokenizer.end),
        (writer.add_eot_token_id, tokenizer.end),
        (writer.add_pad_token_id, inner.pad_token_id),
        (writer.add_unk_token_id, inner.unk_token_id),
    ):
        if id_ is not None:
            add(id_)
    writer.add_add_bos_token(inner("a")["input_ids"][:1] == [inner.bos_token_id])
    writer.add_chat_template(str(inner.chat_template))


def write_normalizer(writer: GGUFWriter, tokenizer: ChatTokenizer) -> None:
    """Record the Unicode form that text takes before it is tokenised, where there is one."""
    normalizer = json.loads(tokenizer.tokenizer.backend_tokenizer.to_str())["normalizer"]
    if normalizer:
        writer.add_string(NORMALIZER, normalizer["type"])


def _pre_tokenizer(rules: dict[str, Any]) -> str:
    """Return llama.cpp's name of the rules by which text is cut before merges.

    Raises:
        UserError: it has no such rules.
    """
    model = rules["model"]
    if model["type"] != "BPE" or model.get("byte_fallback") or model.get("continuing_subword_prefix"):
        raise UserError(f"GGUF: a {model['type']} tokenizer of this kind is not supported; byte-level BPE is")
    if (rules["normalizer"] or {"type": "NFC"})["type"] != "NFC":
        raise UserError(f"GGUF: a tokenizer with normalizer {rules['normalizer']['type']} is not supported; NFC is")
    cut = _rules(rules["pre_tokenizer"])
    if not model["merges"] and cut[-1:] == [_BYTES]:
        return "gpt-2"  # without merges every byte is a token, wherever text is cut
    for name, (known, whole_words) in _KNOWN.items():
        if cut == known and bool(model.get("ignore_merges")) == whole_words:
            return name
    raise UserError(f"GGUF: llama.cpp is not known to cut text as this tokenizer does: {json.dumps(cut)[:300]}")


def _rules(pre_tokenizer: dict[str, Any] | None) -> list[Any]:
    """Return the steps of a pre-tokenizer in short: the pattern of a split, what else decides where text is cut."""
    if pre_tokenizer is None:
        return []
    if pre_tokenizer["type"] == "Sequence":
        return [rule for step in pre_tokenizer["pretokenizers"] for rule in _rules(step)]
    if pre_tokenizer["type"] == "Split" and pre_tokenizer["behavior"] == "Isolated" and not pre_tokenizer["invert"]:
        return [pre_tokenizer["pattern"].get("Regex", pre_tokenizer)]
    if pre_tokenizer["type"] == "ByteLevel" and pre_tokenizer["add_prefix_space"]:
        return [pre_tokenizer]
    return [{key: value for key, value in pre_tokenizer.items() if key not in ("add_prefix_space", "trim_offsets")}]


def _tokens(rules: dict[str, Any], vocabulary: int) -> tuple[list[str], list[TokenType]]:
    """Return text and type of each token, by id."""
    tokens = [f"[PAD{id_}]" for id_ in range(vocabulary)]
    types = [TokenType.UNUSED] * vocabulary
    for text, id_ in rules["model"]["vocab"].items():
        tokens[id_], types[id_] = text, TokenType.NORMAL
    for added in rules["added_tokens"]:
        odd = [flag for flag in ("single_word", "lstrip", "rstrip") if added[flag]]
        if odd:
            raise UserError(f"GGUF: token {added['content']!r} has {odd[0]} = true, which llama.cpp does not know")
        if added["id"] < vocabulary:
            kind = TokenType.CONTROL if added["special"] else TokenType.USER_DEFINED
            tokens[added["id"]], types[added["id"]] = added["content"], kind
    return tokens, types
