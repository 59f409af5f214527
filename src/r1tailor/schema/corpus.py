"""How documents become clean (``corpus/``)."""

from typing import Annotated, Literal

from pydantic import Field

from r1tailor.schema.base import Section

CleaningRule = Literal["normalise_unicode", "remove_control_characters", "straighten_quotes", "collapse_whitespace"]


class Cleaning(Section):
    """The named rules that are applied to every document, in this order (``corpus/clean.py``)."""

    rules: Annotated[tuple[CleaningRule, ...], Field(strict=False)]
