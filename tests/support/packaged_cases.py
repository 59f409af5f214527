"""What the tests of packaged readers share: the real members, and one reader over one file."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from r1tailor import config, sources
from r1tailor.records import Document, Rejection
from r1tailor.sources.base import Origin, Read
from tests.conftest import ROOT

Reader = Callable[[Origin, Path], Read]
SOURCE: Any = SimpleNamespace(name="raw", licence="CC0", available_at="2020-01-01")


def real(domain: str) -> tuple[list[Document], list[Rejection]]:
    rejected: list[Rejection] = []
    settings = config.load([f"domain={domain}"]).domain
    return [found for source in settings.sources for found in sources.read(source, ROOT, rejected)], rejected


def read_by(reader: Reader, path: Path) -> tuple[list[Document], list[str]]:
    found = list(reader(Origin.of(SOURCE, path, path.parent), path))
    return [x for x in found if isinstance(x, Document)], [str(x) for x in found if isinstance(x, Rejection)]
