"""A project of one's own with the examples of the documentation in it."""

import shutil
from pathlib import Path

import pytest

from r1tailor import config
from tests.conftest import ROOT

EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with ``conf/`` and every example domain, which this process takes for the project."""
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    for file in (EXAMPLES / "domains").glob("*.yaml"):
        shutil.copy(file, tmp_path / "conf" / "domain")
    for name, path in {"ROOT": tmp_path, "CONF": tmp_path / "conf", "PARAMS": tmp_path / "params.yaml"}.items():
        monkeypatch.setattr(config, name, path)
    return tmp_path
