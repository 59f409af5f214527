"""What the hostile cases share."""

from pathlib import Path

import pytest

from tests.traps.danger import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A folder with a zone, a canary and a file that is not to be touched."""
    return Place(tmp_path)
