"""Items longer than the context: counted before training, and left out or refused as ``domain.task.too_long`` says.

Training and validation take what fits into ``trainer.max_length``; a test item is scored whole, so it has to fit into
the model's context. An item is never cut.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from r1tailor.batching.tokens import TokenizedExample
from r1tailor.errors import DataError
from r1tailor.planning.tokenized_parts import TokenizedParts
from r1tailor.records import Example
from r1tailor.schema.settings import Settings

_SHOWN = 3  # ids


@dataclass(frozen=True)
class TooLong:
    """The items of one part that are too long.

    Attributes:
        part: of the split.
        ids: of the items, the longest first.
        items: how many items the part has.
        longest: in tokens, prompt and response together.
        limit: in tokens.
        setting: that holds the limit.
    """

    part: str
    ids: tuple[str, ...]
    items: int
    longest: int
    limit: int
    setting: str

    def __str__(self) -> str:
        shown = ", ".join(self.ids[:_SHOWN]) + (", ..." if len(self.ids) > _SHOWN else "")
        return (
            f"{len(self.ids):,} of {self.items:,} {self.part} items are longer than {self.setting} = {self.limit:,} "
            f"tokens (the longest has {self.longest:,}): {shown}"
        )


def too_long(
    settings: Settings, tokens: TokenizedParts, others: Mapping[str, Sequence[Example]] = MappingProxyType({})
) -> list[TooLong]:
    """Return what is too long in each part that has any; of whole texts nothing is, as they are read in windows.

    Args:
        settings: the composition.
        tokens: the parts that training reads.
        others: parts that it does not read.

    Raises:
        DataError: ``domain.task.too_long`` is ``stop`` and something is, or nothing of train or test fits; names counts
            and items.
        ModelUnavailableError: the tokenizer cannot be had.
    """
    if settings.domain.task.kind == "text":
        return []  # whole texts are cut into windows
    made = {part: tokens.whole(part) for part in tokens.parts}
    made |= {part: tokens.of(examples) for part, examples in others.items()}
    found = [one for part, members in made.items() if (one := _of_part(settings, part, members))]
    listed = "; ".join(map(str, found))
    if found and settings.domain.task.too_long == "stop":
        raise DataError(f"domain.task.too_long = stop: {listed}. Shorten them, or set domain.task.too_long = leave_out")
    if empty := [one for one in found if len(one.ids) == one.items and one.part != "validation"]:
        raise DataError(f"nothing is left of {' and '.join(one.part for one in empty)}: {listed}")
    return found


def remarks(found: Sequence[TooLong]) -> list[str]:
    """Return a line for each part, for the terminal."""
    return [f"left out: {one}" for one in found]


def fitting(settings: Settings, root: Path, test: Sequence[Example]) -> list[Example]:
    """Return the test items that the model can read and be scored on.

    Raises:
        DataError: as ``too_long``.
    """
    left = {id_ for one in too_long(settings, TokenizedParts(settings, root, {"test": test})) for id_ in one.ids}
    return [example for example in test if example.id not in left]


def trained_items(settings: Settings, tokens: TokenizedParts) -> int:
    """Return how many items training draws from: the examples, or the windows of whole texts.

    Raises:
        ModelUnavailableError: the tokenizer cannot be had.
    """
    examples = tokens.parts["train"]
    if settings.domain.task.kind != "text" or not examples:
        return len(examples)
    return len(tokens.within("train", settings.trainer.max_length).examples)


def _of_part(settings: Settings, part: str, made: Sequence[TokenizedExample]) -> TooLong | None:
    tested = part == "test"
    limit = settings.model.context_length if tested else settings.trainer.max_length
    over = sorted((one for one in made if len(one) > limit), key=lambda one: (-len(one), one.id))
    if not over:
        return None
    setting = "model.context_length" if tested else "trainer.max_length"
    return TooLong(part, tuple(one.id for one in over), len(made), len(over[0]), limit, setting)
