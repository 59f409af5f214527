import shutil
from pathlib import Path

import pytest

from tests.support.proven_days import Project, project


@pytest.fixture(scope="session")
def trained_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a trained champion; nobody changes it."""
    return project(tmp_path_factory.mktemp("champion") / "project")


@pytest.fixture
def learning(trained_project: Project, tmp_path: Path) -> Project:
    """A copy of it."""
    shutil.copytree(trained_project.root, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project", trained_project.settings)
