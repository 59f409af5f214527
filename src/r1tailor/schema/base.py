"""What every section of the configuration is: a frozen, strict mapping. And what sources and packaged sets share."""

from typing import Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, model_validator
from pydantic_core import PydanticKnownError

from r1tailor.fields import IsoDate, Member, Name, Package, PackageVersion, Sha256


class Section(BaseModel):
    """A frozen, strict mapping; a list in YAML becomes a tuple here.

    Every field carries a ``description``: ``r1tailor explain`` and the settings reference print it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Permissions(Section):
    """What a source's owner lets be done with it, and when (``sources/permissions.py``)."""

    use: Literal["train", "evaluate"] = Field(
        description="`train`: any part of the split; `evaluate`: the test only, never train or validation."
    )
    redistribution: bool = Field(
        description="Whether the material, and models and examples made of it, may be passed on to others."
    )
    embargo_until: IsoDate | None = Field(
        description="ISO date before which the material may not be used at all; null where there is no embargo."
    )
    inside_information: bool = Field(
        description="Whether the material holds information that is not public; a source that does is refused."
    )

    @model_validator(mode="after")
    def _holds_nothing_that_may_never_be_used(self) -> "Permissions":
        if self.inside_information:
            raise ValueError("inside_information = true: material that is not public may not be used; leave it out")
        return self


class SourceSection(Section):
    """What every source states: its name, its licence, when it was known, and what happens to a damaged record."""

    name: Name = Field(description="Name of the source; unique within the domain, and part of every document's id.")
    licence: str = Field(description="Licence under which the material is used; recorded with every document.")
    available_at: str = Field(
        description="ISO date from which the material could have been known. "
        "A record or a column that carries a date of its own overrides it."
    )
    on_damage: Literal["stop", "list"] = Field(
        description="What happens to a damaged record: `stop` ends the run and names its place, "
        "`list` counts it, lists it among the rejections and continues."
    )
    permissions: Permissions | None = Field(
        default=None, description="What its owner permits; domain.compliance: securities demands it of every source."
    )


class PinnedFile(Section):
    """A file from a package on the package index, pinned by hash; it is read as an archive, never imported."""

    name: Name = Field(description="Name of the set in results.")
    package: Package = Field(description="Name on the package index.")
    version: PackageVersion = Field(description="Pinned version of the package.")
    wheel_sha256: Sha256 = Field(description="SHA-256 of the wheel.")
    member: Member = Field(description="Path of the file inside the wheel.")
    sha256: Sha256 = Field(description="SHA-256 of the file.")
    licence: str = Field(description="Licence under which the items are used.")


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
