"""What a saved model is: one manifest for every kind, so that nothing is decided by which file lies in the folder.

The manifest is the folder's own (``store.py``): written last, with the sha256 of every other file. It says how the
files are loaded (``kind``), the base model they belong to, and what they were trained from. No torch: a model is
found, checked and refused before anything heavy is imported.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_args

from r1tailor import store
from r1tailor.errors import CheckpointError
from r1tailor.model.base import Base, Kind

KINDS: tuple[Kind, ...] = get_args(Kind)
SCHEMA = 2


@dataclass(frozen=True)
class Facts:
    """What must be known to load a saved model.

    Attributes:
        kind: ``adapter`` (peft layout, needs the base's weights) or ``full`` (transformers layout); of a derived form
            also ``gguf`` (one file for llama.cpp), ``int8`` (``model/int8.py``), ``compressed`` (compressed-tensors).
        base: the base model that was really trained on.
        precision: of the products in training: bf16, fp16 or fp32.
        tokenizer: sha256 of all that decides which ids a text becomes.
        chat_template: sha256 of the template that rendered the prompts.
        temporal: whether it reads windows of numbers (``temporal.safetensors`` and ``temporal.json``).
        parent: sha256 of the manifest of the model that training started from, or that a form was made of; None for
            the base model.
    """

    kind: Kind
    base: Base
    precision: str
    tokenizer: str
    chat_template: str
    temporal: bool
    parent: str | None


@dataclass(frozen=True)
class Artifact(Facts):
    """A saved model, whole: every hash was checked.

    Attributes:
        folder: where it lies.
        run: the identity of the run that made it: composition, data, phase, parent.
    """

    folder: Path
    run: dict[str, Any]

    @property
    def sha256(self) -> str:
        """The hash of its manifest, which lists the hashes of all its files."""
        return store.sha256_file(self.folder / store.MANIFEST)


@contextmanager
def written(folder: Path, facts: Facts, run: dict[str, Any]) -> Iterator[Path]:
    """Fill a temporary folder with the files of a model; it takes the folder's place, manifest last.

    Args:
        folder: where the model shall lie; an old one stays until the new one is whole.
        facts: how to load it.
        run: the identity of the run that made it.
    """
    with store.replaced_folder(folder, {"schema": SCHEMA, **asdict(facts), **run}) as temporary:
        yield temporary


def read(folder: Path) -> Artifact:
    """Return the saved model in a folder, every file of it checked against its hash.

    Raises:
        CheckpointError: it is missing, unfinished, damaged, of an unknown kind, or older than its manifest's schema.
    """
    if wrong := store.damage(folder):
        raise CheckpointError(f"{folder}: {wrong}")
    manifest = store.read_json(folder / store.MANIFEST)
    if fault := _fault(manifest):
        raise CheckpointError(f"{folder}: {fault}")
    known = {field.name for field in fields(Facts)}
    facts = {name: value for name, value in manifest.items() if name in known}
    run = {name: value for name, value in manifest.items() if name not in known - {"parent"} | {"schema", "files"}}
    return Artifact(**(facts | {"base": Base(**manifest["base"])}), folder=folder, run=run)


def amend(folder: Path, facts: dict[str, Any]) -> None:
    """Add facts to the manifest of a saved model; what it lists of the files stays."""
    store.write_json(folder / store.MANIFEST, recorded(folder) | facts)


def recorded(folder: Path) -> dict[str, Any]:
    """Return what the manifest of a saved model records; its files are not read.

    Raises:
        CheckpointError: there is none, or it cannot be read.
    """
    try:
        manifest: dict[str, Any] = dict(store.read_json(folder / store.MANIFEST))
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise CheckpointError(f"{folder}: its manifest is missing or cannot be read") from error
    return manifest


def _fault(manifest: dict[str, Any]) -> str | None:
    """Return what is wrong with a manifest whose files are sound."""
    schema = manifest.get("schema")
    if not isinstance(schema, int) or "kind" not in manifest:
        if schema == 1:
            return "an earlier version of r1tailor saved it, which did not record its base model; train it again"
        return "its manifest is not one of a saved model"
    if schema != SCHEMA:
        return f"its manifest has schema {schema}; this version of r1tailor reads schema {SCHEMA}"
    if manifest["kind"] not in KINDS:
        return f"kind {manifest['kind']!r:.60} is not one that this version of r1tailor loads: {', '.join(KINDS)}"
    texts = [manifest.get(name) for name in ("precision", "tokenizer", "chat_template")]
    parent, base = manifest.get("parent"), manifest.get("base")
    sound = (
        all(isinstance(text, str) for text in texts)
        and isinstance(manifest.get("temporal"), bool)
        and (parent is None or isinstance(parent, str))
        and _is_base(base)
    )
    return None if sound else "its manifest lacks what is needed to load it"


def _is_base(found: Any) -> bool:  # noqa: ANN401
    if not isinstance(found, dict) or found.keys() != {field.name for field in fields(Base)}:
        return False
    named = all(isinstance(found[key], str) for key in ("name", "sha256"))
    return named and isinstance(found["where"], dict) and "kind" in found["where"]
