"""How a finished run is reported (``report/``)."""

from typing import Literal

from pydantic import Field

from r1tailor.schema.base import Section


class Report(Section):
    """The page that a run ends with."""

    language: Literal["en", "zh", "auto"] = Field(
        default="auto", description="Language of the page; `auto` takes that of the domain."
    )
