"""In which forms a tuned model is kept besides its own (``compression/``)."""

from typing import Literal

from pydantic import Field

from r1tailor.schema.base import Section

Form = Literal["merge", "gguf_f16", "gguf_q8_0", "gguf_q4_0", "dynamic_int8", "w8a8"]


class Compression(Section):
    """The forms that the tuned model is written in, and what each may lose."""

    forms: tuple[Form, ...] = Field(
        default=(),
        strict=False,
        description="Forms of the tuned model that are made and evaluated next to it: merge, gguf_f16, gguf_q8_0, "
        "gguf_q4_0, dynamic_int8, w8a8.",
    )
    margin: float = Field(
        default=0.02,
        gt=0,
        lt=1,
        description="How much worse a form may be and still be served by default: of the first goal that sets a "
        "smallest value, in its units; where all goals set a largest value, as a share of the tuned model's.",
    )
