"""Examples become token ids: the prompt as generation will see it, then the response and its end token."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from r1tailor.curriculum.token_cache import Encoded, Rendered, cached
from r1tailor.errors import DataError
from r1tailor.instruction.template import messages, response
from r1tailor.records import Example

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class TokenizedExample:
    """Token ids of one example; only ``response`` (which ends in the end-of-turn token) is supervised."""

    id: str
    prompt: tuple[int, ...]
    response: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.prompt) + len(self.response)


@dataclass(frozen=True, slots=True)
class Tokenized:
    """The examples that fit, and the ids of those that are longer than ``max_length``."""

    examples: list[TokenizedExample]
    too_long: list[str]


class ChatTokenizer:
    """A tokenizer together with what its chat template implies.

    Args:
        tokenizer: a transformers tokenizer with a chat template.

    Attributes:
        end: id of the token that ends an assistant turn.

    Raises:
        DataError: the chat template fails, here or with an example.
    """

    def __init__(self, tokenizer: "PreTrainedTokenizerBase") -> None:
        self.tokenizer = tokenizer
        self.end = self._end_of_turn()

    def prompt_text(self, example: Example) -> str:
        """Return the rendered prompt, up to where the model begins to write."""
        return self._applied(messages(example), add_generation_prompt=True)

    def ids(self, text: str) -> tuple[int, ...]:
        """Return the ids of a text that already holds its special tokens."""
        return tuple(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def render(self, example: Example) -> Rendered:
        """Return prompt and response as text, without the end of the turn."""
        prompt = self.prompt_text(example)
        return prompt, response(example.output, example.reasoning, prompt)

    def encode(self, example: Example) -> TokenizedExample:
        """Tokenise one example: prompt, response, end of turn."""
        prompt, answer = self.render(example)
        return TokenizedExample(example.id, self.ids(prompt), (*self.ids(answer), self.end))

    def encode_all(self, rendered: Sequence[Rendered]) -> list[Encoded]:
        """Tokenise many examples at once, on all cores; the same ids as one by one."""
        if not rendered:
            return []
        prompts, answers = (
            self.tokenizer(list(texts), add_special_tokens=False)["input_ids"] for texts in zip(*rendered, strict=True)
        )
        return [(tuple(p), (*a, self.end)) for p, a in zip(prompts, answers, strict=True)]

    def fingerprint(self) -> bytes:
        """Return all that decides which ids a text becomes."""
        return f"{self.tokenizer.backend_tokenizer.to_str()}\0{self.end}".encode()

    def continuation(self, prompt: str, answer: str) -> tuple[int, ...]:
        """Return the ids of the beginning of a response to a rendered prompt, without an end: for ranking."""
        return self.ids(response(answer, "", prompt))

    def _applied(self, turns: list[Any], *, add_generation_prompt: bool) -> str:
        try:
            text = self.tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=add_generation_prompt
            )
        except Exception as error:  # a template is a program of others, in a sandbox: it can raise anything
            said = " ".join(str(error).split())[:200]
            raise DataError(f"the tokenizer's chat template fails: {type(error).__name__}: {said}") from error
        return str(text)

    def _end_of_turn(self) -> int:
        """Find the token that follows an assistant's words in the chat template, or else ``eos``."""
        mark = "\u2042"
        turns = [{"role": "user", "content": "?"}, {"role": "assistant", "content": mark}]
        rendered = self._applied(turns, add_generation_prompt=False)
        following = self.ids(rendered.rpartition(mark)[2].lstrip())
        if following and following[0] in self.tokenizer.all_special_ids:
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
        cache: folder of earlier results; see ``curriculum/token_cache.py``.

    Raises:
        DataError: nothing fits.
    """
    rendered = [tokenizer.render(example) for example in examples]
    encoded = cached(cache, tokenizer.fingerprint(), rendered, tokenizer.encode_all)
    made = [TokenizedExample(example.id, *ids) for example, ids in zip(examples, encoded, strict=True)]
    fitting = [example for example in made if len(example) <= max_length]
    too_long = [example.id for example in made if len(example) > max_length]
    if not fitting:
        raise DataError(f"none of {len(too_long)} examples fits into {max_length} tokens; raise trainer.max_length")
    return Tokenized(fitting, too_long)
