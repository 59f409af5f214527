"""The base model (``model/``)."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from r1tailor.fields import Location, Member, Name, Package, PackageVersion, Sha256
from r1tailor.schema.base import Section

Chat = Literal["tokenizer", "deepseek"]


Targets = str | Annotated[tuple[str, ...], Field(strict=False, min_length=1)]


class LoraAdvice(Section):
    """What suits a model of this size; ``strategy=lora`` follows it."""

    lr: Annotated[float, Field(gt=0)]
    target_modules: Targets


class _Model(Section):
    name: Name
    context_length: Annotated[int, Field(gt=0)]
    licence: str
    chat: Chat
    lora: LoraAdvice


class PackagedModel(_Model):
    """A GGUF file inside a wheel, converted once to safetensors; ``hub_id`` is the other source."""

    kind: Literal["packaged"]
    package: Package
    version: PackageVersion
    wheel_sha256: Sha256
    member: Member
    sha256: Sha256
    hub_id: str


class HubModel(_Model):
    """A model that transformers loads by its hub id at a given revision."""

    kind: Literal["hub"]
    hub_id: str
    revision: str
    parameters: Annotated[int, Field(gt=0)]


class LocalModel(_Model):
    """A folder in Hugging Face layout (config.json, safetensors, tokenizer)."""

    kind: Literal["local"]
    path: Location


class RandomModel(_Model):
    """Random weights in a family's real architecture at toy size, for tests and dry runs."""

    kind: Literal["random"]
    architecture: Literal["deepseek_v3", "qwen2", "llama"]
    hidden_size: Annotated[int, Field(gt=0, le=4096)]
    layers: Annotated[int, Field(gt=0, le=128)]


Model = Annotated[PackagedModel | HubModel | LocalModel | RandomModel, Field(discriminator="kind")]


class TemporalSize(Section):
    """The size of the temporal encoder; ``patch`` is in time steps."""

    patch: Annotated[int, Field(gt=0, le=1024)]
    width: Annotated[int, Field(gt=0, le=4096)]
    layers: Annotated[int, Field(gt=0, le=64)]
    heads: Annotated[int, Field(gt=0, le=256)]
    tokens: Annotated[int, Field(gt=0, le=64)]

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> "TemporalSize":
        if self.width % self.heads:
            raise ValueError(f"heads = {self.heads} must divide width = {self.width}")
        return self


class Temporal(TemporalSize):
    """How examples' windows of numbers become soft tokens (``model/temporal.py``); of no account without windows.

    ``lr`` is the peak learning rate of the encoder, which begins with random weights whatever the strategy does with
    the language model.
    """

    lr: Annotated[float, Field(gt=0, lt=10)]
