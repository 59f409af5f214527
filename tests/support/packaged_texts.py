"""A text that lies in a wheel of a folder, pinned by its hashes, in place of a set of the package index."""

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from r1tailor.sources import packaged as wheels

MEMBER = "some/data.txt"


def pinned(texts: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """Return the facts of a pinned file for each text, by name; the cache is a folder of the test."""
    monkeypatch.setenv("R1TAILOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(wheels, "_wheel", lambda pin, folder: tmp_path / f"{pin.package}.whl")
    return {name: _facts(name, text, tmp_path) for name, text in texts.items()}


def _facts(name: str, text: str, tmp_path: Path) -> dict[str, Any]:
    wheel = tmp_path / f"set-{name}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(MEMBER, text)
    hashed = {"sha256": hashlib.sha256(text.encode()), "wheel_sha256": hashlib.sha256(wheel.read_bytes())}
    facts = {"name": name, "package": f"set-{name}", "version": "1.0", "member": MEMBER, "licence": "MIT"}
    return facts | {key: value.hexdigest() for key, value in hashed.items()}
