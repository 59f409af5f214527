"""What every section of the configuration is: a frozen, strict mapping. And what every source states about itself."""

from typing import Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticKnownError

from r1tailor.fields import Name


class Section(BaseModel):
    """A frozen, strict mapping; a list in YAML becomes a tuple here."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class SourceSection(Section):
    """What every source states: its licence, from when on it was known, what becomes of a damaged record."""

    name: Name = Field(description="Name of the source, once per domain: lower-case letters, digits and _.")
    licence: str = Field(description="Licence under which the material may be used; copied into every document.")
    available_at: str = Field(description="ISO date from which the material could have been known.")
    on_damage: Literal["stop", "list"] = Field(
        description="What a damaged record does: stop ends the run and names the place, list counts and lists it."
    )


def declared(words: str) -> AfterValidator:
    """Return a check that a word is one of those that the kind of domain declares.

    They come with the validation's context, under the key ``words``; without them every word passes.
    """

    def check(word: str, info: ValidationInfo[dict[str, Any] | None]) -> str:
        allowed = (info.context or {}).get(words)
        if allowed is not None and word not in allowed:
            raise PydanticKnownError("literal_error", {"expected": ", ".join(map(repr, allowed))})
        return word

    return AfterValidator(check)
