"""Evaluated runs without a model whose errors gather on one ward, or nowhere."""

import json
from pathlib import Path

import numpy as np

from r1tailor.record_files import write_records
from r1tailor.records import Example, Prediction
from tests.support.evaluated import COLOURS, write_run

WARDS = ("icu", "er", "surgery", "home")


def items_of(number: int, seed: int) -> list[Example]:
    """Return items with fields that tell them apart."""
    draw = np.random.default_rng(seed)
    made = []
    for place in range(number):
        ward, sex, age = WARDS[draw.integers(4)], "fm"[draw.integers(2)], draw.integers(20, 90)
        extra = ("", "\nno fever", "\nfever since Monday and a cough")[draw.integers(3)]
        text = f"ward: {ward}\nsex: {sex}\nage: {age}{extra}"
        made.append(Example(f"note-{place}", "Which colour?", text, COLOURS[draw.integers(3)]))
    return made


def write_errant(folder: Path, *overrides: str, number: int = 240, seed: int = 1, planted: bool = True) -> Path:
    """Write a run that is wrong on a fifth of its items, and always on ward icu where a mode is planted."""
    items, draw = items_of(number, seed), np.random.default_rng(seed + 1)
    wrong = [draw.random() < 0.2 or (planted and "ward: icu" in item.input) for item in items]
    write_run(folder, [not one for one in wrong], *overrides, items=items)
    base = [
        Prediction(item.id, item.output, -1.0, 1, "", scores={"label_accuracy": float(draw.random() < 0.5)})
        for item in items
    ]
    write_records(folder / "evaluation" / "predictions-base.jsonl", base)
    write_records(folder / "instruct" / "train.jsonl", items_of(60, seed + 2))
    write_records(folder / "instruct" / "validation.jsonl", items_of(5, seed + 3))
    return folder


def errors_json(folder: Path) -> dict:  # type: ignore[type-arg]
    """Return what ``r1tailor errors`` wrote for a run."""
    return json.loads((folder / "errors" / "errors.json").read_text("utf-8"))  # type: ignore[no-any-return]
