"""What every section of the configuration is: a frozen, strict mapping."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen, strict mapping; a list in YAML becomes a tuple here."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
