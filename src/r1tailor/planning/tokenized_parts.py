"""The examples of a run as token ids: the tokenizer loaded and every example rendered once, to count and to train."""

import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from r1tailor import store
from r1tailor.batching.pairs import tokenize_pairs
from r1tailor.batching.tokens import ChatTokenizer, Tokenized, TokenizedExample, tokenize, within
from r1tailor.domain import is_text
from r1tailor.model import load
from r1tailor.records import Example
from r1tailor.schema.objective import Preference
from r1tailor.schema.settings import Settings

_ANY = sys.maxsize


class TokenizedParts:
    """The parts of a split, tokenised when they are asked for: training examples with what they are preferred to.

    Args:
        settings: ``model``, ``domain.task`` and ``temporal.tokens`` are read.
        root: the project's root, for local models.
        parts: the examples of each.
    """

    def __init__(self, settings: Settings, root: Path, parts: Mapping[str, Sequence[Example]]) -> None:
        self._settings, self._root = settings, root
        self.parts = parts
        self._whole: dict[str, list[TokenizedExample]] = {}

    @cached_property
    def tokenizer(self) -> ChatTokenizer:
        """The model's tokenizer; soft tokens stand for windows where there are any.

        Raises:
            ModelUnavailableError: it cannot be had.
        """
        task = self._settings.domain.task
        tokenizer = load.load_tokenizer(self._settings.model, self._root, task.template, task.reasoning)
        windows = any(example.series for examples in self.parts.values() for example in examples)
        return tokenizer.with_soft_tokens(self._settings.temporal.tokens if windows else 0)

    def whole(self, part: str) -> list[TokenizedExample]:
        """Return every example of a part, whatever its length; not of whole texts, which are read in windows."""
        if part not in self._whole:
            self._whole[part] = self.of(self.parts[part], part)
        return self._whole[part]

    def of(self, examples: Sequence[Example], part: str = "") -> list[TokenizedExample]:
        """Return examples of a part, or of none, whatever their length; they are not kept."""
        return self._tokenized(examples, _ANY, part).examples if examples else []

    def within(self, part: str, max_length: int, only: Sequence[Example] | None = None) -> Tokenized:
        """Return the examples of a part that fit, or the windows of its texts (see ``batching.tokens.tokenize``).

        Args:
            part: of the split.
            max_length: in tokens.
            only: these of its examples, in its order; None for all.

        Raises:
            DataError: nothing fits.
        """
        examples = self.parts[part]
        asked = examples if only is None else only
        if (only is not None and part not in self._whole) or (examples and all(map(is_text, examples))):
            return self._tokenized(asked, max_length, part)
        wanted = set(map(id, asked))
        pairs = zip(examples, self.whole(part), strict=True)
        return within([tokens for example, tokens in pairs if id(example) in wanted], max_length)

    def _tokenized(self, examples: Sequence[Example], max_length: int, part: str) -> Tokenized:
        prefers = part == "train" and isinstance(self._settings.objective, Preference)
        read = tokenize_pairs if prefers else tokenize
        return read(examples, self.tokenizer, max_length, store.cache_folder() / "tokens")
