"""Values read as an export file."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor.annotation import label_studio
from r1tailor.annotation.expected import Expected
from r1tailor.errors import DataError
from r1tailor.records import Annotation
from tests.support.label_studio_cases import EXPECTED


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[Annotation]]:
    """Read a value as an export file."""

    def read_(value: object, expected: Expected = EXPECTED) -> list[Annotation]:
        path = tmp_path / "export.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
        try:
            return label_studio.read(path, expected)
        except DataError as error:
            raise DataError(str(error).replace(str(path), "export.json")) from None

    return read_
