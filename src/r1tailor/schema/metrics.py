"""Metrics that a task asks for by name (``domain/named_metrics.py``); each may carry settings.

In YAML a metric is its name, or a mapping: ``metrics: [exact, {name: number, tolerance: 0.5}]``.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from r1tailor.fields import Name
from r1tailor.schema.base import Section


class MetricSection(Section):
    """What every metric has."""

    called: Name | None = Field(
        default=None, description="Name in metrics.json and in goals; null takes the metric's own."
    )

    @property
    def key(self) -> str:
        """The name that results and goals use."""
        return self.called or str(getattr(self, "name"))  # noqa: B009 - declared by each metric


class PlainMetric(MetricSection):
    """A metric without settings."""

    name: Literal[
        "exact",
        "normalised",
        "label_accuracy",
        "macro_f1",
        "choice_letter",
        "chrf",
        "rouge_l",
        "coverage",
        "length",
        "tool_calls",
        "tool_names",
    ] = Field(description="Which metric.")


class NumberMetric(MetricSection):
    """Whether the last number of the answer is that of the reference."""

    name: Literal["number"] = Field(description="number: the last number of answer and reference.")
    tolerance: float = Field(default=0.0, ge=0, description="Largest difference that counts as equal.")
    relative: float = Field(
        default=1e-6, ge=0, lt=1, description="The same as a share of the larger number; the wider of both counts."
    )


class ListMetric(MetricSection):
    """F1 of the entries of a list, in any order, each once."""

    name: Literal["list_f1"] = Field(description="list_f1: entries of a list, in any order.")
    separators: str = Field(
        default=",;\n、，；", min_length=1, description="Characters between entries of answer and reference."
    )


class JsonMetric(MetricSection):
    """Share of the reference's JSON fields that the answer's JSON has with the same value."""

    name: Literal["json_fields"] = Field(description="json_fields: fields of a JSON object.")
    fields: tuple[str, ...] | None = Field(
        default=None, strict=False, description="Which fields count; null takes all of the reference."
    )


class ContainsMetric(MetricSection):
    """Whether the answer contains a text as whole words."""

    name: Literal["contains"] = Field(description="contains: a text as whole words.")
    text: str | None = Field(default=None, min_length=1, description="The text; null takes the reference.")


class RegexMetric(MetricSection):
    """Whether a pattern is found in the answer; with a group, whether that group is the reference's."""

    name: Literal["regex"] = Field(description="regex: a pattern of Python's re.")
    pattern: str = Field(
        min_length=1,
        max_length=1000,
        description="What is searched. With a group, its last match in answer and reference must be the same text.",
    )

    @field_validator("pattern")
    @classmethod
    def _can_be_compiled(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except (re.error, RecursionError) as error:
            raise ValueError(f"is no pattern: {error}") from None
        return pattern


def _mapping(metric: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
    return {"name": metric} if isinstance(metric, str) else metric


NamedMetric = Annotated[
    Annotated[
        PlainMetric | NumberMetric | ListMetric | JsonMetric | ContainsMetric | RegexMetric,
        Field(discriminator="name"),
    ],
    BeforeValidator(_mapping),
]
