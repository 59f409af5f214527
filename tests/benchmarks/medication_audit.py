"""The audit of ``medical_zh_medication``: ``python tests/benchmarks/medication_audit.py [draw]``.

``data/medication_audit.csv`` holds 200 rows of the domain's examples, drawn with a fixed seed, each with a judgement:
is the reference drug indicated for the disease, does the patient's fact forbid it, are the other drugs offered really
wrong. The auditor was an engineer who used public knowledge (leaflets, guidelines), no clinician. ``draw`` prints the
rows to judge, as CSV with empty judgements; without it the shares of the judgements are printed, each with its 95 %
Wilson interval. The rows are those of the second draw: what a first one showed (indications cut out of sentences,
wrong classes, glucose as a vehicle, distractors that suit) was mended, and nothing was changed after the second.
"""

import csv
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Literal, get_args

from r1tailor import config, sources
from r1tailor.domain import open_domain
from r1tailor.planning.power import wilson
from r1tailor.records import Example

FILE = Path(__file__).parent / "data" / "medication_audit.csv"
Judgement = Literal["right", "doubtful", "wrong"]
COLUMNS = ("id", "disease", "patient", "drug", "offered", "judgement", "reason")
ROWS, _SEED, _CONFIDENCE = 200, 22, 0.95


def drawn() -> list[dict[str, str]]:
    """Return the rows to judge, from the packaged graph."""
    settings = config.load(["domain=medical_zh_medication"]).domain
    documents = [found for source in settings.sources for found in sources.read(source, config.ROOT, [])]
    examples = sorted(open_domain(settings, documents).examples(), key=lambda example: example.id)
    return [_row(example) for example in Random(_SEED).sample(examples, ROWS)]


def _row(example: Example) -> dict[str, str]:
    fields = example.fields
    others = [drug for drug in fields["offered"] if drug != fields["drug"]]
    said = (example.id, fields["disease"], fields["fact"], fields["drug"], "、".join(others))
    return dict(zip(COLUMNS, (*said, "", ""), strict=True))


def audited() -> list[dict[str, str]]:
    """Return the judged rows."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def shares(rows: Sequence[dict[str, str]]) -> dict[str, str]:
    """Return the share of each judgement with its interval, as the documentation gives it."""
    counted = Counter(row["judgement"] for row in rows)
    found = {}
    for judgement in get_args(Judgement):
        low, high = wilson(counted[judgement], len(rows), _CONFIDENCE)
        found[judgement] = f"{counted[judgement] / len(rows):.1%} [{low:.1%}, {high:.1%}]"
    return found


def _main() -> None:
    if "draw" in sys.argv:
        writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(drawn())
        return
    for judgement, share in shares(audited()).items():
        print(f"{judgement}: {share}")


if __name__ == "__main__":
    _main()
