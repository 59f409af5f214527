"""How documents become clean (``corpus/``)."""

from typing import Annotated, Literal

from pydantic import Field

from r1tailor.schema.base import Section

CleaningRule = Literal[
    "decode_entities",
    "repair_mojibake",
    "normalise_unicode",
    "remove_running_lines",
    "remove_boilerplate",
    "join_broken_lines",
    "remove_control_characters",
    "narrow_full_width",
    "unify_units",
    "widen_chinese_punctuation",
    "straighten_quotes",
    "collapse_punctuation",
    "collapse_whitespace",
]


class Cleaning(Section):
    """The named rules that are applied to every document, in this order (``corpus/clean.py``)."""

    rules: Annotated[tuple[CleaningRule, ...], Field(strict=False)]
