"""A chat template at work: a program of others, in a sandbox and within limits, whose output changes with no day."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from r1tailor import bounded
from r1tailor.batching.cache import Rendered
from r1tailor.errors import DataError
from r1tailor.instruction.reasoning import ANSWER, WHY
from r1tailor.instruction.template import texts
from r1tailor.records import Example
from r1tailor.schema.corpus import Limits

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_LIMITS = Limits(seconds=5, memory_mb=300)  # of one example's rendering, which takes a millisecond
_TOGETHER = 256  # examples, after which memory is counted anew
_LONGEST, _TIMES = 1_000_000, 20  # characters that a template may write, and how many for each that it is given
_TODAY = date(2026, 1, 1)  # for templates that print today's date: prompts must not change with it
_NOW = re.compile(r"""strftime_now\(\s*(['"])(.*?)\1\s*\)""")


class ChatTemplate:
    """The chat template of a tokenizer.

    Args:
        tokenizer: a transformers tokenizer with a chat template.
        arguments: of the chat template (``task.template``).

    Attributes:
        arguments: as the template calls them.
        origin: the file that it comes from, or else what its tokenizer is called.
    """

    def __init__(self, tokenizer: "PreTrainedTokenizerBase", arguments: Mapping[str, Any]) -> None:
        self._tokenizer = tokenizer
        self.origin = _origin(tokenizer)
        self.arguments = _as_the_template_calls_them(dict(arguments), self.source)
        self._template = self._undated(tokenizer.chat_template)

    @property
    def source(self) -> str:
        """The text of the template."""
        return str(self._tokenizer.chat_template)

    @property
    def sha256(self) -> str:
        """The hash of the template, and of its arguments where any are set."""
        arguments = json.dumps(self.arguments, sort_keys=True) if self.arguments else ""
        return hashlib.sha256(f"{self.source}{arguments}".encode()).hexdigest()

    @property
    def strips_reasoning(self) -> bool:
        """Whether it is given the reasoning of earlier answers, and decides itself what is stripped."""
        return "reasoning_content" in self.source

    def applied(self, turns: list[Any], *, add_generation_prompt: bool, tools: Sequence[Any] = ()) -> str:
        """Return turns as the template renders them.

        Args:
            turns: of a conversation.
            add_generation_prompt: whether the prompt of an answer follows.
            tools: that the model may call.

        Raises:
            DataError: the template fails.
        """
        given = {**self.arguments, "tokenize": False, "add_generation_prompt": add_generation_prompt}
        if self._template is not None:
            given["chat_template"] = self._template
        if tools:
            given["tools"] = list(tools)
        # Some templates write the arguments of a call as the mapping that they are, others take text alone.
        forms = (turns, as_text) if (as_text := [*map(_with_arguments_as_text, turns)]) != turns else (turns,)
        for form in forms:
            try:
                return str(self._tokenizer.apply_chat_template(form, **given))
            except MemoryError:
                raise
            except Exception as error:  # a template is a program of others, in a sandbox: it can raise anything
                failed = error
        said = " ".join(str(failed).split())[:200]
        raise DataError(f"the tokenizer's chat template fails: {type(failed).__name__}: {said}") from failed

    def each(self, examples: Sequence[Example], render: Callable[[Example], Rendered]) -> Sequence[Rendered]:
        """Return what is rendered of each example.

        Raises:
            DataError: with one of them the template ends too late or writes too much; names both.
        """

        def work() -> Sequence[Rendered]:
            made: list[Rendered] = []
            for number, example in enumerate(examples):
                if number % _TOGETHER == 0:
                    bounded.left()  # what is kept of the examples before is none of this one's
                with_, given = f" with example {example.id}", sum(map(len, texts(example)))
                self._entered(with_, given)
                made.append(self._short_enough(render(example), with_, given))
            return made

        return self._bounded(work)

    def tried(self) -> Rendered:
        """Return what the template makes of a question, of its answer, and of an answer with reasoning.

        A question alone must not keep it busy either.
        """
        asked = {"role": "user", "content": "?"}
        answered = {"role": "assistant", "content": ANSWER}
        reasoned = answered | {"reasoning_content": WHY}

        def work() -> Sequence[Rendered]:
            bounded.left()
            self._entered("", 0)
            prompt = self.applied([asked], add_generation_prompt=True)
            self._short_enough((prompt,), "", 0)
            whole = [self.applied([asked, turn], add_generation_prompt=False) for turn in (answered, reasoned)]
            return [self._short_enough((text,), "", 0) for text in (prompt, *whole)]

        return tuple(text for (text,) in self._bounded(work))

    def _undated(self, template: object) -> str | None:
        """Return a template that prints today's date with a date in its place; None where it prints none."""
        if not isinstance(template, str) or "strftime_now" not in template:
            return None
        fixed = self.arguments.get("date_string")
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
        bounded.entered(f"{self.origin}: its chat template{with_}", given)

    def _short_enough(self, made: Rendered, with_: str, given: int) -> Rendered:
        if (written := sum(map(len, made))) > _LONGEST + _TIMES * given:
            what = f"it writes {written:,} characters for {given:,}"
            raise DataError(f"{self.origin}: its chat template{with_}: {what}")
        return made


def _as_the_template_calls_them(arguments: dict[str, Any], template: str) -> dict[str, Any]:
    """Return arguments with ``enable_thinking`` under the name ``thinking`` where a template knows that alone."""
    if "enable_thinking" in arguments and "enable_thinking" not in template and re.search(r"\bthinking\b", template):
        arguments["thinking"] = arguments.pop("enable_thinking")
    return arguments


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
