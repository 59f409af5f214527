"""Speed of term standardisation: ``python tests/benchmarks/terms.py``.

The vocabulary is all of ICD-10-CM: descriptions, inclusion terms and the descriptions of codes with a seventh
character. The text is the prose of the same classification, its descriptions and notes in file order: it holds more
terms than any real document, so real ones are faster. Speeds are in megabytes of UTF-8 per second of CPU time on one
thread (other load is not counted), the best of three; ``memory_mb`` is the memory that the standardiser added to the
process, ``peak_mb`` the process's peak. The last line is ``name=value`` pairs.
"""

import gc
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import psutil
from lxml import etree

from r1tailor.corpus import vocabularies
from r1tailor.corpus.matching import Matcher
from r1tailor.corpus.terms import Standardiser
from r1tailor.corpus.vocabularies import Entry
from r1tailor.schema.corpus import Fuzzy, Icd10cmVocabulary, Terms

_ROOT = Path(__file__).resolve().parents[2]
_LIST = "data/packaged/icd10cm/icd10c-tabular-April-1-2026.xml"
_DOCUMENT = 5_000  # characters of one document
_RUNS = 3


def main() -> None:
    """Measure and print."""
    print(" ".join(f"{name}={value}" for name, value in figures().items()))


def figures(most: int | None = None) -> dict[str, float]:
    """Measure, print the results, and return the figures.

    Args:
        most: limit on the documents that are read; None: no limit.
    """
    tabular = etree.parse(_ROOT / _LIST).getroot()
    settings = _settings()
    entries = vocabularies.read(settings, _ROOT, [])
    entries += list(_extended(tabular))
    texts = _documents(" ".join("".join(map(str, e.itertext())) for e in tabular.iter("desc", "note")))[:most]
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    terms = len(Matcher(entries).forms)
    print(f"{len(entries):,} entries, {terms:,} terms; {len(texts):,} documents, {megabytes:.1f} MB")
    before = _resident()
    build, standardiser = _timed(lambda: Standardiser.of(entries, settings))
    memory = _resident() - before
    speed, found = _speed(standardiser, texts, megabytes)
    fuzzy, guessed = _speed(Standardiser.of(entries, _settings(Fuzzy(threshold=0.9, margin=0.02))), texts, megabytes)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"exact: {speed:.1f} MB/s, {found:,} terms found; with misspellings: {fuzzy:.1f} MB/s, {guessed:,} terms found"
    )
    speeds = {"mb_per_s": round(speed, 2), "fuzzy_mb_per_s": round(fuzzy, 2)}
    sizes = {"terms": terms, "text_mb": round(megabytes, 2), "build_s": round(build, 2)}
    return {**sizes, **speeds, "found": found, "memory_mb": round(memory), "peak_mb": round(peak)}


def _settings(fuzzy: Fuzzy | None = None) -> Terms:
    icd10cm = Icd10cmVocabulary(
        kind="icd10cm", name="icd10cm", path=_LIST, licence="", available_at="2026-04-01", on_damage="stop"
    )
    return Terms(mode="replace", vocabularies=(icd10cm,), fuzzy=fuzzy)


def _extended(tabular: etree._Element) -> Iterator[Entry]:
    """Yield an entry for each code with a seventh character (``S01.01XA Laceration ..., initial encounter``)."""
    for diagnosis in tabular.iter("diag"):
        if diagnosis.find("diag") is None:
            lineage = [diagnosis, *diagnosis.iterancestors("diag")]
            defined = next((found for e in lineage if (found := e.find("sevenChrDef")) is not None), None)
            for extension in () if defined is None else defined.findall("extension"):
                term = f"{diagnosis.findtext('desc')}, {extension.text}"
                code = diagnosis.findtext("name") or ""
                padded = f"{code}{'' if '.' in code else '.'}".ljust(7, "X")
                yield Entry(term, term, padded + str(extension.get("char")))


def _documents(prose: str) -> list[str]:
    return [prose[start : start + _DOCUMENT] for start in range(0, len(prose), _DOCUMENT)]


def _speed(standardiser: Standardiser, texts: list[str], megabytes: float) -> tuple[float, int]:
    runs = [_timed(lambda: sum(len(standardiser.apply(text)[1]) for text in texts)) for _ in range(_RUNS)]
    return megabytes / min(seconds for seconds, _ in runs), runs[0][1]


T = TypeVar("T")


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


def _resident() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 1e6


if __name__ == "__main__":
    main()
