"""One gateway with a scripted engine for the tests of a module that leave it as it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.serving import Harness, gateway


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    limits = ("requests_per_minute=100000", "burst=100000", "body_bytes=60000", "prompt_characters=5000")
    with gateway(tmp_path_factory.mktemp("gateway"), *(f"serving.limits.{limit}" for limit in limits)) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "serving"
