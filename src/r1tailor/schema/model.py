"""The base model (``model/``)."""

from typing import Annotated, Literal

from pydantic import Field

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
