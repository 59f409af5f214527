"""What a name means, opened: the version behind it, and the engine that the settings choose."""

from pathlib import Path

from r1tailor.errors import UserError
from r1tailor.inference import Located, locate, open_located
from r1tailor.inference.local import LocalAnswerer
from r1tailor.schema.serving import Serving
from r1tailor.serving.endpoint import EndpointEngine
from r1tailor.serving.engine import Engine
from r1tailor.serving.local import LocalEngine
from r1tailor.serving.served import Followed, Loaded, Served, Slot


def open_served(what: str, root: Path, settings: Serving) -> Served:
    """Return the slots of a gateway; nothing is loaded yet.

    Args:
        what: a domain, whose promoted version is followed, or one version, run or model (see ``locate``).
        root: the project's root.
        settings: engine and channels.
    """
    names = {"canary": settings.channels.canary, "shadow": settings.channels.shadow}
    others = {channel: Slot(channel, followed(name, root, settings)) for channel, name in names.items() if name}
    return Served(Slot("served", followed(what, root, settings)), others.get("canary"), others.get("shadow"))


def followed(what: str, root: Path, settings: Serving) -> Followed:
    """Return how a slot finds what a name means now."""

    def meant() -> tuple[str, Located]:
        found = locate(what, root)
        return found.name, found

    def load(found: Located) -> Loaded:
        return Loaded(found.name, found.settings, _engine(found, settings, root), _measured(found.model))

    return Followed(meant, load, lambda: _histories(root))


def _measured(model: Path) -> Path | None:
    """Return the metrics of the version or the run that a model belongs to."""
    places = [folder / "evaluation" / "metrics.json" for folder in list(model.parents)[:3]]
    return next((place for place in places if place.is_file()), None)


def _histories(root: Path) -> list[tuple[str, int, int]]:
    """Return what changes with every promotion and rollback."""
    files = sorted((root / "outputs" / "registry").glob("*/history.jsonl"))
    return [(file.parent.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files]


def _engine(found: Located, settings: Serving, root: Path) -> Engine:
    if settings.engine.endpoint is not None:
        return EndpointEngine(settings.engine.endpoint, found.name)
    if settings.engine.kind == "gguf":
        raise UserError(f"{found.name} has no GGUF form: r1tailor compress {found.settings.domain.name} --to gguf_q8_0")
    answerer = open_located(found, root=root)
    assert isinstance(answerer, LocalAnswerer)
    return LocalEngine(answerer, settings.engine.batch_size)
