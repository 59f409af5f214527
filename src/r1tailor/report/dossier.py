"""What travels next to a version for people: its model card, its record of evidence, the hashes of its files."""

from collections.abc import Mapping
from pathlib import Path

from r1tailor import store
from r1tailor.report.evidence import as_markdown
from r1tailor.report.finished import Finished
from r1tailor.report.model_card import card
from r1tailor.report.texts import Texts, language_of

CARD, EVIDENCE, HASHES = "README.md", "EVIDENCE.md", "SHA256SUMS"


def texts(found: Finished, parts: Mapping[str, Path]) -> dict[str, str]:
    """Return the text files of a version, by name.

    Args:
        found: the run.
        parts: files and folders of the version, by the name they get in it.
    """
    t = Texts(language_of(found.settings))
    return {CARD: card(found, t), EVIDENCE: as_markdown(found, t), HASHES: _hashes(parts)}


def _hashes(parts: Mapping[str, Path]) -> str:
    """Return the hashes in the form that ``sha256sum -c`` reads."""
    files: dict[str, Path] = {}
    for name, path in parts.items():
        below = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else []
        files |= {f"{name}/{file.relative_to(path).as_posix()}": file for file in below}
        files |= {name: path} if path.is_file() else {}
    return "".join(f"{store.content_sha256(files[name])}  {name}\n" for name in sorted(files))
