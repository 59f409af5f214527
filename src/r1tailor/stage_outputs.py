"""What the stages of the data wrote: sealed when the stage has finished, and demanded by the stages that read it.

A seal is the folder's manifest: the hash of each file, the hash of the seal that it was made from, and for ``clean``
what the gate found. A stage removes its own seal before it begins, so that after a refusal or a kill no later stage
runs on what an earlier run left, and a changed bit is noticed by the next reader.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from r1tailor import durable, store
from r1tailor.errors import DataError
from r1tailor.layout import RunFolder
from r1tailor.schema.settings import Settings

# Which outputs a stage reads: their files are hashed again. Of all outputs before it the seals have to follow.
_READ = {
    "clean": ("collect",),
    "annotate": ("clean",),
    "instruct": ("annotate",),
    "teach": ("annotate", "instruct"),
    "train": ("instruct", "teach"),
    "evaluate": ("collect", "clean", "annotate", "instruct", "teach"),
    "redteam": (),
    "register": ("collect", "instruct", "teach"),
}


def _folders(run: RunFolder) -> dict[str, Path]:
    """Return the folder of each stage that is sealed, in their order."""
    return {
        "collect": run.collected.parent,
        "clean": run.cleaned.parent,
        "annotate": run.annotated.parent,
        "instruct": run.examples,
        "teach": run.taught,
    }


@contextmanager
def sealed(settings: Settings, run: RunFolder, stage: str) -> Iterator[dict[str, Any]]:
    """Unseal a stage's output, let the stage write it, and seal it; yields facts that the seal shall hold.

    Raises:
        DataError: as ``demand``. After any error the output stays unsealed.
    """
    folders = _folders(run)
    folder = folders[stage]
    (folder / store.MANIFEST).unlink(missing_ok=True)
    demand(settings, run, stage)
    folder.mkdir(parents=True, exist_ok=True)
    durable.sweep(folder)
    facts: dict[str, Any] = {}
    yield facts
    place = list(folders).index(stage)
    before = store.sha256_file(list(folders.values())[place - 1] / store.MANIFEST) if place else None
    seal = {"stage": stage, "made_from": before, **facts, "files": store.sha256_tree(folder)}
    # Nothing is synced to the disk, which takes longer than the stage: what a power cut empties, the hashes tell.
    (folder / store.MANIFEST).write_text(json.dumps(seal, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def demand(settings: Settings, run: RunFolder, stage: str) -> None:
    """Refuse a stage unless all stages before it have finished, one on the output of the other, and it is undamaged.

    Raises:
        DataError: names the folder, what is wrong with it, and the stage to run.
    """
    before = None
    for earlier, folder in _folders(run).items():
        if earlier == stage:
            return
        seal = _seal(folder)
        if seal.get("made_from") != before:
            raise DataError(f"{folder} was made from other files than those of the stage before. Run {earlier} again")
        if earlier == "clean" and seal.get("asked") != settings.domain.compliance:
            raise DataError(
                f"{folder} was checked for domain.compliance = {seal.get('asked')}, now it is "
                f"{settings.domain.compliance}. Run clean again"
            )
        damage = store.damage(folder) if earlier in _READ[stage] else None
        if damage:
            raise DataError(f"{folder}: {damage}. Run {earlier} again")
        before = store.sha256_file(folder / store.MANIFEST)


def _seal(folder: Path) -> dict[str, Any]:
    manifest = folder / store.MANIFEST
    if not manifest.is_file():
        raise DataError(f"{manifest} does not exist. Run the stage before: dvc repro, or python train.py")
    try:
        seal = store.read_json(manifest)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{manifest} cannot be read. Run the stage again") from error
    return seal if isinstance(seal, dict) else {}
