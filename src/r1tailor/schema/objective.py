"""What is minimised (``objective/``), and what a teacher is asked for (``teaching/``)."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from r1tailor.fields import Fraction
from r1tailor.schema.base import Section


class Supervised(Section):
    """Cross-entropy of the reference answers (``objective/supervised.py``)."""

    kind: Literal["supervised"]


class TeachersTokens(Section):
    """Token level: the student learns the teacher's distribution at each supervised token."""

    weight: float = Field(gt=0, le=1, description="Weight of the divergence; the rest is that of the cross-entropy.")
    temperature: float = Field(
        gt=0, le=20, description="Both distributions are softmax(logits / temperature); above 1 they are flatter."
    )
    top_k: int = Field(
        ge=1,
        le=1024,
        description="Tokens of the teacher that are kept at each place; the mass of all others is one more outcome.",
    )


class TeachersSequences(Section):
    """Sequence level: the teacher writes reasoning and answers; what is verified is trained on."""

    samples: int = Field(ge=1, le=256, description="Texts that the teacher writes for each training example.")
    temperature: float = Field(ge=0, le=10, description="Of the draws; 0 is greedy and takes one sample.")
    top_p: float = Field(gt=0, le=1, description="Draws are from the smallest set of tokens with this probability.")
    max_new_tokens: int = Field(gt=0, description="Longest text of the teacher, in tokens, reasoning included.")
    keep: int = Field(ge=1, description="Most verified, distinct texts that are kept of one example.")
    verify: str | None = Field(
        description="Metric of the domain that calls a text right, or `agreement`: the texts about an example vote; "
        "`null`: the first such metric of the goals, else of the domain, else agreement."
    )
    agreement: Fraction = Field(description="Share of the texts about an example that must agree, where they vote.")
    unverified: Literal["drop", "keep"] = Field(
        description="An example of which nothing was verified: `drop` leaves it out, `keep` trains on it as it is."
    )

    @model_validator(mode="after")
    def _draws_differ(self) -> "TeachersSequences":
        if self.temperature == 0 and self.samples > 1:
            raise ValueError(f"samples = {self.samples} at temperature = 0 would be the same text each time")
        return self


class Distillation(Section):
    """A teacher's distributions, its verified texts, or both (``objective/distillation.py``)."""

    kind: Literal["distillation"]
    teacher: Annotated[str, Field(min_length=1)] = Field(
        description="A version, a domain, the folder of a run or of a model; `base`: the base model, all its layers."
    )
    tokens: TeachersTokens | None = Field(description="Token level; `null`: none. Needs the student's tokenizer.")
    sequences: TeachersSequences | None = Field(description="Sequence level; `null`: none. Any tokenizer.")

    @model_validator(mode="after")
    def _asks_for_something(self) -> "Distillation":
        if self.tokens is None and self.sequences is None:
            raise ValueError("tokens and sequences are both null: nothing is asked of the teacher")
        return self


Objective = Annotated[Supervised | Distillation, Field(discriminator="kind")]
SUPERVISED = Supervised(kind="supervised")
