"""What the tests of readers share: a reader run to its end, its documents and its rejections as users see them."""

from pathlib import Path

from r1tailor import sources
from r1tailor.records import Document
from r1tailor.schema.sources import Source

DESCRIBED = {"name": "s", "path": "raw", "licence": "own", "available_at": "2000-01-01", "on_damage": "list"}


def collected(source: Source, root: Path) -> tuple[list[Document], list[str]]:
    """Return the documents of a source below ``root/raw`` and its rejections."""
    found = list(sources._reader(source, root))
    documents = [each for each in found if isinstance(each, Document)]
    return documents, [str(each) for each in found if not isinstance(each, Document)]


def write(root: Path, name: str, content: str | bytes) -> Path:
    """Write a file below ``root/raw``."""
    path = root / "raw" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
