"""Control tokens in texts of others: their names are text there, whatever their ``special`` flag says.

In DeepSeek's tokenizers ``<｜User｜>`` and ``<think>`` are added tokens that are not flagged special: a document that
quotes one would open a turn. Other added tokens are ordinary text (Gemma's HTML tags, runs of blanks) and stay tokens.
"""

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from r1tailor.instruction.template import changed, texts
from r1tailor.records import Example

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# How the families write control tokens: <|im_start|>, <｜User｜>, <start_of_turn>, [INST], <think>, <s>.
_WRITTEN_LIKE = re.compile(
    r".*｜.*|<\|.+\|>|</?[a-z]+(?:_[a-z]+)+>|\[/?[A-Z][A-Z_]+\]|</?(?:think|answer|dsml:|s|pad|bos|eos|unk|mask)>?"
)


def control_tokens(tokenizer: "PreTrainedTokenizerBase", template: str) -> tuple[str, ...]:
    """Return the added tokens that steer a model, the longest first.

    They are flagged special, named in the chat template (or the other end of a pair that is), or written like one.

    Args:
        tokenizer: its added tokens are looked at.
        template: source of the chat template.
    """
    added = [token for token in tokenizer.added_tokens_decoder.values() if token.content.strip()]
    found = {token.content for token in added if token.special or _steers(token.content, template)}
    return tuple(sorted(found, key=lambda name: (-len(name), name)))


def _steers(name: str, template: str) -> bool:
    other = name.replace("</", "<", 1) if name.startswith("</") else name.replace("<", "</", 1)
    return bool(name in template or other in template or _WRITTEN_LIKE.fullmatch(name))


def _normalises(tokenizer: "PreTrainedTokenizerBase") -> bool:
    normalizer = tokenizer.backend_tokenizer.normalizer
    return normalizer is not None and json.loads(normalizer.__getstate__()).get("normalizers") != []


class ControlTokens:
    """Makes text of the control tokens in a text: a space goes after the first character of each.

    Args:
        tokenizer: whose tokens they are.
        template: source of the chat template.

    Attributes:
        names: of the tokens, the longest first.
        ids: of the tokens.
    """

    def __init__(self, tokenizer: "PreTrainedTokenizerBase", template: str) -> None:
        self.names = control_tokens(tokenizer, template)
        by_name = {token.content: id_ for id_, token in tokenizer.added_tokens_decoder.items()}
        self.ids = frozenset(by_name[name] for name in self.names)
        self._names = re.compile("|".join(map(re.escape, self.names)) or r"(?!)")
        self._tokenizer = tokenizer
        # Where text is normalised first, another spelling can become the name of a token.
        normalised = {token.content for token in tokenizer.added_tokens_decoder.values() if token.normalized}
        self._respelt = _normalises(tokenizer) and not normalised.isdisjoint(self.names)

    def plain(self, text: str) -> str:
        """Return a text in which the names of control tokens are text."""
        while self._names.search(text):  # what stands around one may be the name of another
            text = self._names.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
        return self._unlike(text) if self._respelt and not text.isascii() else text

    def _unlike(self, text: str) -> str:
        """Return a text in which no other spelling becomes a control token either."""
        while True:
            made = self._tokenizer.backend_tokenizer.encode(text, add_special_tokens=False)
            places = [start for id_, (start, _) in zip(made.ids, made.offsets, strict=True) if id_ in self.ids]
            if not places:
                return text
            for place in reversed(places):
                text = f"{text[: place + 1]} {text[place + 1 :]}"

    def as_text(self, example: Example) -> Example:
        """Return an example in which the name of a control token is text: a space after its first character.

        Otherwise a document that quotes one would end the user's turn, or open another, in the middle of its text.
        """
        plain = self.plain
        if all(plain(text) == text for text in texts(example)):
            return example
        written = (example.instruction, example.input, example.output, example.reasoning)
        instruction, asked, output, reasoning = map(plain, written)
        own: dict[str, Any] = {"instruction": instruction, "input": asked, "output": output, "reasoning": reasoning}
        turns = tuple(
            replace(
                turn, content=plain(turn.content), reasoning=plain(turn.reasoning), fields=changed(turn.fields, plain)
            )
            for turn in example.turns
        )
        tools, calls = (changed(given, plain) for given in (example.tools, example.tool_calls))
        return replace(example, **own, turns=turns, tools=tools, tool_calls=calls)
