"""Where an attack is written: ``rates.json``, and the folder ``verdicts`` with everything behind it. No torch."""

import shutil
from pathlib import Path
from typing import Any

from r1tailor import store
from r1tailor.errors import DataError

RATES, VERDICTS, REPORT = "rates.json", "verdicts", "report.json"
ANSWERS = ".answers"  # of targets outside this process, until an attack is finished


def nothing(folder: Path) -> None:
    """Write that nothing was asked."""
    clear(folder)
    store.write_json(folder / VERDICTS / REPORT, {})
    store.write_json(folder / RATES, {"n": 0, "models": {}})


def clear(folder: Path) -> None:
    """Remove what an earlier attack wrote, so that a refused one leaves nothing that looks like its own."""
    (folder / RATES).unlink(missing_ok=True)
    shutil.rmtree(folder / VERDICTS, ignore_errors=True)
    (folder / VERDICTS).mkdir(parents=True)


def is_free(folder: Path) -> bool:
    """Whether a folder may be written to: it is not there, is empty, or holds an attack."""
    ours = (folder / RATES).exists() or (folder / ANSWERS).exists()
    return ours or not folder.is_dir() or not any(folder.iterdir())


def rates_of(folder: Path, model: Path) -> dict[str, Any]:
    """Return the rates of an attack on a model.

    Raises:
        DataError: the model was not attacked, or another one was.
    """
    file = folder / RATES
    found: dict[str, Any] = store.read_json(file) if file.exists() else {}
    if found.get("model") != manifest_of(model):
        raise DataError(f"{file}: this model was not attacked. Run the stage redteam: dvc repro, or python train.py")
    return found


def manifest_of(model: Path) -> str:
    """Return the hash of a model's manifest, by which its rates know it."""
    return store.sha256_file(model / store.MANIFEST)
