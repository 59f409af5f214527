"""What a name means, opened: the version behind it, and the engine that the settings choose."""

from collections.abc import Sequence
from pathlib import Path

from r1tailor import artifact, store
from r1tailor.errors import UserError
from r1tailor.inference import Located, locate, open_located, refuse_words
from r1tailor.inference.gguf_answerer import GgufAnswerer
from r1tailor.inference.local import LocalAnswerer
from r1tailor.inference.locate import FORM
from r1tailor.inference.market import measured
from r1tailor.instruction.template import arguments_of
from r1tailor.registry import Registry
from r1tailor.registry.version import AT
from r1tailor.schema.serving import Engine as EngineSettings
from r1tailor.schema.serving import Serving
from r1tailor.serving.endpoint import EndpointEngine
from r1tailor.serving.engine import Engine
from r1tailor.serving.gguf import GgufServed
from r1tailor.serving.local import LocalEngine
from r1tailor.serving.served import LOG, Followed, Loaded, Served, Slot
from r1tailor.sources.permissions import refuse_passing_on


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
        if settings.audience == "anyone" and not settings.is_loopback:
            instead = "serve it on this machine alone, or to people who may see them: serving.audience=organisation"
            refuse_passing_on(found.name, found.settings.domain.sources, instead)
        found = _chosen(found, settings.engine, root)
        return Loaded(found.name, found.settings, _engine(found, settings, root), measured(found.model))

    return Followed(meant, load, lambda: _histories(root), lambda version: _is_withdrawn(version, root))


def _is_withdrawn(name: str, root: Path) -> bool:
    """Whether a version is withdrawn, by its id, with or without a phase or a form."""
    id_ = name.partition(FORM)[0].partition(AT)[0]
    return id_ in Registry(root / "outputs" / "registry").withdrawn(id_.rsplit("-", 2)[0])


def _histories(root: Path) -> list[tuple[str, int, int]]:
    """Return what changes with every promotion and rollback."""
    files = sorted((root / "outputs" / "registry").glob("*/history.jsonl"))
    return [(file.parent.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files]


def _chosen(found: Located, settings: EngineSettings, root: Path) -> Located:
    """Return the form of a model that is served: the one asked for, else a GGUF form that is non-inferior, else itself.

    Raises:
        UserError: the form that is asked for was not made, or no GGUF form is non-inferior and ``backend: gguf`` asks.
    """
    if settings.backend == "endpoint" or found.parent is not None:
        return found
    if settings.form is not None:
        return locate(f"{found.name}{FORM}{settings.form}", root)
    made = sorted(path.parent for path in found.forms.glob(f"gguf_*/{store.MANIFEST}"))
    sound = [folder for folder in made if artifact.recorded(folder).get("verdict", {}).get("non_inferior")]
    if settings.backend != "local" and sound:
        return locate(f"{found.name}{FORM}{min(sound, key=_size).name}", root)
    if settings.backend == "gguf":
        raise UserError(f"{found.name}: {_why_not(found, made)}")
    if settings.backend == "auto" and made:
        LOG.warning("%s is served as it was trained: %s", found.name, _why_not(found, made))
    return found


def _why_not(found: Located, made: Sequence[Path]) -> str:
    if not made:
        return f"it has no GGUF form; make one: r1tailor compress {found.name} --to gguf_q8_0 --evaluate"
    names = ", ".join(folder.name for folder in made)
    return f"no GGUF form of it ({names}) is shown to be non-inferior; --form {made[0].name} serves one all the same"


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _engine(found: Located, settings: Serving, root: Path) -> Engine:
    if settings.engine.endpoint is not None:
        return EndpointEngine(
            settings.engine.endpoint, found.name, arguments=arguments_of(found.settings.domain.task.template)
        )
    refuse_words(found)
    answerer = open_located(found, root=root)
    if isinstance(answerer, GgufAnswerer):
        return GgufServed(answerer)
    assert isinstance(answerer, LocalAnswerer)
    return LocalEngine(answerer, settings.engine.batch_size)
