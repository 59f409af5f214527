"""All figures of the pipeline: ``python tests/benchmarks/data.py [--quick] [--only privacy,leaks] [--documents N]``.

Terms per second, recall of identifiers and names with Wilson's lower bounds, planted leaks found, the agreement gate on
planted votes, malformed inputs handled, memory and speed from ten thousand documents to a million, and whether Ray
writes the same bytes. Each part prints its table; the last line holds all figures as ``name=value`` pairs. ``--quick``
uses small sizes to check that everything runs: its speeds and bounds mean nothing.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import privacy
import scale
import terms

from r1tailor import config, stages, store
from r1tailor.annotation import annotate
from r1tailor.annotation.gate import misses
from r1tailor.annotation.label_studio.tasks import tasks
from r1tailor.corpus.shingles import words
from r1tailor.layout import RunFolder
from r1tailor.records import Document
from r1tailor.schema.annotation import Annotation as AnnotationSettings
from r1tailor.schema.annotation import LabelStudioExport

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # for the package tests, whose cases are measured here

Figures = dict[str, float]
_SEED = 4
_MALFORMED = "malformed or damaged or cut_off or broken_file or is_none or no_judgment or cannot_be or too_long"
_READERS = "tests/sources/test_*.py"


def main() -> None:
    """Measure the requested parts and print the pairs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--documents", type=int, default=1_000_000, help="size of the largest run of scale")
    asked = parser.parse_args()
    unknown = [name for name in asked.only.split(",") if name not in PARTS]
    if unknown:
        parser.error(f"there is no part called {unknown[0]}; there are {', '.join(PARTS)}")
    pairs: Figures = {}
    for name in asked.only.split(","):
        print(f"\n== {name}", flush=True)
        pairs |= {f"{name}_{key}": value for key, value in PARTS[name](asked.quick, asked.documents).items()}
    print(" ".join(f"{name}={value}" for name, value in pairs.items()))


def leaks(quick: bool, _: int = 0) -> Figures:
    """Plant verbatim and edited copies of held-out texts in the training split, and print the share found."""
    from tests.instruction import test_decontaminate

    texts = _texts(20 if quick else 200)
    rows: dict[tuple[str, str], tuple[int, int]] = {}
    for kind, held_out in texts.items():
        rows[kind, "verbatim"] = len(test_decontaminate._found(held_out, held_out)), len(held_out)
    twice = [(kind, test_decontaminate._twice(kind)) for kind in texts]
    for kind, edit in [*test_decontaminate.EDITS, *twice]:
        generator = random.Random(_SEED)
        planted = [edit(text, generator) for text in texts[kind]]
        name = edit.__name__.strip("_").replace("edit", "two edits")
        rows[kind, name] = len(test_decontaminate._found(planted, texts[kind])), len(planted)
    for (kind, name), (found, planted_count) in rows.items():
        print(f"{kind:5}{name:14}{found:5} of {planted_count:5}{found / planted_count:9.4f}")
    shares = {key: found / planted_count for key, (found, planted_count) in rows.items()}
    edited = [share for (_, name), share in shares.items() if name != "verbatim"]
    verbatim = min(share for (_, name), share in shares.items() if name == "verbatim")
    return {"verbatim": verbatim, "edited_least": round(min(edited), 4), "edits": len(edited)}


def _texts(most: int) -> dict[str, list[str]]:
    from tests.instruction import test_decontaminate

    terms_of = sorted({text for text in privacy.icd_terms() if len(words(text)) >= 8})
    return {
        "en": test_decontaminate._passages("en")[:most],
        "zh": test_decontaminate._passages("zh")[:most],
        "icd": random.Random(0).sample(terms_of, most),
    }


def agreement(quick: bool, _: int = 0) -> Figures:
    """Plant votes of two annotators below and above the agreement gate, and print its verdicts."""
    from tests.annotation import test_gate as test_annotation_gate
    from tests.annotation.test_agreement import _planted

    pairs: Figures = {}
    gate = test_annotation_gate.GATE
    for name, agreeing in (("planted_070", 0.8), ("planted_085", 0.9)):
        votes = _planted(agreeing, 200)
        documents = [Document(f"d{i}", f"text of d{i}", **test_annotation_gate.FACTS) for i in range(200)]
        rows = [row | {"id": number} for number, row in enumerate(tasks(documents, annotations=votes))]
        for number, vote in enumerate(vote for row in rows for vote in row["annotations"]):
            vote["id"] = number
        with tempfile.TemporaryDirectory() as place:
            (Path(place) / "votes").write_text(json.dumps(rows), encoding="utf-8")
            exports = {"exports": (LabelStudioExport(kind="label_studio", path="votes"),)}
            settings: AnnotationSettings = test_annotation_gate.SETTINGS.model_copy(update=exports)
            (found,) = annotate(documents, settings, Path(place), seed=_SEED).agreement
        missed = misses(found, gate)
        print(
            f"{name}: {found.coefficient} {found.kappa:.3f} [{found.low:.3f}, {found.high:.3f}]: {missed or 'passes'}"
        )
        pairs |= {f"{name}_kappa": round(found.kappa or 0.0, 3), f"{name}_stops": len(missed) > 0}
    return pairs


def malformed(quick: bool, _: int = 0) -> Figures:
    """Run the tests of malformed input, and print how many inputs of each kind are handled."""
    files = ["tests/sources/test_malformed.py"] if quick else sorted(map(str, ROOT.glob(_READERS)))
    with tempfile.TemporaryDirectory() as place:
        report = Path(place) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-k", _MALFORMED, f"--junitxml={report}", *files]
        subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
        cases = list(ElementTree.parse(report).iter("testcase"))
    kinds: dict[str, list[bool]] = {}
    for case in cases:
        parameter = case.get("name", "").partition("[")[2]
        file = case.get("classname", "").rpartition("test_")[2]
        kind = parameter.partition(":")[0] if file == "malformed" and ":" in parameter else file
        kinds.setdefault(kind, []).append(case.find("failure") is None and case.find("error") is None)
    for kind, passed in sorted(kinds.items()):
        print(f"{kind:12}{sum(passed):4} of {len(passed):4}")
    handled = Counter(passed for every in kinds.values() for passed in every)
    return {"inputs": handled.total(), "handled": handled[True], "kinds": len(kinds)}


def engines(quick: bool, _: int = 0) -> Figures:
    """Clean the same documents in this process and under Ray, and compare every byte of documents and report."""
    count = 300 if quick else 5_000
    with tempfile.TemporaryDirectory() as place:
        sentences = scale._sentences(Path(place))
        raw = Path(place) / "raw.jsonl"
        lines = (json.dumps({"input": scale._document(i, sentences), "output": "-"}) for i in range(count))
        raw.write_text("\n".join(lines), encoding="utf-8")
        folders = {}
        for engine in ("local", "ray"):
            overrides = ["domain=generic", f"domain.sources.0.path={raw}", scale._PRIVACY, f"corpus.engine={engine}"]
            settings, run = config.load(overrides), RunFolder(Path(place) / engine)
            stages.collect(settings, run)
            stages.clean(settings, run)
            folders[engine] = run.cleaned.parent
        names = ("documents.parquet", "report.json")
        hashes = [[store.sha256_file(folder / name) for name in names] for folder in folders.values()]
    print(f"{count:,} documents:", "the same bytes" if hashes[0] == hashes[1] else "other bytes")
    return {"documents": count, "equal": hashes[0] == hashes[1]}


PARTS: dict[str, Callable[[bool, int], Figures]] = {
    "terms": lambda quick, _: terms.figures(50 if quick else None),
    "privacy": lambda quick, _: privacy.figures(_SEED, *((10, 200) if quick else ())),
    "leaks": leaks,
    "agreement": agreement,
    "malformed": malformed,
    "scale": lambda quick, most: scale.figures((200, 400) if quick else (min(10_000, most), most)),
    "engines": engines,
}

if __name__ == "__main__":
    main()
