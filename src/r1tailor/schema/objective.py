"""What is minimised (``objective/``), and what a teacher is asked for (``teaching/``)."""

from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from r1tailor.fields import Fraction, HttpUrl, SecretVariable
from r1tailor.schema.base import Section

ENDPOINT = "endpoint"


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


class RemoteTeacher(Section):
    """A teacher behind an OpenAI-compatible URL: vLLM, SGLang, or a vendor's."""

    url: HttpUrl = Field(description="Up to and with /v1, without a key. Other machines are asked over https alone.")
    model: str = Field(min_length=1, max_length=300, description="Name of the model there.")
    key_variable: SecretVariable | None = Field(
        description="Environment variable that holds the key of the URL, R1TAILOR_SECRET_<NAME>; it is sent to no host "
        "but the one in R1TAILOR_SECRET_<NAME>_HOST.",
    )
    timeout_seconds: float = Field(gt=0, le=3600, description="Seconds that an answer may take.")
    requests_at_once: int = Field(ge=1, le=256, description="Questions that are asked at the same time.")
    audience: Literal["anyone", "organisation"] = Field(
        description="Who runs the URL. `anyone`: sources that may not be passed on are not sent to another machine; "
        "`organisation`: people who may see these sources."
    )

    @property
    def is_loopback(self) -> bool:
        """Whether the URL is on this machine."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    @model_validator(mode="after")
    def _sends_nothing_in_the_clear(self) -> "RemoteTeacher":
        if self.url.startswith("http:") and not self.is_loopback:
            raise ValueError(f"url = {self.url}: training examples do not travel over plain HTTP; use https")
        return self


class Distillation(Section):
    """A teacher's distributions, its verified texts, or both (``objective/distillation.py``)."""

    kind: Literal["distillation"]
    teacher: Annotated[str, Field(min_length=1)] = Field(
        description="A version, a domain, the folder of a run or of a model; `base`: the base model, all its layers; "
        "`endpoint`: the model behind objective.endpoint."
    )
    endpoint: RemoteTeacher | None = Field(
        default=None, description="The server of `teacher: endpoint`, which writes texts; null for the others."
    )
    tokens: TeachersTokens | None = Field(description="Token level; `null`: none. Needs the student's tokenizer.")
    sequences: TeachersSequences | None = Field(description="Sequence level; `null`: none. Any tokenizer.")

    @property
    def asked(self) -> str:
        """The model that is asked about training examples."""
        return self.teacher

    @model_validator(mode="after")
    def _asks_for_something(self) -> "Distillation":
        if self.tokens is None and self.sequences is None:
            raise ValueError("tokens and sequences are both null: nothing is asked of the teacher")
        return self

    @model_validator(mode="after")
    def _has_its_endpoint(self) -> "Distillation":
        if (self.teacher == ENDPOINT) != (self.endpoint is not None):
            raise ValueError(
                "endpoint belongs to teacher = endpoint, which needs it: choose objective=distillation_endpoint"
            )
        if self.endpoint and self.tokens:
            raise ValueError("tokens: an endpoint tells no distributions; it teaches by sequences")
        return self


class PairLoss(Section):
    """The loss of pairs of answers next to that of reference answers (``objective/preference.py``)."""

    beta: float = Field(
        gt=0, le=100, description="Of the pairs' loss: the larger, the closer the model stays to the reference model."
    )
    supervised: float = Field(
        ge=0, le=100, description="Weight of the cross-entropy of the reference answers; 0: the pairs alone."
    )


class Preference(PairLoss):
    """Direct preference optimisation: an answer is preferred to a rejected one (``objective/preference.py``)."""

    kind: Literal["preference"]
    reference: Annotated[str, Field(min_length=1)] = Field(
        description="Model that the pairs' likelihoods are compared with: `base`, the base model that training starts "
        "from; or a version, a domain, the folder of a run or of a model with the same tokenizer."
    )

    @property
    def asked(self) -> str:
        """The model that is asked about training examples."""
        return self.reference


Objective = Annotated[Supervised | Distillation | Preference, Field(discriminator="kind")]
SUPERVISED = Supervised(kind="supervised")
