"""The text of an example as the model reads it, in R1's style.

The prompt is rendered by the tokenizer's own chat template, with the generation prompt: it is the text that inference
uses. The response follows: optional reasoning between ``<think>`` and ``</think>``, then the answer. DeepSeek advises
against a system prompt for R1, so the instruction opens the user's first turn, where examples of one task share it as a
prefix. The turns before the question come without their reasoning, as R1's own template strips it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from r1tailor.records import Example, Turn
from r1tailor.schema.domain import Template

THINK = "<think>"
END_THINK = "</think>"
_NO_CHARACTER = "\ufdd0"


class Said(Protocol):
    """A turn, wherever it comes from: a dataclass."""

    @property
    def role(self) -> str:
        """Whose turn it is."""
        ...

    @property
    def content(self) -> str:
        """What was said."""
        ...


SomeTurn = TypeVar("SomeTurn", bound=Said)


def messages(example: Example, marker: str = "") -> list[dict[str, Any]]:
    """Return the chat turns before the answer.

    Args:
        example: the question, after the turns before it.
        marker: placed before the input (after the instruction, in a first turn), for the example's window; empty
            without one.
    """
    asked = _joined(marker, example.input)
    turns = [*example.turns, *([Turn("user", asked)] if asked or not example.turns else [])]
    return [{"role": turn.role, "content": turn.content, **turn.fields} for turn in opened(turns, example.instruction)]


def opened(turns: Sequence[SomeTurn], instruction: str) -> list[SomeTurn]:
    """Return turns whose first user's turn is opened by the task's instruction.

    A system turn takes the place of the instruction. Where the task has none, a system turn stays one, and the model's
    own template places it.
    """
    given = _joined(*(turn.content for turn in turns if turn.role == "system"))
    opening = instruction and (given or instruction)
    kept = [turn for turn in turns if not (opening and turn.role == "system")]
    first = next((number for number, turn in enumerate(kept) if turn.role == "user"), None)
    if first is not None and opening:
        kept[first] = replace(kept[first], content=_joined(opening, kept[first].content))  # type: ignore[type-var]
    return kept


def arguments_of(template: Template) -> dict[str, Any]:
    """Return the arguments that are set, by the names that chat templates use."""
    given = {"enable_thinking": template.enable_thinking, "date_string": template.date_string}
    return {name: value for name, value in given.items() if value is not None}


def texts(example: Example) -> Iterator[str]:
    """Yield every text of an example that reaches the model."""
    yield from (example.instruction, example.input, example.output, example.reasoning)
    for turn in example.turns:
        yield from (turn.content, *_strings(turn.fields))
    yield from _strings([*example.tools, *example.tool_calls])


def marker_for(example: Example) -> str:
    """Return a text that does not occur in the example, to mark a place in its prompt.

    It is a run of U+FDD0, which is permanently no character (Unicode standard, 23.7), longer than any run of it in the
    example.
    """
    marker, asked = _NO_CHARACTER, list(texts(example))
    while any(marker in text for text in asked):
        marker += _NO_CHARACTER
    return marker


def response(answer: str, reasoning: str, prompt: str) -> str:
    """Return the text that the model should write after a prompt.

    Args:
        answer: the reference answer (or its beginning).
        reasoning: the chain of thought; empty without one.
        prompt: the rendered prompt. R1's own template ends in an open ``<think>``; the block is then closed
            here, even if it is empty, so that training and generation use the same text.
    """
    if prompt.rstrip().endswith(THINK):
        opening = "" if prompt.endswith("\n") else "\n"
        return f"{opening}{reasoning}\n{END_THINK}\n\n{answer}"
    return f"{THINK}\n{reasoning}\n{END_THINK}\n\n{answer}" if reasoning else answer


def changed(value: Any, change: Any) -> Any:  # noqa: ANN401
    """Return JSON values with every text in them changed, those of keys left as they are."""
    match value:
        case str():
            return change(value)
        case dict():
            return {key: changed(inner, change) for key, inner in value.items()}
        case list() | tuple():
            return type(value)(changed(inner, change) for inner in value)
    return value


def _strings(value: Any) -> Iterator[str]:  # noqa: ANN401
    match value:
        case str():
            yield value
        case dict():
            yield from (text for pair in value.items() for inner in pair for text in _strings(inner))
        case list() | tuple():
            yield from (text for inner in value for text in _strings(inner))


def _joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
