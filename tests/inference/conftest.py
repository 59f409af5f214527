"""A finished toy run that the tests of this room share; nothing may write into it."""

import pytest

from r1tailor.layout import RunFolder
from tests.support.toy_run import toy_run


@pytest.fixture(scope="package")
def toy(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The run lies in ``<project>/outputs/runs/first``."""
    return toy_run(tmp_path_factory.mktemp("project"))
