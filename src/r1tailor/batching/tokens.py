"""Examples become token ids: the prompt as generation will see it, then the response and its end token.

An example's window of numbers stands between instruction and input as soft tokens, which are negative ids
(``batching/windows.py``), for a model that reads them.
"""

import copy
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from r1tailor import bounded
from r1tailor.batching.cache import Encoded, Rendered, cached
from r1tailor.batching.texts import windows
from r1tailor.batching.windows import Series, addresses, window_shape
from r1tailor.domain import is_text
from r1tailor.errors import DataError
from r1tailor.instruction.template import THINK, changed, marker_for, messages, response, texts
from r1tailor.records import Example
from r1tailor.schema.corpus import Limits

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_LIMITS = Limits(seconds=5, memory_mb=300)  # of one example's rendering, which takes a millisecond
_TOGETHER = 256  # examples, after which memory is counted anew
_LONGEST, _TIMES = 1_000_000, 20  # characters that a template may write, and how many for each that it is given
_TODAY = date(2026, 1, 1)  # for templates that print today's date: prompts must not change with it
_NOW = re.compile(r"""strftime_now\(\s*(['"])(.*?)\1\s*\)""")


@dataclass(frozen=True, slots=True)
class TokenizedExample:
    """Token ids of one example; only ``response`` (which ends in the end-of-turn token) is supervised.

    Attributes:
        id: the example's.
        prompt: negative ids are soft tokens of ``series``.
        response: what the model shall write.
        series: [T][C] the window, empty where the prompt has no soft tokens.
        conversation: the example's; its turns share a beginning, and are trained in one step where they fit.
    """

    id: str
    prompt: tuple[int, ...]
    response: tuple[int, ...]
    series: Series = ()
    conversation: str = ""

    def __len__(self) -> int:
        return len(self.prompt) + len(self.response)

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

    Attributes:
        end: id of the token that ends an assistant turn.
        soft_tokens: how many of them stand for an example's window; 0 leaves windows out, for a model that reads none.

    Raises:
        DataError: the chat template fails, here or with an example.
    """

    def __init__(self, tokenizer: "PreTrainedTokenizerBase", arguments: Mapping[str, Any] | None = None) -> None:
        self.tokenizer = tokenizer
        self._arguments = dict(arguments or {})
        self._template = self._undated(tokenizer.chat_template)
        self._origin = _origin(tokenizer)
        added = tokenizer.added_tokens_decoder
        special = [token.content for token in added.values() if token.special]
        self._special_ids = {id_ for id_, token in added.items() if token.special}
        self._special = re.compile("|".join(map(re.escape, sorted(special, key=len, reverse=True))) or r"(?!)")
        self.end = self._end_of_turn()
        self.soft_tokens = 0

    def with_soft_tokens(self, count: int) -> "ChatTokenizer":
        """Return the same tokenizer for a model that reads a window as ``count`` soft tokens."""
        other = copy.copy(self)
        other.soft_tokens = count
        return other

    def prompt_text(self, example: Example) -> str:
        """Return the rendered prompt, up to where the model begins to write."""
        plain = self._as_text(example)
        return self._applied(messages(plain), add_generation_prompt=True, tools=plain.tools)

    def prompt_parts(self, example: Example) -> tuple[str, ...]:
        """Return the rendered prompt: whole, or what stands before and after the window's soft tokens.

        Raises:
            DataError: the chat template does not show the user's turn exactly once.
        """
        if not self._reads(example):
            return (self.prompt_text(example),)
        marker, plain = marker_for(example), self._as_text(example)
        whole = self._applied(messages(plain, marker), add_generation_prompt=True, tools=plain.tools)
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
            turns: role and text of each; the name of a special token in a text is text.
        """
        plain = [{"role": role, "content": self.plain(text)} for role, text in turns]
        return self._applied(plain, add_generation_prompt=True)

    def ids(self, text: str) -> tuple[int, ...]:
        """Return the ids of a text that already holds its special tokens."""
        return tuple(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def render_all(self, examples: Sequence[Example]) -> Sequence[Rendered]:
        """Return ``render`` of each example.

        Raises:
            DataError: with one of them the chat template ends too late or writes too much; names both.
        """

        def work() -> Sequence[Rendered]:
            made: list[Rendered] = []
            for number, example in enumerate(examples):
                if number % _TOGETHER == 0:
                    bounded.left()  # what is kept of the examples before is none of this one's
                with_, given = f" with example {example.id}", sum(map(len, texts(example)))
                self._entered(with_, given)
                made.append(self._short_enough(self.render(example), with_, given))
            return made

        return self._bounded(work)

    def render(self, example: Example) -> Rendered:
        """Return the parts of the prompt and the response as text, without the end of the turn."""
        prompt, written = self.prompt_parts(example), self._as_text(example)
        answer = self._calling(written, prompt[-1]) if written.tool_calls else written.output
        return *prompt, response(answer, written.reasoning, prompt[-1])

    def _calling(self, example: Example, prompt: str) -> str:
        """Return an answer that calls tools as the chat template writes it, without the end of the turn.

        Raises:
            DataError: the template writes no such turn behind its own prompt.
        """
        turn = {"role": "assistant", "content": example.output or None, "tool_calls": list(example.tool_calls)}
        whole = self._applied([*messages(example), turn], add_generation_prompt=False, tools=example.tools)
        before = prompt.rstrip().removesuffix(THINK)
        if not whole.startswith(before) or not whole[len(before) :].strip():
            raise DataError(f"example {example.id}: {self._origin}: its chat template writes no calls of tools")
        end = str(self.tokenizer.convert_ids_to_tokens(self.end))
        return whole[len(before) :].rstrip().removesuffix(end).lstrip("\n")

    def encode(self, example: Example) -> TokenizedExample:
        """Tokenise one example: prompt, response, end of turn."""
        *prompt, answer = (self.ids(part) for part in self.render(example))
        return self.tokenized(example, (*prompt, (*answer, self.end)))

    def tokenized(self, example: Example, encoded: Encoded) -> TokenizedExample:
        """Put the ids of an example's parts together, its soft tokens between those of its prompt."""
        *prompt, answer = encoded
        if not self._reads(example):
            (whole,) = prompt
            return TokenizedExample(example.id, whole, answer, conversation=example.conversation)
        before, after = prompt
        whole = (*before, *addresses(example.series, self.soft_tokens), *after)
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
        arguments = json.dumps(self._arguments, sort_keys=True) if self._arguments else ""
        return hashlib.sha256(f"{self.tokenizer.chat_template}{arguments}".encode()).hexdigest()

    def continuation(self, prompt: str, answer: str) -> tuple[int, ...]:
        """Return the ids of the beginning of a response to a rendered prompt, without an end: for ranking."""
        return self.ids(response(answer, "", prompt))

    def _reads(self, example: Example) -> bool:
        return bool(self.soft_tokens and example.series)

    def _as_text(self, example: Example) -> Example:
        """Return an example in which the name of a special token is text: a space after its first character.

        Otherwise a document that quotes one would end the user's turn, or open another, in the middle of its text.
        """
        if not any(map(self._special.search, texts(example))):
            return example
        written = (example.instruction, example.input, example.output, example.reasoning)
        instruction, asked, output, reasoning = map(self.plain, written)
        own: dict[str, Any] = {"instruction": instruction, "input": asked, "output": output, "reasoning": reasoning}
        turns = tuple(
            replace(turn, content=self.plain(turn.content), fields=changed(turn.fields, self.plain))
            for turn in example.turns
        )
        tools, calls = (changed(given, self.plain) for given in (example.tools, example.tool_calls))
        return replace(example, **own, turns=turns, tools=tools, tool_calls=calls)

    def plain(self, text: str) -> str:
        """Return a text in which the name of a special token is text: a space after its first character."""
        return self._special.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)

    def _applied(self, turns: list[Any], *, add_generation_prompt: bool, tools: Sequence[Any] = ()) -> str:
        given = {**self._arguments, "tokenize": False, "add_generation_prompt": add_generation_prompt}
        if self._template is not None:
            given["chat_template"] = self._template
        if tools:
            given["tools"] = list(tools)
        # Some templates write the arguments of a call as the mapping that they are, others take text alone.
        forms = (turns, as_text) if (as_text := [*map(_with_arguments_as_text, turns)]) != turns else (turns,)
        for form in forms:
            try:
                return str(self.tokenizer.apply_chat_template(form, **given))
            except MemoryError:
                raise
            except Exception as error:  # a template is a program of others, in a sandbox: it can raise anything
                failed = error
        said = " ".join(str(failed).split())[:200]
        raise DataError(f"the tokenizer's chat template fails: {type(failed).__name__}: {said}") from failed

    def _undated(self, template: object) -> str | None:
        """Return a template that prints today's date with a date in its place; None where it prints none."""
        if not isinstance(template, str) or "strftime_now" not in template:
            return None
        fixed = self._arguments.get("date_string")
        made = _NOW.sub(lambda call: json.dumps(fixed or _TODAY.strftime(call[2])), template)
        # Where the format is no literal, the function itself is another one.
        other = f"{{%- macro strftime_now(form) -%}}{fixed or _TODAY}{{%- endmacro -%}}"
        return made if "strftime_now(" not in made else other + made

    def _bounded(self, work: Callable[[], Sequence[Rendered]]) -> Sequence[Rendered]:
        """Render in a worker process with limits: a template is a program of others, which may never end.

        Raises:
            DataError: the template fails, or it reached a limit.
        """

        def done() -> Sequence[Rendered] | str:
            try:
                return work()
            except DataError as error:
                return str(error)

        rendered = bounded.run(done, _LIMITS, where="")
        if isinstance(rendered, str):
            raise DataError(rendered)
        return rendered

    def _entered(self, with_: str, given: int) -> None:
        bounded.entered(f"{self._origin}: its chat template{with_}", given)

    def _short_enough(self, made: Rendered, with_: str, given: int) -> Rendered:
        if (written := sum(map(len, made))) > _LONGEST + _TIMES * given:
            what = f"it writes {written:,} characters for {given:,}"
            raise DataError(f"{self._origin}: its chat template{with_}: {what}")
        return made

    def _tried(self, turns: list[dict[str, str]]) -> str:
        """Return what the template makes of whole turns; a question alone must not keep it busy either."""

        def work() -> Sequence[Rendered]:
            bounded.left()
            self._entered("", 0)
            for asked, prompt in ((turns[:1], True), (turns, False)):
                made = self._short_enough((self._applied(asked, add_generation_prompt=prompt),), "", 0)
            return [made]

        return self._bounded(work)[0][0]

    def _end_of_turn(self) -> int:
        """Find the token that follows an assistant's words in the chat template, or else ``eos``."""
        mark = "\u2042"
        rendered = self._tried([{"role": "user", "content": "?"}, {"role": "assistant", "content": mark}])
        following = self.ids(rendered.rpartition(mark)[2].lstrip())
        if following and following[0] in self._special_ids:
            return following[0]
        if self.tokenizer.eos_token_id is None:
            raise DataError("the tokenizer's chat template ends a turn with no special token, and it has no eos token")
        return int(self.tokenizer.eos_token_id)


def _with_arguments_as_text(turn: dict[str, Any]) -> dict[str, Any]:
    calls = [
        {
            **call,
            "function": {
                **call["function"],
                "arguments": json.dumps(call["function"]["arguments"], ensure_ascii=False),
            },
        }
        for call in turn.get("tool_calls", ())
    ]
    return {**turn, "tool_calls": calls} if calls else turn


def _origin(tokenizer: "PreTrainedTokenizerBase") -> str:
    """Return the file that a chat template comes from, or else what its tokenizer is called."""
    folder = Path(tokenizer.name_or_path)
    files = (folder / name for name in ("chat_template.jinja", "tokenizer_config.json"))
    found = next(filter(Path.is_file, files), None) if tokenizer.name_or_path else None
    return str(found or tokenizer.name_or_path or "the tokenizer")


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
    made = [tokenizer.tokenized(example, ids) for example, ids in zip(examples, encoded, strict=True)]
    fitting = [example for example in made if len(example) <= max_length]
    too_long = [example.id for example in made if len(example) > max_length]
    if not fitting:
        raise DataError(f"none of {len(too_long)} examples fits into {max_length} tokens; raise trainer.max_length")
    return Tokenized(fitting, too_long)


def _texts(
    examples: Sequence[Example], tokenizer: ChatTokenizer, max_length: int, cache: Path | None
) -> list[TokenizedExample]:
    written = [tokenizer.plain(example.output) for example in examples]
    first, parts = windows(written, tokenizer.tokenizer, tokenizer.end, max_length, cache)
    return [
        TokenizedExample(example.id, (first,), ids)
        for example, members in zip(examples, parts, strict=True)
        for ids in members
    ]
