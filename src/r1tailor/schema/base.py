"""What every section of the configuration is: a frozen, strict mapping. And what every source says of itself."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from r1tailor.fields import Name


class Section(BaseModel):
    """A frozen, strict mapping; a list in YAML becomes a tuple here."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class SourceSection(Section):
    """What every source says: under which licence, known from when, and what becomes of a damaged record."""

    name: Name
    licence: str
    available_at: str
    on_damage: Literal["stop", "list"]
