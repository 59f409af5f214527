"""Which base model something was trained on: its hash, and where it can be had. No torch."""

from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["adapter", "full", "gguf", "int8", "compressed"]  # how a model is saved: next to its base, or whole

_FETCHED = ("hub",)  # kinds of origin whose name plain transformers and peft can follow


@dataclass(frozen=True)
class Base:
    """The base model that was really used.

    Attributes:
        name: of the model's configuration.
        sha256: over configuration and weights; two models with the same one give the same logits.
        where: how it can be had; ``kind`` is ``packaged`` (package, version, member), ``hub`` (hub_id, revision),
            ``local`` (path) or ``random`` (architecture, size, seed). ``layers``: how many of them a student keeps.
        files: sha256 of its configuration and of each weight file, by name; empty for random weights.
    """

    name: str
    sha256: str
    where: dict[str, Any]
    files: dict[str, str] = field(default_factory=dict)

    @property
    def hub_id(self) -> str | None:
        """The hub id, where the base came from the hub; None where no hub model is this very base."""
        is_whole = self.where["kind"] in _FETCHED and "layers" not in self.where
        return str(self.where["hub_id"]) if is_whole else None

    @property
    def revision(self) -> str | None:
        """The hub's revision of it."""
        return str(self.where["revision"]) if self.hub_id else None

    @property
    def reference(self) -> str:
        """What peft's ``base_model_name_or_path`` says: a hub id only where the hub has this very base.

        Anything else is no valid hub id, so that peft's loaders stop instead of downloading a similar model.
        """
        return self.hub_id or f"r1tailor://{self.name}@{self.sha256[:12]}"

    def __str__(self) -> str:
        where = dict(self.where)
        match where.pop("kind"):
            case "packaged":
                said = f"{where['member']} of {where['package']}=={where['version']}, converted to safetensors"
            case "hub":
                said = f"{where['hub_id']} at revision {where['revision']}"
            case "local":
                said = f"folder {where['path']}"
            case kind:
                said = f"{kind} weights, {', '.join(f'{name} {value}' for name, value in where.items())}"
        student = self.where["kind"] != "random" and "layers" in self.where
        layers = f", {self.where['layers']} of its layers" if student else ""
        return f"{self.name} ({said}{layers}; sha256 {self.sha256[:12]})"
