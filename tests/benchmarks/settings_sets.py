"""Small data sets of different size, length and kind for ``settings_that_work.py``: rows of instruction, input, output.

Five are sklearn's built-in tables as text, the others come from the shipped domains' packaged sources. All are drawn
with one seed, so that a set is the same wherever it is made.
"""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from r1tailor import config, stages
from r1tailor.layout import PARTS, RunFolder
from r1tailor.records import read_examples

Row = dict[str, str]
PREPARATION = (stages.collect, stages.clean, stages.annotate, stages.instruct)
_SEED = 20
_TERCILES = ("low", "middle", "high")


def rows(name: str, folder: Path) -> list[Row]:
    """Return the rows of a set; what a shipped domain's set is made of is kept below the folder."""
    made = SETS[name](folder)
    return random.Random(_SEED).sample(made, len(made))


def _table(load: str, question: str, most: int, columns: int) -> Callable[[Path], list[Row]]:
    """Return a maker of rows from one of sklearn's tables with named classes."""

    def make(_: Path) -> list[Row]:
        from sklearn import datasets

        table = getattr(datasets, load)()
        names = [str(name) for name in table.feature_names[:columns]]
        labels = [str(table.target_names[target]) for target in table.target]
        made = [
            {"instruction": question, "input": _told(names, values), "output": label}
            for values, label in zip(table.data, labels, strict=True)
        ]
        return _drawn(made, most)

    return make


def _told(names: Sequence[str], values: Sequence[float]) -> str:
    return "; ".join(f"{name} {value:g}" for name, value in zip(names, values, strict=False))


def _diabetes(_: Path) -> list[Row]:
    from sklearn.datasets import load_diabetes

    table = load_diabetes(scaled=False)
    ordered = sorted(float(target) for target in table.target)
    cuts = [ordered[len(ordered) * part // 3] for part in (1, 2)]
    question = "How far has diabetes progressed after one year: low, middle or high?"
    return [
        {
            "instruction": question,
            "input": _told(table.feature_names, values),
            "output": _TERCILES[sum(target >= cut for cut in cuts)],
        }
        for values, target in zip(table.data, table.target, strict=True)
    ]


def _digits(_: Path) -> list[Row]:
    from sklearn.datasets import load_digits

    table = load_digits()
    made = [
        {
            "instruction": "Which digit do these rows of grey values, from 0 to 9, draw?",
            "input": "\n".join("".join(str(min(9, int(value) * 10 // 17)) for value in line) for line in image),
            "output": str(target),
        }
        for image, target in zip(table.images, table.target, strict=True)
    ]
    return _drawn(made, 1500)


def _domain(name: str, most: int) -> Callable[[Path], list[Row]]:
    """Return a maker of rows from the examples of a shipped domain."""

    def make(folder: Path) -> list[Row]:
        settings, run = config.load([f"domain={name}"]), RunFolder(folder / "domains" / name)
        if not (run.examples / "report.json").exists():
            for stage in PREPARATION:
                stage(settings, run)
        found = [example for part in PARTS for example in read_examples(run.examples / f"{part}.jsonl")]
        made: list[dict[str, Any]] = [
            {"instruction": one.instruction, "input": one.input, "output": one.output, "reasoning": one.reasoning}
            for one in found
        ]
        return _drawn([{key: value for key, value in row.items() if value} for row in made], most)

    return make


def _drawn(made: list[Row], most: int) -> list[Row]:
    return random.Random(_SEED).sample(made, min(most, len(made)))


SETS: dict[str, Callable[[Path], list[Row]]] = {
    "iris": _table("load_iris", "Which iris is it?", 150, 4),
    "wine": _table("load_wine", "From which of the three growers is the wine?", 178, 13),
    "breast_cancer": _table("load_breast_cancer", "Is the tumour malignant or benign?", 569, 10),
    "diabetes": _diabetes,
    "digits": _digits,
    "legal": _domain("legal", 400),
    "legal_zh": _domain("legal_zh", 1200),
    "medical": _domain("medical", 3000),
    "medical_zh": _domain("medical_zh", 900),
    "education": _domain("education", 1000),
}
