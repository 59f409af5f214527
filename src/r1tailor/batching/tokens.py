"""Examples become token ids: the prompt as generation will see it, then the response and its end token.

An example's window of numbers stands between instruction and input as soft tokens, which are negative ids
(``batching/windows.py``), for a model that reads them.
"""

import copy
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from r1tailor.batching.cache import Encoded, Rendered, cached
from r1tailor.batching.chat_template import ChatTemplate
from r1tailor.batching.control_tokens import ControlTokens
from r1tailor.batching.texts import windows
from r1tailor.batching.windows import Series, addresses, window_shape
from r1tailor.domain import is_text
from r1tailor.errors import DataError
from r1tailor.instruction.reasoning import ANSWER, Blocks, learnt
from r1tailor.instruction.template import END_THINK, THINK, marker_for, messages
from r1tailor.records import Example
from r1tailor.schema.domain import Reasoning

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_WITH_BLOCK = ("empty", "unsupervised", "distil")  # write a block also where the template's own turns have none
_BLOCK = re.compile(rf"\s*(?:{THINK})?\s*{END_THINK}\s*")  # an empty one, before an answer


@dataclass(frozen=True, slots=True)
class TokenizedExample:
    """Token ids of one example; only ``response`` (which ends in the end-of-turn token) is supervised.

    Attributes:
        id: the example's.
        prompt: with the block of reasoning that the loss skips, where it does; negative ids are soft tokens of
            ``series``.
        response: what the model shall write.
        series: [T][C] the window, empty where the prompt has no soft tokens.
        conversation: the example's; its turns share a beginning, and are trained in one step where they fit.
        rejected: prompt and response of the answer that this one is preferred to; None without one.
    """

    id: str
    prompt: tuple[int, ...]
    response: tuple[int, ...]
    series: Series = ()
    conversation: str = ""
    rejected: "TokenizedExample | None" = None

    def __len__(self) -> int:
        own = len(self.prompt) + len(self.response)
        return own if self.rejected is None else max(own, len(self.rejected))

    @property
    def read(self) -> tuple[int, ...]:
        """What the model reads: all but the last token of the response, for nothing is predicted from it."""
        return self.prompt + self.response[:-1]


@dataclass(frozen=True, slots=True)
class Tokenized:
    """The examples that fit, and the ids of those that are longer than ``max_length``.

    A whole text (``task.kind: text``) is one or more examples of its id, its windows: nothing of it is left out.
    """

    examples: list[TokenizedExample]
    too_long: list[str]


class ChatTokenizer:
    """A tokenizer together with what its chat template implies.

    Args:
        tokenizer: a transformers tokenizer with a chat template.
        arguments: of the chat template (``task.template``).
        reasoning: what examples with and without reasoning teach (``task.reasoning``).

    Attributes:
        blocks: how the chat template writes reasoning.
        control: the tokens that users' texts must not hold.
        end: id of the token that ends an assistant turn.
        soft_tokens: how many of them stand for an example's window; 0 leaves windows out, for a model that reads none.

    Raises:
        DataError: the chat template fails, here or with an example.
    """

    def __init__(
        self,
        tokenizer: "PreTrainedTokenizerBase",
        arguments: Mapping[str, Any] | None = None,
        reasoning: Reasoning = "keep",
    ) -> None:
        self.tokenizer = tokenizer
        self._reasoning = reasoning
        self._template = ChatTemplate(tokenizer, arguments or {})
        self.control = ControlTokens(tokenizer, self._template.source)
        prompt, answered, reasoned = self._template.tried()
        self.blocks: Blocks = learnt(self._template.source, prompt, answered, reasoned)
        self.end = self._end_of_turn(answered)
        self.soft_tokens = 0

    def with_soft_tokens(self, count: int) -> "ChatTokenizer":
        """Return the same tokenizer for a model that reads a window as ``count`` soft tokens."""
        other = copy.copy(self)
        other.soft_tokens = count
        return other

    def prompt_text(self, example: Example) -> str:
        """Return the rendered prompt, up to where the model begins to write."""
        plain = self.control.as_text(example)
        return self._template.applied(self._messages(plain), add_generation_prompt=True, tools=plain.tools)

    def prompt_parts(self, example: Example) -> tuple[str, ...]:
        """Return the rendered prompt: whole, or what stands before and after the window's soft tokens.

        Raises:
            DataError: the chat template does not show the user's turn exactly once.
        """
        if not self._reads(example):
            return (self.prompt_text(example),)
        marker, plain = marker_for(example), self.control.as_text(example)
        whole = self._template.applied(self._messages(plain, marker), add_generation_prompt=True, tools=plain.tools)
        parts = whole.split(marker)
        if len(parts) != 2:
            raise DataError(
                f"example {example.id}: the tokenizer's chat template shows the user's turn {len(parts) - 1} times; "
                "a window needs one place in the prompt"
            )
        return tuple(parts)

    def prompt(self, example: Example) -> TokenizedExample:
        """Tokenise the prompt of one example, its window included; the response is left open."""
        return self.tokenized(example, (*(self.ids(part) for part in self.prompt_parts(example)), ()))

    def conversation(self, turns: Sequence[tuple[str, str]]) -> str:
        """Return a rendered conversation, up to where the model begins to write.

        Args:
            turns: role and text of each; the name of a control token in a text is text, and an earlier answer comes
                without its reasoning.
        """
        said = [(role, self._without_reasoning(text) if role == "assistant" else text) for role, text in turns]
        plain = [{"role": role, "content": self.control.plain(text)} for role, text in said]
        return self._template.applied(plain, add_generation_prompt=True)

    def _without_reasoning(self, text: str) -> str:
        before, closed, answer = text.rpartition(END_THINK)
        written = self.blocks.place != "none" or before.lstrip().startswith(THINK)
        return answer.lstrip() if closed and written else text

    def ids(self, text: str) -> tuple[int, ...]:
        """Return the ids of a text that already holds its special tokens."""
        return tuple(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def render_all(self, examples: Sequence[Example]) -> Sequence[Rendered]:
        """Return ``render`` of each example.

        Raises:
            DataError: with one of them the chat template ends too late or writes too much; names both.
        """
        return self._template.each(examples, self.render)

    def render(self, example: Example) -> Rendered:
        """Return the parts of the prompt, a block that the loss skips, and the response without the end of the turn.

        Raises:
            DataError: the example has reasoning, and the chat template has closed the block.
        """
        prompt, written = self.prompt_parts(example), self.control.as_text(example)
        if written.reasoning and self._keeps and self.blocks.place == "closed":
            raise DataError(
                f"example {example.id} has reasoning, and the prompts of {self._template.origin} end in a closed "
                "block: set domain.task.template.enable_thinking = true, or domain.task.reasoning = empty"
            )
        answer = self._calling(written, prompt[-1]) if written.tool_calls else written.output
        return *prompt, *self._response(answer, written.reasoning, prompt[-1])

    @property
    def _keeps(self) -> bool:
        return self._reasoning not in ("empty", "none")

    def _response(self, answer: str, reasoning: str, prompt: str) -> tuple[str, ...]:
        """Return the response to a prompt; with the block apart where the loss skips it."""
        block = self._block(reasoning if self._keeps else "", prompt)
        skipped = self._reasoning == "unsupervised" or (self._reasoning == "distil" and not reasoning)
        return (block, answer) if block and skipped else (block + answer,)

    def _block(self, reasoning: str, prompt: str) -> str:
        """Return what stands between a prompt and an answer."""
        place = self.blocks.place
        if reasoning or place == "opened" or (place == "written" and self._reasoning in _WITH_BLOCK):
            return self.blocks.block(reasoning, prompt)
        return self.blocks.empty if self._reasoning != "none" else ""

    def _calling(self, example: Example, prompt: str) -> str:
        """Return an answer that calls tools as the chat template writes it, without the end of the turn.

        Raises:
            DataError: the template writes no such turn behind its own prompt.
        """
        turn = {"role": "assistant", "content": example.output or None, "tool_calls": list(example.tool_calls)}
        turns, before = [*self._messages(example), turn], prompt.rstrip().removesuffix(THINK)
        try:
            whole = self._template.applied(turns, add_generation_prompt=False, tools=example.tools)
        except DataError:  # the prompt was rendered: it is the call that the template does not know
            whole = ""
        if not whole.startswith(before) or not whole[len(before) :].strip():
            raise DataError(
                f"example {example.id}: {self._template.origin}: its chat template writes no calls of tools"
            )
        end = str(self.tokenizer.convert_ids_to_tokens(self.end))
        called = whole[len(before) :].rstrip().removesuffix(end)
        return (called[found.end() :] if (found := _BLOCK.match(called)) else called).lstrip("\n")

    def encode(self, example: Example) -> TokenizedExample:
        """Tokenise one example: prompt, response, end of turn."""
        *prompt, answer = (self.ids(part) for part in self.render(example))
        return self.tokenized(example, (*prompt, (*answer, self.end)))

    def tokenized(self, example: Example, encoded: Encoded) -> TokenizedExample:
        """Put the ids of an example's parts together, its soft tokens between those of its prompt."""
        *prompt, answer = encoded
        if not self._reads(example):
            return TokenizedExample(example.id, tuple(chain(*prompt)), answer, conversation=example.conversation)
        before, *after = prompt
        whole = (*before, *addresses(example.series, self.soft_tokens), *chain(*after))
        return TokenizedExample(example.id, whole, answer, example.series, example.conversation)

    def encode_all(self, rendered: Sequence[Rendered]) -> list[Encoded]:
        """Tokenise many examples at once, on all cores; the same ids as one by one."""
        if not rendered:
            return []
        texts = [text for parts in rendered for text in parts]
        ids = iter(self.tokenizer(texts, add_special_tokens=False)["input_ids"])
        return [(*(tuple(next(ids)) for _ in parts[:-1]), (*next(ids), self.end)) for parts in rendered]

    def fingerprint(self) -> bytes:
        """Return all that decides which ids a text becomes."""
        return f"{self.tokenizer.backend_tokenizer.to_str()}\0{self.end}".encode()

    @property
    def sha256(self) -> str:
        """The hash of all that decides which ids a text becomes."""
        return hashlib.sha256(self.fingerprint()).hexdigest()

    @property
    def template_sha256(self) -> str:
        """The hash of the chat template, which renders the prompts, and of its arguments where any are set."""
        return self._template.sha256

    def continuation(self, prompt: str, answer: str) -> tuple[int, ...]:
        """Return the ids of the beginning of a response to a rendered prompt, without an end: for ranking."""
        return tuple(chain(*map(self.ids, self._response(answer, "", prompt))))

    def _messages(self, example: Example, marker: str = "") -> list[dict[str, Any]]:
        return messages(example, marker, reasoned=self._template.strips_reasoning)

    def _reads(self, example: Example) -> bool:
        return bool(self.soft_tokens and example.series)

    def _end_of_turn(self, answered: str) -> int:
        """Return the added token that follows an assistant's words in the chat template, or else ``eos``.

        Args:
            answered: a question and ``ANSWER`` as the template renders them.
        """
        following = self.ids(answered.rpartition(ANSWER)[2].lstrip())
        if following and following[0] in self.tokenizer.added_tokens_decoder:
            return following[0]
        if self.tokenizer.eos_token_id is None:
            raise DataError("the tokenizer's chat template ends a turn with no special token, and it has no eos token")
        return int(self.tokenizer.eos_token_id)


def tokenize(
    examples: Sequence[Example], tokenizer: ChatTokenizer, max_length: int, cache: Path | None = None
) -> Tokenized:
    """Tokenise examples; one longer than ``max_length`` tokens is left out whole, never cut, and listed.

    Args:
        examples: what to tokenise.
        tokenizer: of the model.
        max_length: in tokens, prompt and response together.
        cache: folder of earlier results; see ``batching/cache.py``.

    Raises:
        DataError: nothing fits, or the windows that the model would read are not of one shape and finite.
    """
    if examples and all(map(is_text, examples)):
        return Tokenized(_texts(examples, tokenizer, max_length, cache), [])
    if tokenizer.soft_tokens:
        window_shape(examples)
    rendered = tokenizer.render_all(examples)
    encoded = cached(cache, tokenizer.fingerprint(), rendered, tokenizer.encode_all)
    return within(
        [tokenizer.tokenized(example, ids) for example, ids in zip(examples, encoded, strict=True)], max_length
    )


def within(tokens: Sequence[TokenizedExample], max_length: int) -> Tokenized:
    """Return the examples that fit into ``max_length`` tokens, and the ids of the others.

    Raises:
        DataError: nothing fits.
    """
    fitting = [example for example in tokens if len(example) <= max_length]
    too_long = [example.id for example in tokens if len(example) > max_length]
    if not fitting:
        raise DataError(f"none of {len(too_long)} examples fits into {max_length} tokens; raise trainer.max_length")
    return Tokenized(fitting, too_long)


def _texts(
    examples: Sequence[Example], tokenizer: ChatTokenizer, max_length: int, cache: Path | None
) -> list[TokenizedExample]:
    written = [tokenizer.control.plain(example.output) for example in examples]
    first, parts = windows(written, tokenizer.tokenizer, tokenizer.end, max_length, cache)
    return [
        TokenizedExample(example.id, (first,), ids)
        for example, members in zip(examples, parts, strict=True)
        for ids in members
    ]
