"""How a version is served (``serving/``): where the gateway listens, what answers, and what a request may ask for."""

from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from r1tailor.fields import HttpUrl, Location, SecretVariable
from r1tailor.schema.base import Section

_LOOPBACK_NAME = "localhost"


def _address(text: str) -> str:
    try:
        ip_address(text)
    except ValueError:
        if text != _LOOPBACK_NAME:
            raise ValueError("must be an IP address such as 127.0.0.1 or 0.0.0.0, or localhost") from None
    return text


Address = Annotated[str, AfterValidator(_address)]
HostName = Annotated[str, Field(pattern=r"^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])$")]


class Endpoint(Section):
    """A model behind an OpenAI-compatible URL: vLLM, SGLang, or any other."""

    url: HttpUrl = Field(description="Up to and with /v1, without a key.")
    model: str | None = Field(
        max_length=300,
        description="Name of the model there; null: the id of the served version, under which "
        "`r1tailor serve --print vllm` offers it.",
    )
    key_variable: SecretVariable | None = Field(
        description="Environment variable that holds the key of the URL, R1TAILOR_SECRET_<NAME>; it is sent to no host "
        "but the one in R1TAILOR_SECRET_<NAME>_HOST.",
    )
    timeout_seconds: float = Field(gt=0, le=3600, description="Seconds that the URL may take for the next piece.")


class Engine(Section):
    """What answers."""

    backend: Literal["auto", "gguf", "local", "endpoint"] = Field(
        description="`gguf`: llama.cpp on the version's GGUF form; `local`: the inference of evaluation; "
        "`auto`: gguf where the version has such a form, else local; `endpoint`: a server that speaks OpenAI's API."
    )
    form: str | None = Field(
        pattern=r"^[a-z0-9][a-z0-9_]*$",
        description="Compressed form of the version that is served, such as gguf_q8_0; null takes the smallest that is "
        "non-inferior to the version itself.",
    )
    batch_size: int = Field(gt=0, le=1024, description="Answers that the model writes together, at most.")
    endpoint: Endpoint | None = Field(description="The server of `backend: endpoint`; null for the others.")

    @model_validator(mode="after")
    def _has_its_endpoint(self) -> "Engine":
        if (self.backend == "endpoint") != (self.endpoint is not None):
            raise ValueError("endpoint belongs to backend = endpoint, which needs it: choose serving=endpoint")
        return self


class ServingLimits(Section):
    """What one request, one key and all of them together may take."""

    body_bytes: int = Field(gt=0, description="Most bytes of a request's body; a longer one is refused with 413.")
    prompt_characters: int = Field(gt=0, description="Most characters of all messages of a request together.")
    max_tokens: int = Field(gt=0, description="Most tokens of an answer, reasoning included; also where none is asked.")
    choices: int = Field(gt=0, le=128, description="Most answers to one request (`n`).")
    requests_per_minute: float = Field(gt=0, description="Requests of one key per minute; above it comes 429.")
    burst: int = Field(gt=0, description="Requests of one key that may come at once within its rate.")
    concurrent_per_key: int = Field(
        gt=0, description="Requests of one key that are answered at the same time, at most."
    )
    concurrent: int = Field(gt=0, description="Requests that are answered or wait, of all keys; above it comes 429.")
    connections: int = Field(gt=0, description="Open connections, at most; above it comes 503.")
    receive_seconds: float = Field(gt=0, description="Seconds that a client may take to send a request.")
    send_seconds: float = Field(gt=0, description="Seconds that a client may take to read what it is sent next.")
    answer_seconds: float = Field(gt=0, description="Seconds that an answer may take; then it ends with an error.")
    drain_seconds: int = Field(gt=0, description="Seconds that answers under way have after SIGTERM.")


class Tls(Section):
    """How text is kept from others on the way: certificate and key of our own, or a proxy that has them."""

    certificate: Location | None = Field(
        description="PEM file with the certificate chain; null without TLS of our own."
    )
    key: Location | None = Field(description="PEM file with its private key, readable by its owner alone.")
    proxy: Address | None = Field(
        description="Address of the one proxy that may connect, which speaks HTTPS to clients and sets "
        "X-Forwarded-Proto; null without a proxy."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> "Tls":
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key are given together, or neither of them")
        return self


class Channels(Section):
    """Other versions next to the served one."""

    shadow: str | None = Field(
        max_length=200, description="Version that answers every request, too; its answers are logged and not shown."
    )
    canary: str | None = Field(max_length=200, description="Version that answers a share of the users.")
    canary_share: float = Field(
        ge=0, le=1, description="Share of users whom the canary answers, chosen by a hash of the user."
    )


class Audit(Section):
    """What the audit log keeps of prompts and answers."""

    text: bool = Field(
        description="Whether prompts and answers are kept as text, without what domain.cleaning.privacy takes out; "
        "`false` keeps keyed hashes alone."
    )


class Feedback(Section):
    """What becomes of users' corrections."""

    two_person: bool = Field(description="`true`: a correction is accepted when two reviewers agree on its text.")
    retention_days: int | None = Field(
        gt=0, description="Days after which the texts of feedback are removed, accepted ones too; null keeps them."
    )


class Serving(Section):
    """How a version is served."""

    folder: Location = Field(description="Where keys, audit log, feedback and studies are kept; closed to other users.")
    host: Address = Field(description="Address to listen on; any but loopback needs serving.tls.")
    port: int = Field(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    names: tuple[HostName, ...] = Field(
        strict=False, min_length=1, description="Host names by which clients may call; any other is refused."
    )
    audience: Literal["anyone", "organisation"] = Field(
        description="Whom other machines' requests come from. `anyone`: a version made of sources that may not be "
        "passed on is served on this machine alone; `organisation`: only people who may see these sources can connect."
    )
    session_hours: float = Field(gt=0, le=720, description="Hours after which a page asks for the key again.")
    engine: Engine = Field(description="What answers.")
    limits: ServingLimits = Field(description="What requests may take.")
    tls: Tls = Field(description="How text is kept from others on the way.")
    channels: Channels = Field(description="Other versions next to the served one.")
    audit: Audit = Field(description="What the audit log keeps.")
    feedback: Feedback = Field(description="How corrections are reviewed, and how long their texts are kept.")

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        return self.host == _LOOPBACK_NAME or ip_address(self.host).is_loopback

    @model_validator(mode="after")
    def _sends_nothing_in_the_clear(self) -> "Serving":
        if not self.is_loopback and self.tls.certificate is None and self.tls.proxy is None:
            raise ValueError(
                f"host = {self.host} can be reached from other machines: give tls.certificate and tls.key, or name the "
                "proxy that speaks HTTPS in tls.proxy; texts do not travel over plain HTTP"
            )
        return self
