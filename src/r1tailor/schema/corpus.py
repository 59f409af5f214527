"""How documents become clean (``corpus/``)."""

from typing import Annotated, Literal

from pydantic import Field

from r1tailor.schema.base import Section

CleaningRule = Literal["normalise_unicode", "remove_control_characters", "straighten_quotes", "collapse_whitespace"]


class Corpus(Section):
    """Where the steps over documents run: in this process, or under Ray Data (``corpus/engine.py``).

    ``batch_size`` is in documents. Neither changes a byte of what is written.
    """

    engine: Literal["local", "ray"]
    batch_size: Annotated[int, Field(gt=0, le=65536)]


class Duplicates(Section):
    """When two documents say the same (``corpus/deduplicate.py``): the first of them stays.

    ``similarity`` is the Jaccard index over 3-grams of words (of characters in Chinese), in [0.5, 1).
    """

    similarity: Annotated[float, Field(ge=0.5, lt=1)]


class Cleaning(Section):
    """The named rules that are applied to every document, in this order (``corpus/clean.py``).

    With ``duplicates``, documents that repeat an earlier one are left out afterwards.
    """

    rules: Annotated[tuple[CleaningRule, ...], Field(strict=False)]
    duplicates: Duplicates | None = None
