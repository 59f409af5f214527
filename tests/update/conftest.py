"""What the tests of the daily update share."""

import os
import shutil
from pathlib import Path

import pytest

from tests.support.proven_days import Project, project


@pytest.fixture(autouse=True)
def _without_syncing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day makes each file durable; the tests look at names and bytes, and need not wait for the disk."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="session")
def trained_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a trained champion; nobody changes it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        return project(tmp_path_factory.mktemp("champion") / "project")


@pytest.fixture
def learning(trained_project: Project, tmp_path: Path) -> Project:
    """A copy of it."""
    shutil.copytree(trained_project.root, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project", trained_project.settings)
