"""Where raw material comes from (``sources/``).

Every source says under which licence its material is used, from when on it could have been known (an ISO date), and
what becomes of a damaged record: ``on_damage: stop`` ends the run with its place, ``list`` counts and lists it.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from r1tailor.fields import Location, Member, Name, Package, PackageVersion, Sha256
from r1tailor.schema.base import Section


class _Source(Section):
    name: Name
    licence: str
    available_at: str
    on_damage: Literal["stop", "list"]


class PackagedSource(_Source):
    """A member of a package on the package index, pinned by hash (``sources/packaged.py``).

    ``archive`` is the form it is published in; ``wheel_sha256`` is the hash of that archive, wheel or sdist.
    """

    kind: Literal["packaged"]
    archive: Literal["wheel", "sdist"] = "wheel"
    package: Package
    version: PackageVersion
    wheel_sha256: Sha256
    member: Member
    sha256: Sha256
    origin: str


class JsonlSource(_Source):
    """Your own JSONL of instruction examples (``sources/jsonl.py``)."""

    kind: Literal["jsonl"]
    path: Location


class GeneratedTask(Section):
    """One task of reasoning-gym: ``size`` questions at each of its difficulty ``levels`` (0 is the easiest)."""

    name: Name
    levels: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(strict=False, min_length=1)]
    size: Annotated[int, Field(gt=0, le=1_000_000)]


class GeneratedSource(_Source):
    """Questions with verified answers, made by a pinned ``version`` of reasoning-gym (``sources/generated.py``)."""

    kind: Literal["generated"]
    version: PackageVersion
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    tasks: Annotated[tuple[GeneratedTask, ...], Field(strict=False, min_length=1)]

    @model_validator(mode="after")
    def _names_each_question_once(self) -> "GeneratedSource":
        asked = [(task.name, level) for task in self.tasks for level in task.levels]
        if len(set(asked)) < len(asked):
            raise ValueError("each task and each of its levels may stand in tasks only once")
        return self


Source = Annotated[PackagedSource | JsonlSource | GeneratedSource, Field(discriminator="kind")]
